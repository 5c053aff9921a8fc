"""Looks whether living tickets have one cause, and puts them to one ticket."""

from plagewatch.store.engine import Engine
from plagewatch.store.records import held_notices, registry, tickets
from plagewatch.tickets.findings import Skill, Urgency
from rules.records_book import RecordsBook
from rules.storms import DAY_OFF, STORMS, Gather, Join, Place, Storms, storms

LIMITS = Storms()
NOWHERE = ""


def watch_storms(engine: Engine, now_s: int, limits: Storms = LIMITS) -> int:
    """Put tickets of one cause together, carry such tickets on and end them; how many steps were taken.

    Once more changes nothing. Tickets of rules that only count are not looked at.
    """
    living = tickets.tickets(engine, now_s, living_only=True)
    if not living:
        return 0
    wholes = held_notices.wholes(engine)
    numbers = {ticket.id for ticket in living}
    parts = [part for part, whole in wholes.items() if whole in numbers and part not in numbers]
    book = RecordsBook(engine, {ticket.meter for ticket in living if ticket.cause in STORMS})
    known = [book.latest(t.key) or t if t.cause in STORMS else t for t in living]  # with when it was said to be mended
    steps = storms([*known, *tickets.numbered(engine, parts)], wholes, places_of(engine), now_s, limits)
    for step in steps:
        match step:
            case Gather(finding, members):
                urgency = Urgency.ROUTINE if finding.cause == DAY_OFF else Urgency.SOON
                number = tickets.open_ticket_if_first(engine, finding, urgency, Skill.METERING)
                if number is not None:
                    held_notices.put_to(engine, number, members)
            case Join(whole, members):
                held_notices.put_to(engine, whole.id, members)
            case _:
                book.apply(step)
    return len(steps)


def places_of(engine: Engine) -> dict[str, Place]:
    """Where each meter is."""
    zones = {site.id: site.timezone for site in registry.sites(engine)}
    device_of = {binding.meter: binding.device for binding in registry.bindings(engine)}
    building_of = {share.meter: share.building for share in reversed(registry.shares(engine))}
    return {
        meter.id: Place(
            meter.site,
            zones[meter.site],
            device_of.get(meter.id, NOWHERE),
            building_of.get(meter.id, meter.site),
        )
        for meter in registry.meters(engine)
    }
