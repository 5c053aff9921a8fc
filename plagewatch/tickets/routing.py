"""Who gets a ticket: the right trade in the right zone."""

from collections.abc import Iterable

from plagewatch.metering.meters import Person, Role
from plagewatch.tickets.findings import Skill


def recipients(persons: Iterable[Person], zone: str, buildings: Iterable[str], skill: Skill) -> list[Person]:
    """Technicians of the zone, the building and the trade; where there is none, all technicians, else the energy cell.

    An empty list at a person means all: zones, buildings or trades. Empty where nobody of either role is known.

    >>> anna = Person("anna", "Anna", "anna@cpas-ocmw.example", Role.TECHNICIAN, zones=("north",), skills=("plumbing",))
    >>> [person.id for person in recipients([anna], "north", [], Skill.PLUMBING)]
    ['anna']
    """
    persons, served = list(persons), set(buildings)
    technicians = [person for person in persons if person.role is Role.TECHNICIAN]
    fitting = [
        person
        for person in technicians
        if (not person.zones or zone in person.zones)
        and (not person.skills or skill.value in person.skills)
        and (not person.buildings or served & set(person.buildings))
    ]
    return fitting or technicians or [person for person in persons if person.role is Role.ENERGY_CELL]
