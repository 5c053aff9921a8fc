"""One import on its way: what was ordered, the stores it goes into, and the account of it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from collector.decoders.door import shown
from collector.imports.evidence import Account, Bookkeeper, totals
from collector.imports.lines import Unreadable
from collector.imports.mapping import TableMapping
from collector.imports.refusals import Progress, Refusals, RowRefused
from collector.imports.sheets import Sheet
from collector.imports.stores import ImportStore
from plagewatch.metering import ean
from plagewatch.metering.meters import Meter
from plagewatch.metering.readings import Reason
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants imported.

    format: a name of `formats.FORMATS`, None = by the content. only: ids of the meters to take, empty = all.
    names: what the file calls a meter -> its id. sites: what a weather file calls a station -> the site, `` = any.
    """

    path: Path
    format: str | None = None
    mapping: TableMapping | None = None
    only: Collection[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    sites: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import took and what it did not. first_ms, last_ms: instants of the evidence in the file.

    sites, meters, swaps, weather_hours, calendar_days: how many the file tells of; `new_...`: of these, those that
    were not there yet. tables: of each further table of a folder how many rows were understood, and how many of them
    changed something. samples: values that were understood; accounts: how many of them were new, meter by meter.
    passed: rows that were understood and are not taken on purpose, by the reason in words. left_out: rows (or cells)
    not taken, by reason; the first 1000 of each file are in quarantine. examples: the first of them in words, with
    file, line and column. notes: what else there is to know.
    """

    format: str = "canonical"
    sites: int = 0
    meters: int = 0
    samples: int = 0
    swaps: int = 0
    weather_hours: int = 0
    calendar_days: int = 0
    new_meters: tuple[str, ...] = ()
    new_facts: int = 0
    new_swaps: int = 0
    new_weather_hours: int = 0
    new_calendar_days: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    accounts: Mapping[tuple[str, str], Account] = field(default_factory=dict)
    tables: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    passed: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[Reason, int] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def new_samples(self) -> int:
        """How many values the store did not have."""
        return totals(self.accounts).new


class Directory:
    """The registry's meters by what a file may call them: id, EAN code, name, or as the order says."""

    def __init__(self, engine: Engine, order: Order) -> None:
        self._only, self._names = set(order.only), order.names
        self._timezones = {site.id: site.timezone for site in registry.sites(engine)}
        self._by_name: dict[str, list[Meter]] = {}
        self._found: dict[str, Meter | None] = {}
        self.unknown: dict[str, None] = {}
        self.taken: dict[str, None] = {}
        for meter in registry.meters(engine):
            for name in dict.fromkeys(name for name in (meter.id, meter.ean, meter.name) if name):
                self._by_name.setdefault(name, []).append(meter)

    def timezone(self, meter: Meter) -> str:
        """The time zone of the meter's site."""
        return self._timezones[meter.site]

    def find(self, name: str, column: str) -> Meter | None:
        """The meter that a file means; None where it is not among those that are wanted. Raises RowRefused."""
        if name not in self._found:
            self._found[name] = self._look_up(name, column)
        return self._found[name]

    def _look_up(self, name: str, column: str) -> Meter | None:
        called = self._names.get(name, name)
        meters = self._by_name.get(called, [])
        meters = [meter for meter in meters if meter.id == called] or meters
        if len(meters) > 1:
            ids = ", ".join(meter.id for meter in meters)
            detail = f"{shown(name)} may be {ids}: say which with --meter {shown(name)}=METER"
            raise RowRefused(Reason.UNKNOWN_DEVICE, column, detail, name)
        if not meters:
            self.unknown[name] = None
            why = ean.refusal(name) if name.isdigit() else None
            detail = why or f"there is no meter {shown(name)}" if name else "empty"
            raise RowRefused(Reason.UNKNOWN_DEVICE, column, detail, name)
        if self._only and meters[0].id not in self._only:
            return None
        self.taken[meters[0].id] = None
        return meters[0]


@dataclass(slots=True)
class Import:
    """One run of an import: formats read through it and keep account in it."""

    order: Order
    engine: Engine
    series: ImportStore
    now_ms: int
    refusals: Refusals
    books: Bookkeeper
    progress: Progress | None = None
    passed: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    tables: dict[str, tuple[int, int]] = field(default_factory=dict)
    new_meters: list[str] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """The file or folder."""
        return self.order.path

    def pass_over(self, why: str, rows: int = 1) -> None:
        """Rows that are understood and not taken on purpose."""
        self.passed[why] = self.passed.get(why, 0) + rows

    def count(self, what: str, number: int) -> None:
        """Add to a figure of the report."""
        self.counts[what] = self.counts.get(what, 0) + number

    def tell(self, table: str, changed: bool) -> None:
        """A row of one of a folder's further tables was entered, or was there already."""
        rows, new = self.tables.get(table, (0, 0))
        self.tables[table] = rows + 1, new + changed

    def tell_unknown(self, directory: Directory) -> None:
        """Say which meters of the file are not in the registry, and what to do."""
        names = list(directory.unknown)
        if not names:
            return
        shown_names = ", ".join(shown(name) for name in names[:20]) + (" and others" if len(names) > 20 else "")
        self.notes.append(
            f"not in the registry: {shown_names}. Enter the code with the meter (its page, or the column ean of "
            f"meters.csv), or say which meter it is: --meter {shown(names[0])}=METER"
        )

    def rows(self, sheet: Sheet, decimal: str, after: int = 0) -> Iterator[tuple[int, list[str]]]:
        """Rows behind a line of a sheet, with their own; a line that is no row is refused. Raises ImportRefused."""
        for line, row in sheet.rows(decimal, self.progress):
            if line <= after:
                continue
            if isinstance(row, Unreadable):
                self.refuse(line, [row.text], RowRefused(Reason.MALFORMED, "", row.why))
            else:
                yield line, row

    def refuse(self, line: int, row: Collection[object], refused: RowRefused) -> None:
        """Take account of a row of the file itself that cannot be taken."""
        self.refusals.add(self.path.name, line, list(row), refused)

    def report(self, name: str) -> ImportReport:
        """The account of it all."""
        total = totals(self.books.accounts)
        return ImportReport(
            format=name,
            samples=total.new + total.known,
            new_meters=tuple(self.new_meters),
            first_ms=total.first_ms,
            last_ms=total.last_ms,
            accounts=self.books.accounts,
            tables=self.tables,
            passed=self.passed,
            left_out=self.refusals.counts,
            examples=tuple(self.refusals.examples),
            notes=tuple(self.notes),
            **self.counts,
        )
