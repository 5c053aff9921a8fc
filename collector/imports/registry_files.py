"""meters.csv, swaps.csv and calendar.csv of a canonical folder: what the registry learns from them. Writes nothing."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from zoneinfo import ZoneInfo

from collector.decoders.door import shown
from collector.imports.cells import bare_id, moment_of, number_of, optional_number, optional_whole
from collector.imports.csv_files import CsvFile
from collector.imports.refusals import Refusals, RowRefused
from plagewatch.metering import ean
from plagewatch.metering.calendars.entered import MarkedDay
from plagewatch.metering.meters import Carrier, Kind, Meter, MeterFacts, Site, Swap
from plagewatch.metering.readings import REGISTERS, Reason
from plagewatch.metering.units import UNITS, Unit

METER_COLUMNS = ("meter", "site", "carrier", "kind", "unit", "interval_s", "timezone")
SWAP_COLUMNS = ("meter", "register", "at", "last_index", "first_index")
CALENDAR_COLUMNS = ("site", "day", "kind")

INDEX_WORDS: Mapping[tuple[Carrier, str], Mapping[str, str]] = {  # (carrier, canonical unit) -> file's word -> ours
    (Carrier.ELECTRICITY, "kWh"): {
        "total": "energy_import_total",
        "day": "energy_import_day",
        "night": "energy_import_night",
        "export": "energy_export_total",
    },
    (Carrier.SOLAR, "kWh"): {"total": "solar_energy_total", "export": "energy_export_total"},
    (Carrier.HEAT, "kWh"): {"total": "heat_energy_total"},
    (Carrier.COOLING, "kWh"): {"total": "heat_energy_total"},
    (Carrier.GAS, "m3"): {"total": "gas_volume"},
    (Carrier.GAS, "kWh"): {"total": "energy_import_total"},
    (Carrier.WATER, "m3"): {"total": "water_volume"},
}
INTERVAL_WORDS = {"kWh": "energy_interval", "m3": "volume_interval"}


@dataclass(frozen=True, slots=True)
class ImportedMeter:
    """A meter of meters.csv with the unit its values have in the folder."""

    meter: Meter
    unit: Unit

    def register(self, word: str) -> str:
        """Our word for a register of the file. Raises RowRefused."""
        known = INDEX_WORDS.get((self.meter.carrier, self.meter.unit), {}).get(word)
        if known:
            return known
        if word in REGISTERS and REGISTERS[word].unit == self.meter.unit:
            return word
        detail = f"{shown(word)} is no register of a {self.meter.carrier} meter in {self.meter.unit}"
        raise RowRefused(Reason.UNKNOWN_REGISTER, "register", detail, self.meter.id)

    def shifted(self, places: int | None) -> int | None:
        """Digits before the decimal point once values are in the canonical unit.

        A register of 8 digits that counts litres rolls over at 100 000 m3: it has 5 digits of m3.
        """
        return None if places is None else places - round(math.log10(self.unit.per / self.unit.times))


@dataclass(slots=True)
class MeterList:
    """What meters.csv says, and in which line of it each meter stands."""

    sites: dict[str, Site] = field(default_factory=dict)
    meters: dict[str, ImportedMeter] = field(default_factory=dict)
    facts: dict[str, MeterFacts] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def read_meters(file: CsvFile, refusals: Refusals) -> MeterList:
    """Sites, meters and facts; a row that cannot be read is refused, the others stay."""
    found = MeterList()
    for line, row in file.rows(refusals):
        try:
            meter_id = _add_meter(found, file, row)
            found.lines[meter_id] = line
            _add_ean(found, file, row, meter_id)
        except RowRefused as refused:
            refusals.add(file.name, line, row, refused)
    return found


def read_swaps(file: CsvFile, meters: Mapping[str, ImportedMeter], refusals: Refusals) -> list[Swap]:
    """Declared replacements, in canonical units."""
    swaps = []
    for line, row in file.rows(refusals):
        try:
            meter = meter_of(file.cell(row, "meter"), meters)
            device, unit = meter.meter.id, meter.unit
            last, first = (number_of(file.cell(row, c), c, device) for c in ("last_index", "first_index"))
            swaps.append(
                Swap(
                    device,
                    meter.register(file.cell(row, "register")),
                    moment_of(file.cell(row, "at"), "at", refusals.now_ms, device),
                    last * unit.times / unit.per,
                    first * unit.times / unit.per,
                    file.cell(row, "serial"),
                    meter.shifted(optional_whole(file.cell(row, "digits"), "digits")),
                )
            )
        except RowRefused as refused:
            refusals.add(file.name, line, row, refused)
    return swaps


def read_calendar(
    file: CsvFile, sites: Mapping[str, Site], buildings: Collection[tuple[str, str]], refusals: Refusals
) -> list[MarkedDay]:
    """Marked local days of sites or of their buildings, each once. buildings: site and id of those there are."""
    days: dict[tuple[str, date, str, str], MarkedDay] = {}
    for line, row in file.rows(refusals):
        try:
            site, kind = site_of(file.cell(row, "site"), sites), file.cell(row, "kind")
            text, building = file.cell(row, "day"), file.cell(row, "building")
            try:
                day = date.fromisoformat(text)
            except ValueError:
                raise RowRefused(Reason.MALFORMED, "day", f"{shown(text)} is no day like 2018-01-31") from None
            if not kind:
                raise RowRefused(Reason.MALFORMED, "kind", "empty")
            if building and (site, building) not in buildings:
                raise RowRefused(Reason.UNKNOWN_DEVICE, "building", f"{shown(building)} is no building of {site}")
            source = file.cell(row, "source")
            days.setdefault((site, day, kind, building), MarkedDay(site, day, kind, building, source))
        except RowRefused as refused:
            refusals.add(file.name, line, row, refused)
    return list(days.values())


def meter_of(meter_id: str, meters: Mapping[str, ImportedMeter]) -> ImportedMeter:
    """The meter of that id. Raises RowRefused."""
    meter = meters.get(meter_id)
    if meter is None:
        raise RowRefused(Reason.UNKNOWN_DEVICE, "meter", f"{shown(meter_id)} is not in meters.csv", meter_id)
    return meter


def site_of(site_id: str, sites: Mapping[str, Site]) -> str:
    """The site's id, where meters.csv has it. Raises RowRefused."""
    if site_id not in sites:
        raise RowRefused(Reason.UNKNOWN_DEVICE, "site", f"{shown(site_id)} is not in meters.csv", site_id)
    return site_id


def _add_meter(found: MeterList, file: CsvFile, row: list[str]) -> str:
    meter_id = file.cell(row, "meter")
    if not meter_id:
        raise RowRefused(Reason.MALFORMED, "meter", "empty")
    site_id = file.cell(row, "site") or meter_id
    unit_text = file.cell(row, "unit")
    unit = UNITS.get(unit_text)
    if unit is None or unit.canonical not in INTERVAL_WORDS:
        raise RowRefused(Reason.UNIT_UNKNOWN, "unit", f"{shown(unit_text)} is no unit of energy or volume", meter_id)
    interval_s = optional_whole(file.cell(row, "interval_s"), "interval_s")
    if interval_s is not None and not 0 < interval_s <= 366 * 86_400:
        raise RowRefused(Reason.MALFORMED, "interval_s", f"{interval_s} s", meter_id)
    meter = Meter(
        meter_id,
        site_id,
        meter_id,
        Carrier(_one_of(file, row, "carrier", Carrier)),
        Kind(_one_of(file, row, "kind", Kind)),
        unit.canonical,
        interval_s,
        note=file.cell(row, "note"),
    )
    imported = ImportedMeter(meter, unit)
    if meter_id in found.meters and _without_ean(found.meters[meter_id]) != imported:
        raise RowRefused(Reason.MALFORMED, "meter", f"{shown(meter_id)} stands here twice, not alike", meter_id)
    facts = _facts(file, row, imported)
    site = Site(
        site_id,
        site_id,
        timezone=_timezone(file.cell(row, "timezone")),
        latitude=optional_number(file.cell(row, "latitude"), "latitude"),
        longitude=optional_number(file.cell(row, "longitude"), "longitude"),
    )
    found.sites.setdefault(site_id, site)
    found.meters.setdefault(meter_id, imported)
    if facts != MeterFacts(meter_id):
        found.facts[meter_id] = facts
    return meter_id


def _without_ean(imported: ImportedMeter) -> ImportedMeter:
    return replace(imported, meter=replace(imported.meter, ean=None))


def _add_ean(found: MeterList, file: CsvFile, row: list[str], meter_id: str) -> None:
    # A wrong code is told and left out; the meter stays, so that none of its readings is lost.
    if text := bare_id(file.cell(row, "ean")):
        if why := ean.refusal(text):
            raise RowRefused(Reason.MALFORMED, "ean", f"{shown(why)}; {meter_id} is taken without it", meter_id)
        imported = found.meters[meter_id]
        found.meters[meter_id] = replace(imported, meter=replace(imported.meter, ean=text))


def _facts(file: CsvFile, row: list[str], meter: ImportedMeter) -> MeterFacts:
    decimals = optional_whole(file.cell(row, "decimals"), "decimals")
    finer = meter.shifted(0) or 0
    multiplier = optional_number(file.cell(row, "multiplier"), "multiplier")
    return MeterFacts(
        meter.meter.id,
        digits=meter.shifted(optional_whole(file.cell(row, "digits"), "digits")),
        decimals=None if decimals is None else decimals - finer,
        multiplier=1.0 if multiplier is None else multiplier,
        max_power_kw=optional_number(file.cell(row, "max_power_kw"), "max_power_kw"),
        contracted_kw=optional_number(file.cell(row, "contracted_kw"), "contracted_kw"),
    )


def _one_of(file: CsvFile, row: list[str], column: str, words: type[Carrier] | type[Kind]) -> str:
    text = file.cell(row, column)
    if text not in {word.value for word in words}:
        raise RowRefused(Reason.MALFORMED, column, f"{shown(text)} is none of {', '.join(words)}")
    return text


def _timezone(text: str) -> str:
    if not text:
        return "Europe/Brussels"
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # zoneinfo raises any of them, by the kind of nonsense
        raise RowRefused(Reason.MALFORMED, "timezone", f"{shown(text)} is no time zone") from None
    return text
