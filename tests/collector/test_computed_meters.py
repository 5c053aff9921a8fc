"""Virtual meters and deliveries through the roll-up job: what is late, edited or missing reaches them too."""

from datetime import date

import numpy as np
import pytest

from collector import rollup_job
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Carrier, Delivery, Kind, Meter, Site, VirtualFormula
from plagewatch.metering.readings import Samples
from plagewatch.store.records import registry
from plagewatch.store.records.work import DirtyWindow, dirty_windows, mark_dirty

MIDNIGHT_S = day_start_s(date(2026, 2, 2), "Europe/Brussels")
HOUR_S = 3600


@pytest.fixture
def centre(engine, series):
    meters = [Meter(name, "s", name, Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900) for name in ("head", "kitchen")]
    virtual = [
        Meter("a-rest", "s", "Rest", Carrier.ELECTRICITY, Kind.VIRTUAL, "kWh"),
        Meter("z-half", "s", "Half of the rest", Carrier.ELECTRICITY, Kind.VIRTUAL, "kWh"),
    ]
    formulas = [VirtualFormula("a-rest", "[head] - [kitchen]"), VirtualFormula("z-half", "[a-rest] / 2")]
    registry.save(engine, [Site("s", "Site"), *meters, *virtual, *formulas])
    return engine, series


def read(engine, series, meter: str, from_s: int, indexes: list[float]) -> None:
    at_ms = [(from_s + 900 * place) * 1000 for place in range(len(indexes))]
    series.write_samples([Samples(meter, "energy_import_total", at_ms, indexes, "test", at_ms[-1])])
    mark_dirty(engine, [DirtyWindow(meter, at_ms[0], at_ms[-1])])


def amounts(series, meter: str, resolution: Resolution = Resolution.QUARTER) -> list[float]:
    return list(series.intervals(resolution, meter, MIDNIGHT_S, MIDNIGHT_S + 86_400).amount.tolist())


def test_a_virtual_meter_of_a_virtual_meter_follows_in_the_same_run(centre):
    engine, series = centre
    read(engine, series, "head", MIDNIGHT_S, [100.0, 110.0, 120.0, 130.0, 140.0])
    read(engine, series, "kitchen", MIDNIGHT_S, [5.0, 6.0, 8.0, 8.0, 9.0])
    rollup_job.run(engine, series, MIDNIGHT_S + HOUR_S)
    assert dirty_windows(engine) == {}
    assert amounts(series, "a-rest") == [9.0, 8.0, 10.0, 9.0]
    assert amounts(series, "z-half") == [4.5, 4.0, 5.0, 4.5]
    assert amounts(series, "z-half", Resolution.HOUR) == [18.0]
    assert amounts(series, "z-half", Resolution.DAY) == [18.0]


def test_a_late_reading_reaches_what_is_computed_of_it(centre):
    engine, series = centre
    read(engine, series, "head", MIDNIGHT_S, [100.0, 110.0, 120.0, 130.0, 140.0])
    read(engine, series, "kitchen", MIDNIGHT_S, [5.0, 6.0])
    rollup_job.run(engine, series, MIDNIGHT_S + HOUR_S)
    assert amounts(series, "a-rest")[0] == 9.0
    assert np.isnan(amounts(series, "a-rest")[1:]).all()  # not known is not nothing
    read(engine, series, "kitchen", MIDNIGHT_S + 1800, [8.0, 8.0, 9.0])
    rollup_job.run(engine, series, MIDNIGHT_S + HOUR_S)
    assert amounts(series, "a-rest") == [9.0, 8.0, 10.0, 9.0]
    assert amounts(series, "z-half", Resolution.DAY) == [18.0]


def test_a_formula_holds_from_its_moment(centre):
    engine, series = centre
    registry.save(engine, [VirtualFormula("a-rest", "[head]", (MIDNIGHT_S + 1800) * 1000)])
    read(engine, series, "head", MIDNIGHT_S, [100.0, 110.0, 120.0, 130.0, 140.0])
    read(engine, series, "kitchen", MIDNIGHT_S, [5.0, 6.0, 8.0, 8.0, 9.0])
    rollup_job.run(engine, series, MIDNIGHT_S + HOUR_S)
    assert amounts(series, "a-rest") == [9.0, 8.0, 10.0, 10.0]


def test_meters_that_need_each_other_make_no_figures_and_no_endless_round(centre):
    engine, series = centre
    registry.save(engine, [VirtualFormula("a-rest", "[z-half] + [head]")])
    read(engine, series, "head", MIDNIGHT_S, [100.0, 110.0])
    rollup_job.run(engine, series, MIDNIGHT_S + HOUR_S)
    assert amounts(series, "a-rest") == []
    assert amounts(series, "head") == [10.0]


def test_a_formula_that_cannot_be_read_stops_nobody(centre):
    engine, series = centre
    registry.save(engine, [VirtualFormula("a-rest", "[head] + [nobody]")])
    read(engine, series, "head", MIDNIGHT_S, [100.0, 110.0])
    rollup_job.run(engine, series, MIDNIGHT_S + HOUR_S)
    assert amounts(series, "head") == [10.0]
    assert amounts(series, "z-half") == []


def days(series) -> list[tuple[float, float]]:
    bounds = day_start_s(date(2025, 12, 25), "Europe/Brussels"), day_start_s(date(2026, 1, 15), "Europe/Brussels")
    rows = series.intervals(Resolution.DAY, "oil", *bounds)
    return list(zip(rows.amount.tolist(), rows.coverage.tolist(), strict=True))


def test_fuel_between_deliveries_and_what_is_left_when_one_is_taken_back(engine, series):
    tank = Meter("oil", "s", "Tank", Carrier.OIL, Kind.DELIVERY, "kWh")
    first, second = Delivery("oil", date(2026, 1, 1), 2000.0, "l"), Delivery("oil", date(2026, 1, 11), 940.0, "l")
    registry.save(engine, [Site("s", "Site"), tank, first, second])
    window = DirtyWindow("oil", *(day_start_s(d.delivered_on, "Europe/Brussels") * 1000 for d in (first, second)))
    mark_dirty(engine, [window])
    rollup_job.run(engine, series, MIDNIGHT_S)
    made = days(series)
    # 940 l × 10 kWh / 0.94 = 10 000 kWh over ten days; the day of the second delivery is not known yet.
    assert [amount for amount, _ in made[:10]] == pytest.approx([1000.0] * 10)
    assert {coverage for _, coverage in made} == {0.0}
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM delivery WHERE delivered_on = '2026-01-11'")
    mark_dirty(engine, [window])
    rollup_job.run(engine, series, MIDNIGHT_S)
    assert np.isnan([amount for amount, _ in days(series)]).all()


def test_a_formula_that_was_taken_back_leaves_nothing_known_behind(centre):
    engine, series = centre
    read(engine, series, "head", MIDNIGHT_S, [100.0, 110.0, 120.0, 130.0, 140.0])
    read(engine, series, "kitchen", MIDNIGHT_S, [5.0, 6.0, 8.0, 8.0, 9.0])
    rollup_job.run(engine, series, MIDNIGHT_S + HOUR_S)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM virtual_formula WHERE meter = 'a-rest'")
    mark_dirty(engine, [DirtyWindow("a-rest", (MIDNIGHT_S + 900) * 1000, (MIDNIGHT_S + 1800) * 1000)])
    rollup_job.run(engine, series, MIDNIGHT_S + HOUR_S)
    for meter, first, last in (("a-rest", 9.0, 9.0), ("z-half", 4.5, 4.5)):
        # Outside of the window nothing was asked for; in it and above it nothing older stays.
        assert amounts(series, meter) == [
            first,
            pytest.approx(np.nan, nan_ok=True),
            pytest.approx(np.nan, nan_ok=True),
            last,
        ]
        assert amounts(series, meter, Resolution.DAY) == [first + last]


def test_a_formula_that_turns_to_a_meter_of_days_leaves_no_quarters_behind(centre):
    engine, series = centre
    daily = Meter("daily", "s", "Daily", Carrier.ELECTRICITY, Kind.INTERVAL, "kWh", 86_400)
    registry.save(engine, [daily])
    series.write_samples([Samples("daily", "energy_interval", [MIDNIGHT_S * 1000], [48.0], "test", 0)])
    read(engine, series, "head", MIDNIGHT_S, [100.0 + 10 * quarter for quarter in range(97)])
    read(engine, series, "kitchen", MIDNIGHT_S, [5.0] * 97)
    mark_dirty(engine, [DirtyWindow("daily", MIDNIGHT_S * 1000, MIDNIGHT_S * 1000)])
    rollup_job.run(engine, series, MIDNIGHT_S + 86_400)
    assert amounts(series, "z-half") == [5.0] * 96
    whole = DirtyWindow("a-rest", MIDNIGHT_S * 1000, (MIDNIGHT_S + 86_399) * 1000)
    for formula, day, hours in (("[daily]", 24.0, []), ("[head]", 480.0, [20.0] * 24)):
        registry.save(engine, [VirtualFormula("a-rest", formula)])
        mark_dirty(engine, [whole])
        rollup_job.run(engine, series, MIDNIGHT_S + 86_400)
        assert amounts(series, "z-half", Resolution.DAY) == [day]
        assert [one for one in amounts(series, "z-half", Resolution.HOUR) if not np.isnan(one)] == hours


def test_days_that_a_formula_of_finer_meters_does_not_know_are_unsaid(centre):
    engine, series = centre
    daily = Meter("daily", "s", "Daily", Carrier.ELECTRICITY, Kind.INTERVAL, "kWh", 86_400)
    registry.save(engine, [daily, VirtualFormula("a-rest", "[daily]")])
    series.write_samples([Samples("daily", "energy_interval", [MIDNIGHT_S * 1000], [48.0], "test", 0)])
    mark_dirty(engine, [DirtyWindow("daily", MIDNIGHT_S * 1000, MIDNIGHT_S * 1000)])
    rollup_job.run(engine, series, MIDNIGHT_S + 86_400)
    assert amounts(series, "z-half", Resolution.DAY) == [24.0]
    registry.save(engine, [VirtualFormula("a-rest", "[head]")])  # it has no reading yet
    mark_dirty(engine, [DirtyWindow("a-rest", MIDNIGHT_S * 1000, MIDNIGHT_S * 1000)])
    rollup_job.run(engine, series, MIDNIGHT_S + 86_400)
    for meter in ("a-rest", "z-half"):
        for resolution in (Resolution.DAY, Resolution.MONTH):
            rows = series.intervals(resolution, meter, MIDNIGHT_S - 86_400, MIDNIGHT_S + 86_400)
            assert not rows.known.any()


def test_a_later_delivery_makes_only_its_own_stretch_again(engine, series):
    tank = Meter("oil", "s", "Tank", Carrier.OIL, Kind.DELIVERY, "kWh")
    days_on = (date(2026, 1, 1), date(2026, 1, 11), date(2026, 1, 21))
    registry.save(engine, [Site("s", "Site"), tank, *(Delivery("oil", on, 940.0, "l") for on in days_on)])
    start_ms = [day_start_s(on, "Europe/Brussels") * 1000 for on in days_on]
    mark_dirty(engine, [DirtyWindow("oil", start_ms[1], start_ms[2] - 1)])
    rollup_job.run(engine, series, MIDNIGHT_S)
    rows = series.intervals(Resolution.DAY, "oil", 0, MIDNIGHT_S)
    assert (len(rows), int(rows.start_s[0]) * 1000) == (10, start_ms[1])
    assert rows.amount.tolist() == pytest.approx([1000.0] * 10)
