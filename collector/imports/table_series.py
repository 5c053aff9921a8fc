"""What a series of a table is in the registry: which register of which meter, and what a value is multiplied by."""

from collections.abc import Collection
from dataclasses import dataclass

from collector.decoders.door import shown
from collector.imports.interval_meters import Lengths, interval_word
from collector.imports.mapping import Counts, Series, TableMapping
from collector.imports.refusals import RowRefused
from collector.imports.registry_files import INDEX_WORDS
from collector.imports.work import Directory
from plagewatch.metering.meters import Meter
from plagewatch.metering.readings import Behaviour, Reason, register_word
from plagewatch.metering.units import UNITS
from plagewatch.store.names import WEATHER_FIELDS


@dataclass(frozen=True, slots=True)
class Meaning:
    """subject: the meter, or the site of weather. times: a value × times is in the register's unit."""

    subject: str
    register: str
    times: float
    is_weather: bool = False


def series_of_name(name: str, mapping: TableMapping, directory: Directory) -> Series:
    """The series of a name that the mapping does not list: a meter that the registry knows by it. Raises RowRefused."""
    meter = directory.find(name, ", ".join(mapping.named_by))
    if meter is None:
        return Series(name, "", "", "")
    return Series(name, meter.id, usual_register(meter, mapping.counts))


def usual_register(meter: Meter, counts: Counts | None) -> str | None:
    """The register that a meter's values are, where nothing else is said."""
    if counts is Counts.INTERVAL:
        return interval_word(meter, "main")
    return INDEX_WORDS.get((meter.carrier, meter.unit), {}).get("total") if counts is Counts.INDEX else None


def meaning_of(
    series: Series, unit: str, mapping: TableMapping, directory: Directory, sites: Collection[str]
) -> Meaning | None:
    """What a series is; None for a meter that is not asked for. Raises RowRefused."""
    if series.register in WEATHER_FIELDS:
        if series.meter not in sites:
            detail = f"there is no site {shown(series.meter)} for the weather of {shown(series.name)}"
            raise RowRefused(Reason.UNKNOWN_DEVICE, series.name, detail, series.meter or "")
        return Meaning(series.meter or "", series.register or "", 1.0, is_weather=True)
    if series.meter == "":
        return None
    meter = directory.find(series.meter or series.name, series.name)
    if meter is None:
        return None
    if mapping.counts is Counts.INTERVAL and mapping.interval_s:
        Lengths().check(meter, 0, mapping.interval_s * 1000, series.name)
    register = series.register or usual_register(meter, mapping.counts)
    if not register:
        detail = f"no register is said for {meter.id}, and a {meter.carrier} meter in {meter.unit} has no usual one"
        raise RowRefused(Reason.UNKNOWN_REGISTER, series.name, detail, meter.id)
    return Meaning(meter.id, register, _times(register, unit, series, mapping))


def _times(register: str, unit: str, series: Series, mapping: TableMapping) -> float:
    word = register_word(register)
    known = UNITS.get(unit.strip())
    if known is None:
        detail = f"{shown(unit)} is no unit we know" if unit else "its unit is not said"
        raise RowRefused(Reason.UNIT_UNKNOWN, series.name, detail)
    if known.canonical == word.unit:
        return known.times / known.per
    if known.canonical == "W" and word.unit == "kWh" and word.behaviour is Behaviour.INTERVAL and mapping.interval_s:
        return known.times / known.per / 1000 * mapping.interval_s / 3600  # a mean power over the interval
    raise RowRefused(Reason.UNIT_UNKNOWN, series.name, f"{shown(unit)} is not what {register} counts: {word.unit}")
