"""Lives of a small centre, hour by hour, as packets come: what was learnt at night leads to the same tickets.

Silences, late and corrected hours, a worker that starts anew, a night left out, moved numbers, a change of summer time.
"""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, MeterFacts, Site
from plagewatch.store.engine import Engine, open_records
from plagewatch.store.records import registry, rule_modes, rule_news, tickets
from plagewatch.store.series.sqlite import SqliteSeries
from plagewatch.tickets.modes import Mode, RuleMode
from rules.catalogue import RULES
from rules.evaluate import SETTLE_S, evaluate_due, learn_due
from rules.learning import Memory
from rules.urgent import Urgent
from tests.rules.invented import DAY_S, HOUR_S, household_water, office_load

DAYS, LIVED_H = 60, 30
QUARTER_S = 900
CARRIERS = {"office": Carrier.ELECTRICITY, "school": Carrier.ELECTRICITY, "bath": Carrier.WATER, "taps": Carrier.WATER}
METERS = [
    Meter(name, "linde", name, carrier, Kind.INDEX, "m3" if carrier is Carrier.WATER else "kWh", QUARTER_S)
    for name, carrier in CARRIERS.items()
]


@dataclass
class Life:
    """What happens: amounts by meter, and the hour after which each is told; corrections by the hour they come in."""

    start_s: NDArray[np.int64]
    amount: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    told_s: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    corrected: dict[int, tuple[str, int, float]] = field(default_factory=dict)
    anew_s: int = 0
    number_s: int = 0
    no_night: bool = False


def invented(seed: int, end_on: date) -> Life:
    rng = np.random.default_rng(seed)
    end_s = day_start_s(end_on, "Europe/Brussels")
    life = Life(end_s - HOUR_S * np.arange(24 * DAYS, 0, -1, dtype=np.int64))
    live = 24 * DAYS - LIVED_H
    for number, meter in enumerate(METERS):
        water = meter.carrier is Carrier.WATER
        amount = household_water(DAYS, seed + number) + 0.001 if water else office_load(DAYS, seed + number)
        told_s = life.start_s + HOUR_S
        for begin in rng.integers(live - 30, len(amount) - 5, 3).tolist():
            lasts = int(rng.integers(2, 30))
            event = slice(begin, begin + lasts)
            changed = (amount[event] * 3, amount[event] * np.nan, amount[event] + 2.0, amount[event] * 0.3)
            amount[event] = changed[int(rng.integers(4))]
            told_s[begin : begin + lasts // 2] += HOUR_S * int(rng.integers(1, 40))
        life.amount[meter.id], life.told_s[meter.id] = amount, told_s
        life.corrected[int(end_s - HOUR_S * rng.integers(1, 20))] = meter.id, int(rng.integers(live, live + 20)), 4.0
    silent = live + int(rng.integers(0, 15))  # all of the gateway, or all but one
    for meter in METERS[: int(rng.integers(3, 5))]:
        life.amount[meter.id][silent : silent + int(rng.integers(7, 12))] = np.nan
    life.anew_s, life.number_s = (int(end_s - HOUR_S * rng.integers(1, LIVED_H)) for _ in range(2))
    life.no_night = bool(seed % 2)
    return life


@dataclass
class Centre:
    """The stores of a life and who looks at them."""

    engine: Engine
    series: SqliteSeries
    learns: bool

    def live(self, life: Life) -> list[tuple[object, ...]]:
        """Hour by hour; the tickets in the end."""
        self.register()
        memory, urgent, upto_s = Memory(), Urgent(self.engine, self.series), 0
        for now_s in (life.start_s[-LIVED_H:] + HOUR_S).tolist():
            if now_s == life.anew_s:
                memory, urgent = Memory(), Urgent(self.engine, self.series)
            if now_s == life.number_s:
                rule_modes.decide(self.engine, RuleMode("unusual_load", Mode.ON, {"deviations": 6.0}))
            self.tell(life, upto_s, now_s)
            upto_s = now_s
            urgent.look(now_s + 1)
            if self.learns and not (life.no_night and now_s >= life.start_s[-24]):
                learn_due(self.engine, self.series, now_s + SETTLE_S)
            evaluate_due(self.engine, self.series, now_s + SETTLE_S, memory)
        return sorted(
            (one.key, one.first_abnormal_s, one.last_abnormal_s, one.opened_s, one.cleared_s or 0, one.state.value)
            for one in tickets.tickets(self.engine)
        )

    def register(self) -> None:
        contract = [MeterFacts("office", contracted_kw=50.0)]
        bindings = [Binding("gateway", meter.id, meter.id) for meter in METERS]
        registry.save(self.engine, [Site("linde", "De Linde"), *METERS, *bindings, *contract])
        for rule in RULES:
            if rule.warm is None:  # rules of whole days speak after midnight
                rule_modes.decide(self.engine, RuleMode(rule.id, Mode.OFF))

    def tell(self, life: Life, from_s: int, now_s: int) -> None:
        """What comes in (from_s, now_s]."""
        at = life.corrected.get(now_s, ("", 0, 1.0))
        for meter in METERS:
            amount, told_s = life.amount[meter.id], life.told_s[meter.id]
            due = (told_s > from_s) & (told_s <= now_s) & np.isfinite(amount)
            if at[0] == meter.id and told_s[at[1]] <= now_s and np.isfinite(amount[at[1]]):
                amount = np.where(np.arange(len(amount)) == at[1], amount * at[2], amount)
                due[at[1]] = True
            hours, known = Intervals.measured(life.start_s[due], amount[due]), np.repeat(amount[due] / 4, 4)
            start_s = (life.start_s[due][:, None] + QUARTER_S * np.arange(4)).ravel()
            late = start_s >= now_s - 4 * DAY_S
            fine = Intervals.measured(start_s[late], known[late])
            self.series.write_intervals(Resolution.HOUR, meter.id, meter.carrier.value, hours)
            self.series.write_intervals(Resolution.QUARTER, meter.id, meter.carrier.value, fine)
            if due.any() and meter.carrier in rule_news.CARRIERS:
                with self.engine.begin() as connection:
                    rule_news.put(connection, [meter.id])


@pytest.mark.parametrize(("seed", "end_on"), [(1, date(2026, 3, 30)), (2, date(2026, 10, 26))], ids=str)
def test_a_life_leads_to_the_same_tickets_with_what_was_learnt(seed: int, end_on: date, tmp_path) -> None:
    found = []
    for learns in (True, False):
        engine = open_records(f"sqlite:///{tmp_path / str(learns)}.db")
        series = SqliteSeries(tmp_path / f"{learns}.series.db")
        found.append(Centre(engine, series, learns).live(invented(seed, end_on)))
        series.close()
        engine.dispose()
    assert len(found[1]) > 2
    assert found[0] == found[1]
