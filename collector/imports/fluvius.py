"""The consumption history that customers of Fluvius download: one row per register, interval and unit.

Columns, words and the order of rows around the clock change are those of files that customers published.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from collector.decoders.door import shown
from collector.imports.cells import bare_id, plain_number_of
from collector.imports.evidence import Block, Gathering
from collector.imports.headings import Words, columns, plain, required
from collector.imports.interval_meters import Lengths, Tariffs, interval_word
from collector.imports.local_moments import LocalMoments, day_first
from collector.imports.refusals import ImportRefused, RowRefused
from collector.imports.sheets import sheet_of
from collector.imports.work import Directory, Import
from plagewatch.metering.meters import Carrier, Meter
from plagewatch.metering.readings import Flow, Quality, Reason
from plagewatch.metering.units import UNITS

BRUSSELS = "Europe/Brussels"

# Dutch and English as in published files; French by the same words, no French file is published.
HEADINGS: Words = {
    "from_date": ("vandatum", "fromdate", "dedate", "dudate"),
    "from_time": ("vantijdstip", "fromtime", "deheure", "duheure"),
    "until_date": ("totdatum", "untildate", "adate", "audate", "jusquaudate"),
    "until_time": ("tottijdstip", "untiltime", "aheure", "auheure", "jusquauheure"),
    "ean": ("ean", "eancode", "codeean"),
    "register": ("register", "registre"),
    "volume": ("volume",),
    "unit": ("eenheid", "unit", "unite"),
    "status": ("validatiestatus", "validationstatus", "statutdevalidation"),
    "calorific": ("calorischebovenwaarde", "caloricuppervalue", "caloricvalue", "pouvoircalorifiquesuperieur"),
}
NEEDED = ("from_date", "from_time", "until_date", "until_time", "ean", "register", "volume", "unit")

# The first word of a register says where the energy goes, the rest which part of it the register counts.
DIRECTIONS: Mapping[str, Flow] = {
    **dict.fromkeys(("afname", "offtake", "prelevement"), "main"),
    **dict.fromkeys(("injectie", "injection"), "export"),
    **dict.fromkeys(("productie", "production"), "main"),
}
PRODUCTION = ("productie", "production")
PARTS = ("", "dag", "nacht", "day", "night", "jour", "nuit", "actief", "active", "actif")
NOT_ENERGY = {
    "piek": "peaks of power",
    "peak": "peaks of power",
    "pointe": "peaks of power",
    "capacitief": "reactive energy",
    "capacitive": "reactive energy",
    "capacitif": "reactive energy",
    "inductief": "reactive energy",
    "inductive": "reactive energy",
    "inductif": "reactive energy",
    "reactief": "reactive energy",
    "reactive": "reactive energy",
    "reactif": "reactive energy",
}
QUALITIES: Mapping[str, Quality] = {
    **dict.fromkeys(("gevalideerd", "uitgelezen", "validated", "read", "valide", "lu", ""), Quality.MEASURED),
    **dict.fromkeys(("geschat", "estimated", "estime", "berekend", "calculated", "calcule"), Quality.ESTIMATED),
    **dict.fromkeys(("geenverbruik", "noconsumption", "pasdeconsommation"), Quality.MEASURED),
}


def recognises(path: Path) -> bool:
    """Whether a file's header is that of the consumption history."""
    return path.is_file() and any(_is_header(row) for _, row in sheet_of(path).head()[:20])


def _is_header(row: Sequence[str]) -> bool:
    return set(NEEDED) <= set(columns(row, HEADINGS))


def read(work: Import) -> Iterator[list[Block]]:
    """Amounts of intervals: day and night as their sum, gas in the meter's unit only."""
    reader = _Reader(work)
    for line, row in work.rows(sheet_of(work.path), ","):
        if not reader.place:
            reader.header(line, row)
        else:
            try:
                reader.take(row)
            except RowRefused as refused:
                work.refuse(line, row, refused)
        if reader.full:
            yield reader.gathering.drain()
            reader.full = False
    if not reader.place:
        raise ImportRefused(f"{work.path.name}: no line has the headings of the consumption history")
    reader.close()
    yield reader.gathering.drain()


class _Reader:
    def __init__(self, work: Import) -> None:
        self._work = work
        self._directory = Directory(work.engine, work.order)
        self._moments = LocalMoments(BRUSSELS, day_first, work.now_ms)
        self._lengths = Lengths()
        self._calorific: set[float] = set()
        self.place: dict[str, int] = {}
        self.gathering = Gathering()
        self._tariffs = Tariffs(self.gathering)
        self.full = False

    def header(self, line: int, row: Sequence[str]) -> None:
        if _is_header(row):
            self.place = columns(row, HEADINGS)
        elif line > 20:
            required(columns(row, HEADINGS), NEEDED, self._work.path.name, line, row)

    def take(self, row: Sequence[str]) -> None:
        name = bare_id(self._cell(row, "ean"))
        meter = self._directory.find(name, "EAN")
        if meter is None:
            self._work.pass_over("of meters that are not asked for")
            return
        register = self._cell(row, "register")
        flow = self._flow(register, meter)
        if flow is None:
            return
        at_ms, length_s = self._interval(row, meter, register)
        text, status = self._cell(row, "volume"), self._cell(row, "status")
        quality = QUALITIES.get(plain(status))
        if quality is None:
            raise RowRefused(Reason.FLAGGED, "status", f"what {shown(status)} means is not known", meter.id)
        self._note_calorific(row)
        unit = UNITS.get(self._cell(row, "unit"))
        if unit is None or unit.canonical not in ("kWh", "m3"):
            detail = f"{shown(self._cell(row, 'unit'))} is no unit of energy or volume"
            raise RowRefused(Reason.UNIT_UNKNOWN, "unit", detail, meter.id)
        if unit.canonical != meter.unit:
            self._work.pass_over(f"in {unit.canonical} of meters in {meter.unit}: the same gas told twice")
        elif not text:
            self._work.pass_over(f"without a value ({status or 'no status'}): a gap, not zero")
        else:
            value = plain_number_of(text, "volume", meter.id) * unit.times / unit.per
            told, word = (at_ms, value, quality), interval_word(meter, flow)
            self.full |= self._tariffs.add(meter.id, word, plain(register), told, length_s)

    def close(self) -> None:
        """What is still being summed, and what there is to tell of the whole file."""
        self._tariffs.close()
        self._work.count("meters", len(self._directory.taken))
        self._work.tell_unknown(self._directory)
        if self._calorific:
            low, high = min(self._calorific), max(self._calorific)
            told = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            self._work.notes.append(f"the file has a calorific value of {told} kWh/m3; it is not stored with the meter")

    def _cell(self, row: Sequence[str], name: str) -> str:
        place = self.place.get(name)
        if place is None:
            return ""
        if place >= len(row):
            if name in NEEDED:
                raise RowRefused(Reason.MALFORMED, name, f"the row has {len(row)} cells of {max(self.place.values())}")
            return ""
        return row[place].strip()

    def _flow(self, register: str, meter: Meter) -> Flow | None:
        words = plain(register)
        for word, what in NOT_ENERGY.items():
            if word in words:
                self._work.pass_over(f"of {what}")
                return None
        direction = next((known for known in DIRECTIONS if words.startswith(known)), None)
        if direction is None or words.removeprefix(direction) not in PARTS:
            raise RowRefused(Reason.UNKNOWN_REGISTER, "register", f"{shown(register)} is not known", meter.id)
        if direction in PRODUCTION and meter.carrier is not Carrier.SOLAR:
            detail = f"{shown(register)} is for a meter of solar production, {meter.id} is none"
            raise RowRefused(Reason.UNKNOWN_REGISTER, "register", detail, meter.id)
        return DIRECTIONS[direction]

    def _interval(self, row: Sequence[str], meter: Meter, register: str) -> tuple[int, int]:
        start = f"{self._cell(row, 'from_date')} {self._cell(row, 'from_time')}"
        until = f"{self._cell(row, 'until_date')} {self._cell(row, 'until_time')}"
        series = (meter.id, register, self._cell(row, "unit"))
        start_ms, end_ms = self._moments.interval(start, until, series, "from", meter.id)
        return start_ms, self._lengths.check(meter, start_ms, end_ms, "until")

    def _note_calorific(self, row: Sequence[str]) -> None:
        text = self._cell(row, "calorific")
        if text[:1].isdigit():  # `Voorlopig` stands there too: not final yet
            self._calorific.add(plain_number_of(text, "calorific"))
