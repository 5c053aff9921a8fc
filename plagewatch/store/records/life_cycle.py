"""Edits of what is known of meters over time: each with its line in the audit and the work it makes.

One transaction holds the change, the windows whose figures it can change, and who did it. An edit that changes nothing
writes nothing. Calorific values are counted with when figures are read: they mark no window.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sqlalchemy import Connection, Engine, insert, select

from plagewatch.metering.course import REACH
from plagewatch.metering.edits import EVER_MS, Span, facts_stretches, swap_stretches, united
from plagewatch.metering.energy import check_value
from plagewatch.metering.meters import CalorificValue, MeterFacts, Swap
from plagewatch.store import tables
from plagewatch.store.records import audit, registry
from plagewatch.store.records.alone import EDITS, alone
from plagewatch.store.records.work import DirtyWindow
from plagewatch.store.series.protocol import Evidence


class What(StrEnum):
    """What a line of the audit says was done. The words are stable."""

    FACTS_ENTERED = "facts_entered"
    FACTS_CHANGED = "facts_changed"
    FACTS_REMOVED = "facts_removed"
    SWAP_DECLARED = "swap_declared"
    SWAP_CHANGED = "swap_changed"
    SWAP_REMOVED = "swap_removed"
    SWAP_DISMISSED = "swap_dismissed"
    SHARES_SET = "shares_set"
    SHARES_REMOVED = "shares_removed"
    FORMULA_SET = "formula_set"
    FORMULA_REMOVED = "formula_removed"
    CALORIFIC_VALUE_SET = "calorific_value_set"
    CALORIFIC_VALUE_REMOVED = "calorific_value_removed"
    SUB_METER_SET = "sub_meter_set"
    SUB_METER_REMOVED = "sub_meter_removed"
    READING_ENTERED = "reading_entered"
    DELIVERY_ENTERED = "delivery_entered"
    DELIVERY_CHANGED = "delivery_changed"
    DELIVERY_REMOVED = "delivery_removed"
    METER_ENTERED = "meter_entered"
    METER_CHANGED = "meter_changed"
    ORGANISATION_SET = "organisation_set"
    OPENING_HOURS_SET = "opening_hours_set"
    OPENING_HOURS_REMOVED = "opening_hours_removed"
    DAY_MARKED = "day_marked"
    DAY_UNMARKED = "day_unmarked"
    WORKS_ENTERED = "works_entered"
    WORKS_REMOVED = "works_removed"
    SCHOOL_YEARS_SET = "school_years_set"
    SCHOOL_YEARS_REMOVED = "school_years_removed"


@dataclass(frozen=True, slots=True)
class By:
    """Who edits, and when [ms since 1970 UTC]. who: a person's id, or `file:<name>`."""

    who: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Change:
    """One edit: entries that go, entries that come, and the windows whose figures this can change."""

    what: What
    subject: str  # the meter, building or station it is about
    old: Sequence[registry.Entry]
    new: Sequence[registry.Entry]
    windows: Sequence[DirtyWindow] = ()


@contextmanager
def editing(engine: Engine) -> Iterator[Connection]:
    """A transaction in which nobody else changes what is read before it is written."""
    with engine.begin() as connection:
        alone(connection, EDITS)
        yield connection


def apply(connection: Connection, by: By, change: Change) -> bool:
    """Write a change, its windows and its line of the audit; nothing, and False, where it changes nothing."""
    old = [one for one in change.old if one not in change.new]
    new = [one for one in change.new if one not in change.old]
    if not old and not new:
        return False
    for entry in old:
        registry.remove(connection, entry)
    for entry in new:
        registry.put(connection, entry)
    if change.windows:
        connection.execute(insert(tables.dirty_window), [window._asdict() for window in change.windows])
    audit.line(connection, by.at_ms, by.who, change.what, change.subject, _told(old), _told(new))
    return True


class EvidenceOnHand(Protocol):
    """What an edit asks of a series store: the real ones have it, and that of an import's dry run."""

    def registers(self, meter: str) -> list[str]:
        """Registers of which the meter has evidence."""

    def samples_around(self, meter: str, register: str, start_ms: int, end_ms: int, beyond: int) -> Evidence:
        """Evidence in [start_ms, end_ms) and the nearest `beyond` instants on either side."""

    def latest_sample_ms(self) -> dict[str, int]:
        """The newest evidence of each meter."""


@dataclass(frozen=True, slots=True)
class MeterEditor:
    """Edits of meters. Each method tells whether anything changed.

    A meter that is not in the registry raises the database's own error. Facts need to know which evidence there is:
    SeriesError where that cannot be read.
    """

    engine: Engine
    series: EvidenceOnHand
    by: By

    def enter_facts(self, facts: MeterFacts, instead_of_ms: int | None = None) -> bool:
        """Facts from an instant on, over those of the same instant, or in place of those valid from another one."""
        return self._edit_facts(facts.meter, {facts.valid_from_ms, instead_of_ms}, [facts])

    def remove_facts(self, meter: str, valid_from_ms: int) -> bool:
        """Take back what was entered as valid from an instant."""
        return self._edit_facts(meter, {valid_from_ms}, [])

    def declare_swap(self, swap: Swap, instead_of_ms: int | None = None) -> bool:
        """A replacement of the device, over the one of the same instant, or in place of that of another one."""
        return self._edit_swaps(swap.meter, swap.register, {swap.at_ms, instead_of_ms}, [swap])

    def remove_swap(self, meter: str, register: str, at_ms: int) -> bool:
        """Take back a declared replacement."""
        return self._edit_swaps(meter, register, {at_ms}, [])

    def dismiss_swap(self, meter: str, register: str, at_ms: int) -> bool:
        """Say that a proposed swap was none, so that it is not proposed again."""
        row = {"meter": meter, "register": register, "at_ms": at_ms}
        table = tables.swap_dismissed
        with editing(self.engine) as connection:
            same = (table.c[name] == value for name, value in row.items())
            if connection.execute(select(table).where(*same)).first():
                return False
            connection.execute(insert(table).values(**row, who=self.by.who, said_ms=self.by.at_ms))
            audit.line(connection, self.by.at_ms, self.by.who, What.SWAP_DISMISSED, meter, None, row)
        return True

    def set_calorific_value(self, value: CalorificValue) -> bool:
        """Energy in a cubic metre of a station's gas from a local day on. Raises EditRefused."""
        check_value(value)
        return self._edit_calorific_value(What.CALORIFIC_VALUE_SET, value, [value])

    def remove_calorific_value(self, value: CalorificValue) -> bool:
        """Take back the value of a station and day."""
        return self._edit_calorific_value(What.CALORIFIC_VALUE_REMOVED, value, [])

    def _edit_facts(self, meter: str, gone: set[int | None], new: Sequence[MeterFacts]) -> bool:
        with editing(self.engine) as connection:
            before = registry.entries(connection, MeterFacts, meter=meter)
            old = [one for one in before if one.valid_from_ms in gone]
            after = [one for one in before if one not in old] + list(new)
            what = _what(old, new, (What.FACTS_ENTERED, What.FACTS_CHANGED, What.FACTS_REMOVED))
            windows = self._windows(meter, facts_stretches(before, after))
            return apply(connection, self.by, Change(what, meter, old, new, windows))

    def _edit_swaps(self, meter: str, register: str, gone: set[int | None], new: Sequence[Swap]) -> bool:
        with editing(self.engine) as connection:
            before = registry.entries(connection, Swap, meter=meter)
            old = [one for one in before if one.register == register and one.at_ms in gone]
            after = [one for one in before if one not in old] + list(new)
            what = _what(old, new, (What.SWAP_DECLARED, What.SWAP_CHANGED, What.SWAP_REMOVED))
            spans = swap_stretches(before, after)
            staying = {one.at_ms for one in after if one.register == register}
            spans += [self._surroundings(one) for one in old if one.at_ms not in staying]
            windows = self._windows(meter, united(spans))
            return apply(connection, self.by, Change(what, meter, old, new, windows))

    def _edit_calorific_value(self, what: What, value: CalorificValue, new: Sequence[CalorificValue]) -> bool:
        with editing(self.engine) as connection:
            same = {"station": value.station, "valid_from": value.valid_from}
            old = registry.entries(connection, CalorificValue, **same)
            return apply(connection, self.by, Change(what, value.station, old, new))

    def _windows(self, meter: str, spans: Iterable[Span]) -> list[DirtyWindow]:
        windows, evidence = [], None
        for first_ms, after_ms in spans:
            if after_ms - first_ms > 1:  # the instant of a swap needs no look at the evidence
                evidence = evidence or self._evidence(meter)
                first_ms, after_ms = max(first_ms, evidence[0]), min(after_ms, evidence[1] + 1)
            if first_ms < after_ms:
                windows.append(DirtyWindow(meter, first_ms, after_ms - 1))
        return windows

    def _surroundings(self, gone: Swap) -> Span:
        """As far as the indexes of a swap that went may have been taken for the course: nothing else tells it now."""
        around = self.series.samples_around(gone.meter, gone.register, gone.at_ms, gone.at_ms, 2 * (REACH + 1)).at_ms
        instants = [gone.at_ms, *around.tolist()]
        return min(instants), max(instants) + 1

    def _evidence(self, meter: str) -> Span:
        """From the first evidence of a meter to the last, or to now: what comes in just now may not be seen yet."""
        around = (self.series.samples_around(meter, name, 0, 0, 1).at_ms for name in self.series.registers(meter))
        firsts = [int(at_ms[0]) for at_ms in around if len(at_ms)]
        return min(firsts, default=EVER_MS[1]), max(self.series.latest_sample_ms().get(meter, 0), self.by.at_ms)


def _what(old: Sequence[object], new: Sequence[object], words: tuple[What, What, What]) -> What:
    entered, changed, removed = words
    return removed if not new else changed if old else entered


def _told(entries: Sequence[registry.Entry]) -> object:
    """What the audit keeps: one entry as itself, several as a list, none as nothing."""
    return None if not entries else entries[0] if len(entries) == 1 else entries
