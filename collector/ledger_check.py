"""Does the ledger add up? What the store holds of each index register against what its samples say."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import numpy as np
import structlog

from collector import rollup_job
from collector.flow_parts import FlowPart, flow_parts
from collector.imports.registry_files import INDEX_WORDS
from collector.index_figures import EVER_MS, usual_distance_s
from collector.subjects import Subject, subjects
from plagewatch.metering.flows import added, is_index
from plagewatch.metering.intervals import Floats, Intervals, Resolution, Seconds
from plagewatch.metering.local_time import local_day, zone
from plagewatch.metering.meters import Kind, Meter
from plagewatch.metering.readings import FLOWS
from plagewatch.metering.registers import Booking, book
from plagewatch.metering.terms import factors
from plagewatch.store.engine import Engine
from plagewatch.store.records import accounts, work
from plagewatch.store.records.turns import turn
from plagewatch.store.records.withdrawals import counting
from plagewatch.store.series.protocol import SeriesStore

log = structlog.get_logger()

SMALLEST = 1e-6
"""Figures carry six decimals: less than one in the last is no difference [index units]."""

ROUNDING = 1e-12
"""What sums of millions of decimals may be off by, as a part of the largest of them."""

JOB = "ledger-check"
TZ = "Europe/Brussels"
NIGHT_HOUR = 3

# What arrives while a register is looked at is not in its figures yet: make them, and look again.
LOOKS = 3


@dataclass(frozen=True, slots=True)
class Balance:
    """One register's account, all in units of its index: booked + quarantined = last - first + declared steps.

    register: our word. folder_word: that of a canonical folder (`total`, `day`, `night`, `export`), ours where it has
    none; both with their channel.
    """

    meter: str
    register: str
    first_index: float
    last_index: float
    declared_steps: float
    booked: float
    quarantined: float
    balanced: bool
    folder_word: str

    def as_json(self) -> dict[str, str | float | bool]:
        """The account as plain values, its register named as in a canonical folder."""
        values = asdict(self)
        values["register_word"] = values["register"]
        values["register"] = values.pop("folder_word")
        return values

    def explain(self) -> str:
        """The account as one sentence."""
        moved = self.last_index - self.first_index + self.declared_steps
        return (
            f"booked {self.booked:.6f} + quarantined {self.quarantined:.6f} against a movement of {moved:.6f} "
            f"({self.last_index:.6f} - {self.first_index:.6f} + declared steps {self.declared_steps:.6f})"
        )


def check(engine: Engine, series: SeriesStore, meter: str | None) -> list[Balance]:
    """The accounts of all index registers that make figures, or of one meter's; booked is read from the store.

    Registers that make a flow together (day and night) stand there as one sum: a difference is shown at the first.
    Raises SeriesError.
    """
    balances: list[Balance] = []
    series = counting(engine, series)
    for name, subject in subjects(engine).items():
        if (meter is None or name == meter) and subject.meter.kind is not Kind.GAUGE:
            registers = series.registers(name)
            for flow in FLOWS:
                balances += _of_flow(series, subject, list(flow_parts(series, subject.meter, registers, flow)))
    return balances


def settled(engine: Engine, series: SeriesStore, meter: str | None, now_s: int) -> list[Balance]:
    """The accounts once all figures that wait are made, though readings arrive meanwhile. Raises SeriesError."""
    rollup_job.run(engine, series, now_s)
    balances = check(engine, series, meter)
    for _ in range(LOOKS - 1):
        wrong = sorted({balance.meter for balance in balances if not balance.balanced})
        if not wrong:
            break
        rollup_job.run(engine, series, now_s)
        again = [balance for name in wrong for balance in check(engine, series, name)]
        balances = [balance for balance in balances if balance.meter not in wrong] + again
    return balances


def nightly(engine: Engine, series: SeriesStore, now_s: int) -> list[Balance]:
    """Check the whole ledger once a night and keep the accounts; empty where this night's check is done.

    A night that was missed is made up for at once. The mark is set last: a check that is cut short is made again. Of
    several processes one checks, and the others find it done. Raises SeriesError.
    """
    night_s = last_night_s(now_s)
    if _checked(engine, night_s):
        return []
    with turn(engine, "ledger-check"):
        return [] if _checked(engine, night_s) else _checked_now(engine, series, night_s, now_s)


def _checked(engine: Engine, night_s: int) -> bool:
    mark = work.mark(engine, JOB)
    return mark is not None and mark >= night_s


def _checked_now(engine: Engine, series: SeriesStore, night_s: int, now_s: int) -> list[Balance]:
    balances = settled(engine, series, None, now_s)
    accounts.save(engine, (_account(balance, now_s) for balance in balances))
    for balance in balances:
        if not balance.balanced:
            log.error(
                "register does not add up",
                meter=balance.meter,
                register=balance.register,
                account=balance.explain(),
                do="`plagewatch ledger check --meter METER` looks again; if it is still wrong, keep a copy of the data "
                "folder and report it: no figure of this meter can be trusted until then",
            )
    work.set_mark(engine, JOB, night_s)
    return balances


def last_night_s(now_s: int) -> int:
    """The last three o'clock in the morning by the clock of Brussels [seconds since 1970 UTC].

    >>> last_night_s(1_774_746_000) - last_night_s(1_774_745_999)  # the night in which the clock was put forward
    82800
    """
    today = local_day(now_s, TZ)
    for day in (today, today - timedelta(days=1)):
        night_s = int(datetime(day.year, day.month, day.day, NIGHT_HOUR, tzinfo=zone(TZ)).timestamp())
        if night_s <= now_s:
            break
    return night_s


def _of_flow(series: SeriesStore, subject: Subject, parts: Sequence[FlowPart]) -> list[Balance]:
    """The accounts of all index registers of a flow, each part held against the quarters that it tells."""
    indexes = [part for part in parts if is_index(part.registers[0])]
    if not indexes:
        return []
    stored = series.intervals(Resolution.QUARTER, subject.meter.id, -(2**33), 2**34, indexes[0].flow)
    made = [{register: _booked(series, subject, register) for register in part.registers} for part in indexes]
    expected = [
        part.untaken(added([booking.quarters for booking in bookings.values()]), Resolution.QUARTER, subject.timezone)
        for part, bookings in zip(indexes, made, strict=True)
    ]
    told = np.concatenate([quarters.start_s for quarters in expected])
    # Intervals that were told as such lie before or after; without any, what no register tells is one too many.
    strays = stored.where(~np.isin(stored.start_s, told)) if len(indexes) == len(parts) else Intervals.empty()
    balances = []
    for part, bookings, quarters in zip(indexes, made, expected, strict=True):
        there = stored.where(np.isin(stored.start_s, quarters.start_s))
        missing = _in_index(subject, part.registers[0], *_differences(there, quarters))
        missing += _in_index(subject, part.registers[0], *_differences(strays, Intervals.empty()))
        strays = Intervals.empty()
        for register, booking in bookings.items():
            if np.isnan(booking.first_index):
                continue  # every instant contradicts itself: there is no index to account for
            balances.append(_balance(subject.meter, register, booking, booking.booked + missing))
            missing = 0.0
    return balances


def _differences(stored: Intervals, expected: Intervals) -> tuple[Seconds, Floats]:
    """Quarters in which the store holds something else than was expected, and how much more [unit of the meter]."""
    start_s = np.union1d(stored.start_s, expected.start_s)
    more = np.zeros(len(start_s))
    more[np.searchsorted(start_s, stored.start_s)] += np.nan_to_num(stored.amount)
    more[np.searchsorted(start_s, expected.start_s)] -= np.nan_to_num(expected.amount)
    return start_s[more != 0.0], more[more != 0.0]


def _in_index(subject: Subject, register: str, start_s: Seconds, amount: Floats) -> float:
    """Amounts in units of the index, each by the factor of its time; where that is not known, as they are."""
    factor = factors(subject.terms(register, 0.0), start_s * 1000)
    return float((amount / np.where(np.isnan(factor) | (factor == 0.0), 1.0, factor)).sum())


def _booked(series: SeriesStore, subject: Subject, register: str) -> Booking:
    evidence = series.samples(subject.meter.id, register, *EVER_MS)
    terms = subject.terms(register, subject.meter.interval_s or usual_distance_s(np.unique(evidence.at_ms)))
    span_s = (int(evidence.at_ms[0]) // 1000, int(evidence.at_ms[-1]) // 1000 + 1) if len(evidence.at_ms) else (0, 0)
    return book(evidence.at_ms, evidence.value, terms, *span_s, evidence.quality)


def _balance(meter: Meter, register: str, booking: Booking, booked: float) -> Balance:
    moved = booking.last_index - booking.first_index + booking.declared_steps
    allowed = max(SMALLEST, ROUNDING * max(abs(moved), abs(booking.last_index)))
    return Balance(
        meter.id,
        register,
        booking.first_index,
        booking.last_index,
        booking.declared_steps,
        booked,
        booking.quarantined,
        abs(booked + booking.quarantined - moved) <= allowed,
        folder_word(meter, register),
    )


def folder_word(meter: Meter, register: str) -> str:
    """The word of a canonical folder for a register of a meter, ours where it has none; its channel stays.

    >>> from plagewatch.metering.meters import Carrier
    >>> meter = Meter("m", "s", "Main meter", Carrier.ELECTRICITY, Kind.INDEX, "kWh")
    >>> folder_word(meter, "energy_import_total.2"), folder_word(meter, "pulse_count")
    ('total.2', 'pulse_count')
    """
    word, dot, channel = register.partition(".")
    words: Mapping[str, str] = INDEX_WORDS.get((meter.carrier, meter.unit), {})
    return next((theirs for theirs, ours in words.items() if ours == word), word) + dot + channel


def _account(balance: Balance, now_s: int) -> accounts.Account:
    return accounts.Account(
        balance.meter,
        balance.register,
        balance.first_index,
        balance.last_index,
        balance.declared_steps,
        balance.booked,
        balance.quarantined,
        balance.balanced,
        now_s * 1000,
    )
