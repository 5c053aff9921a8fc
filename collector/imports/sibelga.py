"""The files of Sibelga's data service for meters that are read remotely (AMR): one row per register and time slot.

Its columns A to I are published, a file is not: headings are looked for by words, without them the place counts.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from collector.decoders.door import shown
from collector.imports.cells import bare_id, plain_number_of
from collector.imports.evidence import Block, Gathering
from collector.imports.headings import Words, columns, plain
from collector.imports.interval_meters import Lengths, interval_word
from collector.imports.lines import Line
from collector.imports.refusals import ImportRefused, RowRefused
from collector.imports.sheets import sheet_of
from collector.imports.time_slots import Slots, Stamp, stamp_of
from collector.imports.work import Directory, Import
from plagewatch.metering.meters import Carrier, Meter
from plagewatch.metering.readings import Flow, Quality, Reason
from plagewatch.metering.units import UNITS, Unit

HEADINGS: Words = {
    "ean": ("ean", "eancode", "codeean", "eancodeofmeter", "metereancode", "eangsrn", "gsrn"),
    "frequency": ("frequency", "frequencyofreading", "readingfrequency", "frequentie", "leesfrequentie",
                  "opnamefrequentie", "frequence", "frequencedereleve", "frequencedelecture"),
    "energy": ("energy", "energytype", "typeofenergy", "energie", "energietype", "typeenergie", "typedenergie"),
    "register": ("register", "registre", "identificationregister", "registeridentification", "registreidentification"),
    "direction": ("direction", "richting", "sens"),
    "date": ("date", "datum", "dateofmeasurement", "measurementdate", "meetdatum", "datedemesure"),
    "slot": ("timeslot", "slot", "timeslotofmeasurement", "time", "tijdslot", "tijdstip", "tijdsinterval", "uur",
             "plagehoraire", "tranchehoraire", "heure"),
    "value": ("value", "valueofmeasurement", "measurementvalue", "waarde", "meetwaarde", "valeur", "valeurdemesure"),
    "unit": ("unit", "unitofmeasurement", "eenheid", "meeteenheid", "unite", "unitedemesure"),
    "quality": ("quality", "qualitycode", "kwaliteit", "kwaliteitscode", "qualite", "codequalite", "codedequalite"),
}  # fmt: skip
NEEDED = ("ean", "register", "date", "value", "unit", "quality")
PLACES = {name: place for place, name in enumerate(
    ("ean", "frequency", "energy", "register", "date", "slot", "value", "unit", "quality"))}  # fmt: skip

FLOWS: Mapping[str, Flow] = {"A+": "main", "A-": "export"}
REACTIVE = ("I+", "I-", "C+", "C-")
TARIFFS = ("HI", "LOW")
MEASURED = {"01": Quality.MEASURED, "02": Quality.ESTIMATED}
GAPS = {"03": "no plausible value", "04": "no plausible value", "99": "missing"}

QUARTER_S, HOUR_S = 900, 3_600
POWER = "W"
HEADING_ROWS = 20


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the columns are and what a time slot is. after: the line of the headings, 0 where there are none."""

    place: Mapping[str, int]
    after: int
    stamp: Stamp


def recognises(path: Path) -> bool:
    """Whether a file has the columns of the data service."""
    return path.is_file() and _place(sheet_of(path).head()) is not None


def _place(head: Sequence[Line]) -> tuple[dict[str, int], int] | None:
    for line, row in head[:HEADING_ROWS]:
        place = columns(row, HEADINGS)
        if set(NEEDED) <= set(place):
            return place, line
        # A row of values: columns A to I as published.
        if len(row) == len(PLACES) and _is_value(row):
            return dict(PLACES), 0
    return None


def _is_value(row: Sequence[str]) -> bool:
    code = row[PLACES["quality"]].strip().zfill(2)
    ean = bare_id(row[PLACES["ean"]])
    return ean.isdigit() and len(ean) >= 17 and (code in MEASURED or code in GAPS)


def read(work: Import) -> Iterator[list[Block]]:
    """Amounts of quarter-hours: active energy taken (A+) and fed back (A-)."""
    sheet = sheet_of(work.path)
    head = sheet.head()
    found = _place(head)
    if found is None:
        raise ImportRefused(f"{work.path.name}: neither the headings nor columns A to I of the data service are there")
    place, after = found
    slots = [(row[place["date"]], row[place["slot"]]) for line, row in head if line > after and _reaches(row, place)]
    layout = _Layout(place, after, stamp_of(slots) if "slot" in place else Stamp.START)
    reader = _Reader(work, layout)
    for line, row in work.rows(sheet, ",", after):
        try:
            enough = reader.take(row)
        except RowRefused as refused:
            work.refuse(line, row, refused)
            continue
        if enough:
            yield reader.gathering.drain()
    reader.close()
    yield reader.gathering.drain()


def _reaches(row: Sequence[str], place: Mapping[str, int]) -> bool:
    return len(row) > max(place["date"], place.get("slot", 0))


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What rows with the same words are. times: value × times is in the meter's unit. why_not: passed over, and why."""

    meter: str
    register: str
    word: str = ""
    times: float = 1.0
    length_s: int = QUARTER_S
    quality: Quality = Quality.MEASURED
    why_not: str = ""


class _Reader:
    def __init__(self, work: Import, layout: _Layout) -> None:
        self._work = work
        place = layout.place
        self._needed = max(place[name] for name in (*NEEDED, "slot") if name in place)
        self._date, self._value, self._slot = place["date"], place["value"], place.get("slot")
        # Where nobody says how often, the EAN code stands in for it and says nothing.
        words = [place[name] for name in ("ean", "register", "unit", "quality")]
        self._words = itemgetter(*words, place.get("frequency", place["ean"]))
        self._width = max(place.values()) + 1
        self._directory = Directory(work.engine, work.order)
        self._slots = Slots(layout.stamp, work.now_ms)
        self._meanings: dict[tuple[str, ...], _Meaning] = {}
        self._lengths = Lengths()
        self.gathering = Gathering()
        if layout.stamp is Stamp.END:
            work.notes.append(
                "a time slot is taken for the end of its quarter-hour: midnight stands at the end of a day"
            )

    def take(self, row: Sequence[str]) -> bool:
        """One row; whether enough is gathered. Raises RowRefused."""
        if len(row) <= self._needed:
            raise RowRefused(Reason.MALFORMED, "", f"the row has {len(row)} cells, {self._needed + 1} are needed")
        if len(row) < self._width:
            row = [*row, *[""] * (self._width - len(row))]
        words = self._words(row)
        meaning = self._meanings.get(words)
        if meaning is None:
            meaning = self._meanings[words] = self._meaning(*(word.strip() for word in words))
        slot = "" if self._slot is None else row[self._slot]
        if meaning.meter:  # told also where the value is missing: stamps of October count
            at_ms = self._slots.read(row[self._date], slot, meaning.length_s, (meaning.meter, meaning.register))
        if meaning.why_not:
            self._work.pass_over(meaning.why_not)
            return False
        value = plain_number_of(row[self._value].strip(), "value", meaning.meter) * meaning.times
        return self.gathering.add(meaning.meter, meaning.word, at_ms, value, meaning.quality)

    def _meaning(self, name: str, register: str, unit: str, code: str, frequency: str) -> _Meaning:
        meter = self._directory.find(bare_id(name), "EAN")
        if meter is None:
            return _Meaning("", "", why_not="of meters that are not asked for")
        register = register.upper().replace(" ", "")
        if register in REACTIVE:
            return _Meaning("", "", why_not="of reactive energy")
        flow, length_s = self._flow(register, meter), _length_s(frequency, meter)
        self._lengths.check(meter, 0, length_s * 1000, "slot")
        times = _factor(unit, meter, length_s)
        code = code.zfill(2)
        if code in GAPS:
            why_not = f"with quality {code} ({GAPS[code]}): a gap, not zero"
            return _Meaning(meter.id, register, length_s=length_s, why_not=why_not)
        if code not in MEASURED:
            raise RowRefused(Reason.FLAGGED, "quality", f"what quality {shown(code)} means is not known", meter.id)
        return _Meaning(meter.id, register, interval_word(meter, flow), times, length_s, MEASURED[code])

    def close(self) -> None:
        """What there is to tell of the whole file."""
        self._work.count("meters", len(self._directory.taken))
        self._work.tell_unknown(self._directory)

    def _flow(self, register: str, meter: Meter) -> Flow:
        if register in TARIFFS:
            detail = (
                f"{register} is a tariff of a smart meter, and nothing says whether its values are indexes or amounts: "
                "read this file with --format table and a mapping that says it"
            )
            raise RowRefused(Reason.UNSAID, "register", detail, meter.id)
        if register not in FLOWS:
            raise RowRefused(Reason.UNKNOWN_REGISTER, "register", f"{shown(register)} is not known", meter.id)
        return FLOWS[register]


def _factor(text: str, meter: Meter, length_s: int) -> float:
    # Case varies: kwh, KWH, m3.
    unit = next((unit for name, unit in UNITS.items() if name.lower() == text.lower() and name != "mWh"), None)
    if unit is None or (unit.canonical != meter.unit and unit.canonical != POWER):
        detail = f"{shown(text)} is not what {meter.id} counts, which is {meter.unit}"
        raise RowRefused(Reason.UNIT_UNKNOWN, "unit", detail, meter.id)
    if unit.canonical != POWER:
        return unit.times / unit.per
    if meter.unit != "kWh":
        raise RowRefused(
            Reason.UNIT_UNKNOWN, "unit", f"{shown(text)} is power, {meter.id} counts {meter.unit}", meter.id
        )
    return _kw(unit) * length_s / HOUR_S  # a mean power over the slot


def _kw(unit: Unit) -> float:
    return unit.times / unit.per / 1000


def _length_s(frequency: str, meter: Meter) -> int:
    """The length of a slot: as the frequency says it, else the quarter-hour of electricity, the hour of gas."""
    word = plain(frequency)
    number = re.sub(r"[^0-9]", "", word)
    if word in ("pt1h", "1h", "h", "hourly", "hour", "uur", "heure", "horaire") or number == "60":
        return HOUR_S
    if number == "15" or word in ("qh", "quarterhourly", "kwartier", "quarthoraire"):
        return QUARTER_S
    return HOUR_S if meter.carrier is Carrier.GAS else QUARTER_S
