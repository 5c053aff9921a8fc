"""Tag names that somebody typed into a gateway: which register a name and a unit say, if they say one.

Only a name that says what is counted, that it is a running total and, for electricity, in which direction, becomes a
register, and only with a unit that fits. Everything else is `field.<name>`: shown, and booked by nobody but a person.
"""

import re
import zlib
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from plagewatch.metering.readings import REGISTERS, Quality, Readings
from plagewatch.metering.units import UNITS, Unit


def tag_words(text: str) -> frozenset[str]:
    """The words of a table, written in a line."""
    return frozenset(text.split())


_TOTAL = tag_words("total totals index counter cumulative cumulated cumul lifetime meter reading totaal teller")

# A value of a stretch of time, of a tariff, a limit or another kind of energy: never a running total.
_NEVER = tag_words(
    "today yesterday daily day dag jour week weekly month monthly maand mois year yearly jaar annee hour hourly minute"
    " quarter interval period previous last session trip partial delta diff increment avg average mean min minimum max"
    " maximum peak demand reactive apparent var vars varh kvarh vah kvah tariff tarif tarief rate t1 t2 limit setpoint"
    " reset resettable since threshold alarm price cost nominal rated target forecast net netto battery"
    " night nacht nuit offpeak"
)


class Row(NamedTuple):
    """What a name must hold to say a register: one word of each set, none of `never`."""

    register: str
    words: Sequence[Collection[str]]
    never: Collection[str] = frozenset()


_SOLAR = tag_words("pv solar inverter yield production produced generation generated opbrengst productie")
_EXPORT = tag_words("export exported injection injected injectie feedin reverse teruglevering")
_IMPORT = tag_words("import imported forward afname prelevement")
_USE = tag_words("consumption consumed verbruik consommation")
_HEAT = tag_words("heat heating thermal warmte chaleur")
_COLD = tag_words("cold cooling chilled koude froid")

ROWS: Sequence[Row] = (
    Row("heat_energy_total", (_HEAT, _TOTAL | {"energy", "import"}), _COLD),
    Row("solar_energy_total", (_SOLAR, _TOTAL), _IMPORT | _EXPORT | _USE),
    Row("energy_export_total", (_EXPORT,), _IMPORT | _HEAT | _COLD),
    Row("energy_import_total", (_IMPORT,), _EXPORT | _HEAT | _COLD),
    Row("energy_import_total", (_USE, _TOTAL), _EXPORT | _HEAT | _COLD | {"gas", "gaz"}),
    Row("gas_volume", ({"gas", "gaz"}, _TOTAL | {"volume"}), {"flow", "flowrate", "debit"}),
    Row("water_volume", ({"water", "eau"}, _TOTAL | {"volume"}), _HEAT | {"flow", "flowrate", "chilled", "debit"}),
    Row("pulse_count", ({"pulse", "pulses", "impulse", "impulses"}, _TOTAL | {"count"})),
    Row("power_export", (_EXPORT, {"power", "vermogen", "puissance"}), _IMPORT | {"factor"}),
    Row("power_active", ({"power", "vermogen", "puissance"},), _EXPORT | _HEAT | _COLD | {"factor"}),
    Row("temperature", ({"temperature", "temp", "temperatuur"},)),
    Row("humidity", ({"humidity", "rh", "vochtigheid", "humidite"},)),
    Row("irradiance", ({"irradiance", "irradiation", "radiation", "pyranometer"},)),
    Row("co2", ({"co2"},)),
)

# `power` among them: some call energy so (`total_power_import_kwh`), and only the unit tells.
_SAYS_NO_MORE = _TOTAL | _USE | tag_words("active energy power electricity electric electrical value sum ac volume")

_SPELLINGS: Mapping[str, str] = {  # lower case -> ours. Not here: `mwh` and `mw`, which may be milli or mega.
    spelled: unit
    for unit, spellings in {
        **{unit: unit.lower() for unit in UNITS if unit.lower() not in ("mwh", "mw", "mj", "1")},
        "kWh": "kwh kw·h kw.h kwhr kilowatthour kilowatthours",
        "Wh": "wh watthour watthours",
        "W": "w watt watts",
        "kW": "kw kilowatt kilowatts",
        "m3": "m3 m^3",
        "l": "l litre litres liter liters",
        "°C": "°c ℃ c celsius",
        "%": "% %rh percent",
        "1": "pulses pulse imp counts",
    }.items()
    for spelled in spellings.split()
}
# Units of which a name's end shall not be read as the shorter unit that stands in it: kVAh is no Wh, m3/h no m3.
_OTHER_UNITS = ("kVAh", "VAh", "kvarh", "kVArh", "varh", "VArh", "kVA", "kvar", "m3/h", "m³/h", "l/h", "l/min", "Ah")

_WORD = re.compile(r"[A-Z]+[0-9]+|[A-Z]+(?![a-z])|[A-Z]?[a-zà-ÿ]+[0-9]*|[0-9]+")
# `Import_1` is the first import, `Phase_L` a line, not a unit.
_AT_END = ({*UNITS} - {"1", "L"}).union(_OTHER_UNITS, ("kwh", "KWh", "KWH", "Kwh", "wh", "w", "kw", "C"))
_ENDS = "|".join(re.escape(unit) for unit in sorted(_AT_END, key=len, reverse=True))
_UNIT_AT_END = re.compile(
    rf"(?P<name>.*?)(?:[\s_\-./:]*[\[(]\s*(?P<in>[^\])]+?)\s*[\])]|[\s_\-./:]+(?P<after>{_ENDS}))"
)
_UNIT_AT_START = re.compile(r"(?P<unit>[kKM]?Wh|kwh|m3|m³|GJ|MJ)[\s_\-./:]+(?P<name>.+)")
_UNIT_GLUED = re.compile(r"(?P<name>.*[a-z0-9])(?P<unit>kWh|KWh|Kwh|MWh|kVAh|VAh|kvarh|varh|kVArh|VArh|(?<![kKMm])Wh)")
_ODD = re.compile(r"[^\w.-]+")
MAX_CHANNEL_LENGTH = 40
MAX_FIELD_LENGTH = 80


AS_SAID = Unit("?")


class Meaning(NamedTuple):
    """A register and what turns the device's number into the register's unit."""

    register: str
    unit: Unit


@lru_cache(maxsize=4096)  # a device says the same names all day
def meaning(name: str, unit: str | None) -> Meaning:
    """What a tag of this name counts. unit: as the payload says it beside the value; None where it says none.

    Where the name says a unit too and another one, nothing is believed.

    >>> meaning("Boiler room/Import energy", "Wh")
    Meaning(register='energy_import_total.boiler_room', unit=Unit(canonical='kWh', times=1.0, per=1000.0))
    >>> meaning("ActiveEnergyImport_kWh", None).register, meaning("TotalImportKWh", None).unit.canonical
    ('energy_import_total', 'kWh')
    >>> meaning("Energy", "kWh").register, meaning("import_today", "kWh").register, meaning("import", None).register
    ('field.Energy', 'field.import_today', 'field.import')
    >>> meaning("ImportTariff1", "kWh").register, meaning("room_temperature_C", None).register
    ('field.ImportTariff1', 'temperature.room')
    >>> meaning("Import_C", "kWh").register, meaning("Import_C", None).register, meaning("power_w", "kW").register
    ('energy_import_total.c', 'field.Import_C', 'field.power_w')
    >>> meaning("import_kWh", "Wh").register, meaning("Import", "kvarh").register
    ('field.import_kWh', 'field.Import')
    >>> meaning("total_power_import_kwh", None).register, meaning("active_power_w", None).register
    ('energy_import_total', 'power_active')
    >>> meaning("energy_import_day", "Wh").register, meaning("energy_import_night.2", "kWh").register
    ('energy_import_day', 'energy_import_night.2')
    """
    bare, unit_in_name = _split(name)
    said = known_unit(unit) if unit else None
    said_in_name = known_unit(unit_in_name) if unit_in_name else None
    if said and said_in_name and len(unit_in_name or "") == 1 and said.canonical != said_in_name.canonical:
        bare, unit_in_name, said_in_name = name, None, None  # `Import_C` in kWh is of a line C, not in °C
    unknown = (unit and said is None) or (unit_in_name and said_in_name is None)
    if unknown or (said and said_in_name and said != said_in_name):
        return Meaning(field_register(name), AS_SAID)
    said = said or said_in_name
    if (own := _own_word(bare, said)) is not None:
        return own
    words = [word.lower() for word in _WORD.findall(bare)]
    for row in ROWS:
        wanted = REGISTERS[row.register].unit
        if wanted == ("1" if said is None else said.canonical) and _says(row, set(words)):
            return Meaning(row.register + _channel(row, words), said or Unit("1"))
    return Meaning(field_register(name), AS_SAID)


def _own_word(name: str, said: Unit | None) -> Meaning | None:
    """A register by its own word, as somebody writes it who knows this product: it needs no other words."""
    head, _, channel = name.partition(".")
    known = REGISTERS.get(head)
    if known is None or known.unit != ("1" if said is None else said.canonical):
        return None
    channel = _short(_ODD.sub("_", channel).strip("_."), MAX_CHANNEL_LENGTH)
    return Meaning(f"{head}.{channel}" if channel else head, said or Unit("1"))


def known_unit(unit: str) -> Unit | None:
    """The unit behind a spelling; None where it is none of ours, or may be two of them.

    >>> known_unit("KWH"), known_unit("mwh"), known_unit("kVAh")
    (Unit(canonical='kWh', times=1.0, per=1.0), None, None)
    """
    text = unit.strip()
    return UNITS.get(text) or UNITS.get(_SPELLINGS.get(text.lower(), ""))


def field_register(name: str) -> str:
    """The register of a number of which nobody has said what it is.

    >>> field_register("Main meter/Energy (raw)"), field_register("")
    ('field.Main_meter_Energy_raw', 'field.unnamed')
    """
    return "field." + (_short(_ODD.sub("_", name).strip("_."), MAX_FIELD_LENGTH) or "unnamed")


def _split(name: str) -> tuple[str, str | None]:
    found = _UNIT_AT_END.fullmatch(name.strip())
    if found is not None:
        return found["name"], found["in"] or found["after"]
    found = _UNIT_AT_START.fullmatch(name.strip()) or _UNIT_GLUED.fullmatch(name.strip())
    return (name, None) if found is None else (found["name"], found["unit"])


def _says(row: Row, words: set[str]) -> bool:
    stems = words | {word.rstrip("0123456789") for word in words}  # `tariff1` is a tariff
    return all(words & set(wanted) for wanted in row.words) and not stems & (_NEVER | set(row.never))


def _channel(row: Row, words: Sequence[str]) -> str:
    """What the name says beside the register: which of several meters it is."""
    used = _SAYS_NO_MORE.union(*row.words)
    rest = "_".join(word for word in words if word not in used)
    return f".{_short(rest, MAX_CHANNEL_LENGTH)}" if rest else ""


def _short(text: str, length: int) -> str:
    # Two long names that begin alike must not become one.
    return text if len(text) <= length else f"{text[: length - 9]}_{zlib.crc32(text.encode('utf-8', 'replace')):08x}"


class Tag(NamedTuple):
    """One value under the name that somebody gave it. at_ms: milliseconds since 1970 UTC; None = of its receipt."""

    name: str
    unit: str | None
    value: float
    at_ms: int | None
    quality: Quality = Quality.MEASURED


class Gathered:
    """The tags of one device and message, brought together by register."""

    __slots__ = ("_device", "_names", "_values")

    def __init__(self, device: str) -> None:
        self._device = device
        self._names: dict[str, str] = {}
        self._values: dict[tuple[str, bool, Quality], list[tuple[int | None, float]]] = {}

    def add(self, tag: Tag, meant: Meaning | None = None) -> None:
        """Take a value. meant: what it counts, where more than its name and unit says so."""
        register, unit = self.own(tag.name, meant or meaning(tag.name, tag.unit))
        value = (tag.at_ms, tag.value * unit.times / unit.per)
        self._values.setdefault((register, tag.at_ms is not None, tag.quality), []).append(value)

    def own(self, name: str, meant: Meaning) -> Meaning:
        """A name's register; a field where another name has that one already: two series are never mixed."""
        mine = self._names.setdefault(meant.register, name) == name
        return meant if mine else Meaning(field_register(name), AS_SAID)

    def readings(self) -> list[Readings]:
        """All that was taken, one Readings for each register; of values without a time only the last can hold."""
        made = []
        for (register, timed, quality), pairs in self._values.items():
            kept = pairs if timed else pairs[-1:]
            at_ms = [at for at, _ in kept if at is not None] if timed else None
            made.append(Readings(self._device, register, at_ms, [value for _, value in kept], None, quality))
        return made
