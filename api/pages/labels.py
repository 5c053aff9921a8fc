"""What the words of our data are called for people, in English; the catalogues hold the other languages."""

from collections.abc import Mapping

from plagewatch.health import PartState
from plagewatch.metering.meters import Carrier, Kind, Use
from plagewatch.metering.readings import Reason
from plagewatch.metering.weather import Source
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.modes import Label, Mode
from plagewatch.tickets.states import State
from plagewatch.tickets.texts import N_

LABELS: Mapping[str, str] = {
    Carrier.ELECTRICITY: N_("Electricity"),
    Carrier.GAS: N_("Gas"),
    Carrier.WATER: N_("Water"),
    Carrier.HEAT: N_("Heat"),
    Carrier.SOLAR: N_("Solar"),
    Carrier.OIL: N_("Heating oil"),
    Carrier.PROPANE: N_("Propane"),
    Carrier.PELLETS: N_("Pellets"),
    Carrier.WOOD: N_("Firewood"),
    Carrier.COOLING: N_("Cooling"),
    Carrier.INDOOR: N_("Room temperature"),
    Carrier.WEATHER: N_("Weather"),
    Use.CARE_HOME: N_("Care home"),
    Use.SOCIAL_ANTENNA: N_("Social antenna"),
    Use.OFFICE: N_("Office"),
    Use.LAUNDRY: N_("Laundry"),
    Use.WORKSHOP: N_("Workshop"),
    Use.DAY_CENTRE: N_("Day centre"),
    Use.HOUSING: N_("Housing"),
    Use.OTHER: N_("Building"),
    Kind.INDEX: N_("index"),
    Kind.INTERVAL: N_("amounts per interval"),
    Kind.DELIVERY: N_("deliveries"),
    Kind.VIRTUAL: N_("computed"),
    Kind.GAUGE: N_("gauge"),
    Urgency.URGENT: N_("Urgent"),
    Urgency.SOON: N_("Today"),
    Urgency.ROUTINE: N_("With the next visit"),
    Skill.PLUMBING: N_("Plumbing"),
    Skill.HEATING: N_("Heating"),
    Skill.ELECTRICITY: N_("Electricity"),
    Skill.METERING: N_("Metering"),
    Skill.DATA: N_("Data"),
    State.OPEN: N_("Open"),
    State.ACKNOWLEDGED: N_("Acknowledged"),
    State.IN_PROGRESS: N_("In progress"),
    State.RESOLVED: N_("Resolved"),
    State.VERIFIED: N_("Verified by the meter"),
    State.FADED: N_("Gone by itself"),
    Mode.ON: N_("Tells people"),
    Mode.SHADOW: N_("Only counts"),
    Mode.OFF: N_("Rests"),
    Label.REAL: N_("Real"),
    Label.FALSE_ALARM: N_("False alarm"),
    PartState.WELL: N_("Well"),
    PartState.DEGRADED: N_("Degraded"),
    PartState.DOWN: N_("Down"),
    Reason.UNKNOWN_TOPIC: N_("Topic not known"),
    Reason.UNKNOWN_DEVICE: N_("Device not known"),
    Reason.UNKNOWN_REGISTER: N_("Register not known"),
    Reason.MALFORMED: N_("Malformed message"),
    Reason.NOT_A_NUMBER: N_("Not a number"),
    Reason.TIME_IMPLAUSIBLE: N_("Implausible time"),
    Reason.UNIT_UNKNOWN: N_("Unit not known"),
    Reason.TOO_LARGE: N_("Too large"),
    Reason.BAD_CHECKSUM: N_("Checksum does not fit"),
    Reason.TRUNCATED: N_("Cut off"),
    Reason.FLAGGED: N_("Marked as wrong by the device"),
    Reason.NO_BIRTH: N_("Names not known yet"),
    Reason.UNSAID: N_("Meaning not known"),
    Source.OWN: N_("Sensors and files of the site"),
    Source.FILE: N_("File"),
    Source.OPEN_METEO: N_("Open-Meteo"),
    Source.RMI: N_("Royal Meteorological Institute"),
}

ZONES: Mapping[str, str] = {"centre": N_("Centre"), "north": N_("North")}
"""Names of dispatching zones; another zone is shown as it was entered."""

PARTS: Mapping[str, str] = {
    "records": N_("Database of meters and tickets"),
    "series store": N_("Store of readings and figures"),
    "series": N_("Newest reading"),
    "mqtt": N_("Connection to the meters (MQTT)"),
    "simulator": N_("Simulated meters"),
    "spool": N_("Incoming messages on the disk"),
    "storing": N_("Storing of readings"),
    "spool clean-up": N_("Clean-up of old messages"),
    "work that waits": N_("Count of what waits"),
    "ledger": N_("Quarter-hours and totals"),
    "ledger check": N_("Nightly check of the ledger"),
    "urgent rules": N_("Search for what cannot wait"),
    "rules": N_("Search for abnormal consumption"),
    "rules at night": N_("Learning what is usual, at night"),
    "plage": N_("PLAGE progress"),
    "digest": N_("Weekly mails"),
    "mail": N_("Sending of mails"),
    "weather": N_("Weather from the network"),
}
"""Parts of the running product; the API keeps their names."""


def label(word: str) -> str:
    """What a word of our data, a zone or a part is called in English; a word we have no name for is shown as it is.

    >>> label(Carrier.GAS), label("north"), label("airport")
    ('Gas', 'North', 'airport')
    """
    return LABELS.get(word) or ZONES.get(word) or PARTS.get(word, str(word))
