"""Does the ledger add up? What the store holds of each index register against what its samples say."""

from dataclasses import asdict, dataclass

import numpy as np

from collector.rollup_job import EVER_MS, FLOWS, usual_distance_s
from collector.subjects import Subject, subjects
from plagewatch.metering.flows import flow_registers, is_index
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.readings import Flow
from plagewatch.metering.registers import Booking, book
from plagewatch.store.engine import Engine
from plagewatch.store.series.protocol import SeriesStore

SMALLEST = 1e-6
"""Figures carry six decimals: less than one in the last is no difference [index units]."""


@dataclass(frozen=True, slots=True)
class Balance:
    """One register's account, all in units of its index: booked + quarantined = last - first + declared steps."""

    meter: str
    register: str
    first_index: float
    last_index: float
    declared_steps: float
    booked: float
    quarantined: float
    balanced: bool

    def as_json(self) -> dict[str, str | float | bool]:
        """The account as plain values."""
        return asdict(self)

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
    for name, subject in subjects(engine).items():
        if meter is None or name == meter:
            registers = series.registers(name)
            for flow in FLOWS:
                chosen = flow_registers(registers, subject.meter.carrier, flow)
                if chosen and is_index(chosen[0]):
                    balances += _of_flow(series, subject, chosen, flow)
    return balances


def _of_flow(series: SeriesStore, subject: Subject, registers: list[str], flow: Flow) -> list[Balance]:
    bookings = {register: _booked(series, subject, register) for register in registers}
    expected = sum(_sum(booking.quarters) for booking in bookings.values())
    everything = series.intervals(Resolution.QUARTER, subject.meter.id, -(2**33), 2**34, flow)
    multiplier = subject.facts[-1].multiplier if subject.facts else 1.0
    missing = (_sum(everything) - expected) / multiplier
    balances = []
    for register, booking in bookings.items():
        if np.isnan(booking.first_index):
            continue  # every instant contradicts itself: there is no index to account for
        balances.append(_balance(subject.meter.id, register, booking, booking.booked + missing))
        missing = 0.0
    return balances


def _booked(series: SeriesStore, subject: Subject, register: str) -> Booking:
    evidence = series.samples(subject.meter.id, register, *EVER_MS)
    terms = subject.terms(register, subject.meter.interval_s or usual_distance_s(evidence))
    span_s = (int(evidence.at_ms[0]) // 1000, int(evidence.at_ms[-1]) // 1000 + 1) if len(evidence.at_ms) else (0, 0)
    return book(evidence.at_ms, evidence.value, terms, *span_s)


def _balance(meter: str, register: str, booking: Booking, booked: float) -> Balance:
    moved = booking.last_index - booking.first_index + booking.declared_steps
    allowed = max(SMALLEST, 1e-9 * max(abs(moved), abs(booking.last_index)))
    return Balance(
        meter,
        register,
        booking.first_index,
        booking.last_index,
        booking.declared_steps,
        booked,
        booking.quarantined,
        abs(booked + booking.quarantined - moved) <= allowed,
    )


def _sum(intervals: Intervals) -> float:
    return float(intervals.amount[intervals.known].sum())
