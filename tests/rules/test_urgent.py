"""Rules within seconds, and rules that know from the night what is usual, on real stores."""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.metering.tails import RegisterTail, Tail
from plagewatch.store.engine import Engine
from plagewatch.store.records import ledger_tails, registry, rule_news, tickets
from plagewatch.store.series.protocol import SeriesError
from plagewatch.store.series.sqlite import SqliteSeries
from rules import backtest, silence
from rules.catalogue import DEVICE_SILENT, NO_DATA
from rules.evaluate import SETTLE_S, evaluate_due, learn_due
from rules.learning import Memory
from rules.urgent import Urgent
from tests.rules.conftest import AddMeter
from tests.rules.invented import DAY_S, HOUR_S, START_S, household_water, office_load

DAYS = 60
END_S = START_S + DAYS * DAY_S
NOON_S = END_S + 12 * HOUR_S
QUARTER_S = 900


@pytest.fixture
def taps(engine: Engine, series: SqliteSeries, add_meter: AddMeter) -> list[str]:
    """Two water meters with two months of history up to this noon; the night has been learnt from."""
    amount = household_water(DAYS + 1)[: 24 * DAYS + 12]
    names = [add_meter(f"linde.{name}", Carrier.WATER, amount, "m3").id for name in ("cellar", "roof")]
    learn_due(engine, series, END_S + SETTLE_S)
    return names


def tell(engine: Engine, series: SqliteSeries, meter: str, start_s: int, quarters_m3: list[float]) -> None:
    """New quarters of a meter, as whoever makes figures leaves them."""
    at_s = np.arange(start_s, start_s + len(quarters_m3) * QUARTER_S, QUARTER_S, dtype=np.int64)
    series.write_intervals(Resolution.QUARTER, meter, "water", Intervals.measured(at_s, np.array(quarters_m3)))
    with engine.begin() as connection:
        rule_news.put(connection, [meter])


def test_a_burst_is_told_with_the_quarter_in_which_it_shows(engine: Engine, series: SqliteSeries, taps: list[str]):
    urgent = Urgent(engine, series)
    for name in taps:
        tell(engine, series, name, NOON_S, [0.01, 0.01])
    assert urgent.look(NOON_S + 2 * QUARTER_S + 3) == 0
    assert rule_news.waiting(engine) == {}
    tell(engine, series, taps[0], NOON_S + 2 * QUARTER_S, [1.6])
    tell(engine, series, taps[1], NOON_S + 2 * QUARTER_S, [0.02])
    assert urgent.look(NOON_S + 3 * QUARTER_S + 3) == 1
    (ticket,) = tickets.tickets(engine)
    assert (ticket.rule, ticket.meter) == ("water_burst", taps[0])
    assert ticket.opened_s == NOON_S + 3 * QUARTER_S
    assert ticket.numbers["ran_l"] == pytest.approx(1620)
    assert urgent.look(NOON_S + 3 * QUARTER_S + 4) == 0


class Away(SqliteSeries):
    """A series store that does not answer."""

    def intervals_of(self, *asked, **named):
        raise SeriesError("away", retryable=True)


def test_news_that_could_not_be_looked_at_stays(engine: Engine, series: SqliteSeries, taps: list[str], tmp_path):
    urgent = Urgent(engine, Away(tmp_path / "series.db"))
    tell(engine, series, taps[0], NOON_S, [1.6])
    with pytest.raises(SeriesError):
        urgent.look(NOON_S + QUARTER_S)
    assert set(rule_news.waiting(engine)) == {taps[0]}
    assert Urgent(engine, series).look(NOON_S + QUARTER_S) == 1


class Torn(SqliteSeries):
    """A series store in which the past of one meter cannot be read."""

    def intervals(self, resolution, meter, start_s, end_s, *asked):
        if meter == "beuk.yard" and end_s - start_s > 30 * DAY_S:
            raise SeriesError("torn", retryable=False)
        return super().intervals(resolution, meter, start_s, end_s, *asked)


@pytest.fixture
def torn(engine: Engine, series: SqliteSeries, taps: list[str], tmp_path) -> Iterator[Torn]:
    """The store of the taps, and a meter of another site before them of which nothing can be read."""
    registry.save(
        engine, [Site("beuk", "De Beuk"), Meter("beuk.yard", "beuk", "Yard", Carrier.WATER, Kind.INDEX, "m3")]
    )
    with closing(Torn(tmp_path / "series.db")) as opened:
        yield opened


def test_figures_at_fault_keep_no_other_site_waiting(engine: Engine, torn: Torn, taps: list[str]) -> None:
    for name in ("beuk.yard", taps[0]):
        tell(engine, torn, name, NOON_S, [1.6])
    assert Urgent(engine, torn).look(NOON_S + QUARTER_S) == 1
    assert [ticket.meter for ticket in tickets.tickets(engine)] == [taps[0]]
    assert rule_news.waiting(engine) == {}, "the look by the hour tries again"


def test_silence_at_a_site_with_figures_at_fault_keeps_no_other_waiting(
    engine: Engine, torn: Torn, taps: list[str]
) -> None:
    heard_until(engine, NOON_S, ["beuk.yard", taps[0]])
    urgent = Urgent(engine, torn)
    assert [urgent.look(NOON_S + hour * HOUR_S + 1) for hour in (5, 6)] == [0, 1]


# Silence


def heard_until(engine: Engine, at_s: int, meters: list[str]) -> None:
    with engine.begin() as connection:
        tails = {meter: Tail({"water_volume": RegisterTail(0, at_s * 1000, 900.0)}) for meter in meters}
        ledger_tails.save(connection, tails)


def test_a_gateway_that_falls_silent_is_one_ticket_when_the_hour_of_its_limit_is_over(
    engine: Engine, series: SqliteSeries, taps: list[str]
) -> None:
    registry.save(engine, [Binding("gateway", f"register {name}", name) for name in taps])
    heard_until(engine, NOON_S, taps)
    urgent = Urgent(engine, series)
    opened = []
    for hour in range(5, 9):
        for after_s in (1, 2, 1800):
            urgent.look(NOON_S + hour * HOUR_S + after_s)
            opened.append(((hour, after_s), len(tickets.tickets(engine))))
    assert [when for when, count in opened if count] == [when for when, _ in opened if when >= (6, 1)]
    (ticket,) = tickets.tickets(engine)
    assert (ticket.rule, ticket.cause, ticket.opened_s) == (NO_DATA.id, DEVICE_SILENT, NOON_S + 6 * HOUR_S)
    assert ticket.numbers["meters"] == 2


def test_who_has_just_started_tells_of_no_silence(engine: Engine, series: SqliteSeries, taps: list[str]) -> None:
    heard_until(engine, NOON_S, taps)
    assert Urgent(engine, series).look(NOON_S + 7 * HOUR_S + 1) == 0
    assert tickets.tickets(engine) == []


def test_a_storm_is_left_to_the_look_by_the_hour(
    engine: Engine, series: SqliteSeries, taps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard_until(engine, NOON_S, taps)
    monkeypatch.setattr(silence, "MOST", 1)
    urgent = Urgent(engine, series)
    assert [urgent.look(NOON_S + hour * HOUR_S + 1) for hour in (5, 6)] == [0, 0]
    assert tickets.tickets(engine) == []
    report = evaluate_due(engine, series, NOON_S + 6 * HOUR_S + SETTLE_S)
    assert report is not None
    assert report.changes == 2


# Learnt at night

LAST = 4
FROM_S = END_S - LAST * DAY_S


@pytest.fixture
def centre(engine: Engine, series: SqliteSeries, add_meter: AddMeter) -> list[str]:
    """Six offices, three water meters; in the last days things go wrong at some of them."""
    rng = np.random.default_rng(8)
    for number in range(9):
        water = number >= 6
        amount = household_water(DAYS, number) if water else office_load(DAYS, number)
        if number % 2:
            for begin in rng.integers(24 * (DAYS - LAST), 24 * DAYS - 12, 3):
                times, more = [(3.0, 0.0), (np.nan, 0.0), (0.0, 2.0)][int(rng.integers(3))]
                amount[begin : begin + 9] = times * amount[begin : begin + 9] + more
        add_meter(f"linde.{number}", Carrier.WATER if water else Carrier.ELECTRICITY, amount, "m3" if water else "kWh")
    return [f"linde.{number}" for number in range(9)]


def test_what_was_learnt_at_night_leads_to_the_same_tickets(
    engine: Engine, series: SqliteSeries, centre: list[str]
) -> None:
    whole = backtest.backtest(engine, series, FROM_S, END_S).tickets
    memory, judged, passed_over = Memory(), 0, 0
    evaluate_due(engine, series, FROM_S + SETTLE_S)
    for hour_s in range(FROM_S, END_S + 1, HOUR_S):
        learn_due(engine, series, hour_s + SETTLE_S)
        report = evaluate_due(engine, series, hour_s + SETTLE_S, memory)
        if report is not None:
            judged += report.tracks > 0
            passed_over += report.tracks == 0
    live = tickets.tickets(engine)[::-1]

    def told(ticket):
        return ticket.key, ticket.first_abnormal_s, ticket.opened_s, ticket.cleared_s, ticket.state

    assert len(whole) > 3
    assert sorted(map(told, live)) == sorted(map(told, whole))
    assert judged > 0
    assert passed_over > 0


def test_a_history_that_comes_after_the_night_is_judged_with_its_next_look(
    engine: Engine, series: SqliteSeries, add_meter: AddMeter
) -> None:
    water = household_water(DAYS)
    water[24 * (DAYS - 5) :] += 0.05
    meter, memory = add_meter("linde.cellar", Carrier.WATER, water[:0], "m3").id, Memory()
    learn_due(engine, series, END_S + SETTLE_S)
    assert passes_over(engine, series, memory, 1)
    start_s = START_S + HOUR_S * np.arange(len(water), dtype=np.int64)
    series.write_intervals(Resolution.HOUR, meter, "water", Intervals.measured(start_s, water))
    assert not passes_over(engine, series, memory, 2)
    assert {(ticket.meter, ticket.rule) for ticket in tickets.tickets(engine)} == {(meter, "night_water")}


def test_hours_that_were_known_at_night_are_no_late_ones(engine: Engine, series: SqliteSeries, taps: list[str]) -> None:
    evaluate_due(engine, series, END_S + SETTLE_S)
    memory = Memory()
    assert [passes_over(engine, series, memory, hour) for hour in (1, 2, 3)] == [True] * 3


def passes_over(engine: Engine, series: SqliteSeries, memory: Memory, hour: int) -> bool:
    report = evaluate_due(engine, series, END_S + hour * HOUR_S + SETTLE_S, memory)
    assert report is not None
    assert not report.failed
    return report.tracks == 0
