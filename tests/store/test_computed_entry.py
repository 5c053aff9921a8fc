"""Formulas, deliveries, sub-meters and meters without a device: what is refused, what is made again, who did it."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from collector import rollup_job
from plagewatch.metering.deliveries import burnt_by_day, changed_stretches
from plagewatch.metering.formula import FormulaError
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import (
    Building,
    CalorificValue,
    Carrier,
    Delivery,
    Kind,
    Meter,
    Share,
    Site,
    SubMeter,
    VirtualFormula,
)
from plagewatch.metering.readings import Samples
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.store.records import audit, registry, work
from plagewatch.store.records.deliveries import DeliveryEditor
from plagewatch.store.records.formulas import FormulaEditor
from plagewatch.store.records.life_cycle import By, MeterEditor, What
from plagewatch.store.records.meter_entry import MeterEntry
from plagewatch.store.records.sharing import ShareEditor
from plagewatch.store.records.work import DirtyWindow

TZ = "Europe/Brussels"
START_MS = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1000
NOW_MS = START_MS + 400 * 86_400_000
BY = By("els", NOW_MS)


def power(name: str, kind: Kind = Kind.INDEX) -> Meter:
    return Meter(name, "s", name, Carrier.ELECTRICITY, kind, "kWh", 900 if kind is Kind.INDEX else None)


TANK = Meter("oil", "s", "Tank", Carrier.OIL, Kind.DELIVERY, "kWh")


@pytest.fixture
def records(engine):
    meters = [power("a"), power("b"), power("v", Kind.VIRTUAL), power("w", Kind.VIRTUAL), TANK]
    gas = Meter("gas", "s", "Gas", Carrier.GAS, Kind.INDEX, "m3")
    registry.save(engine, [Site("s", "Site"), Building("b1", "s", "One"), Building("b2", "s", "Two"), *meters, gas])
    return engine


@pytest.fixture
def formulas(records, series):
    return FormulaEditor(records, series, BY)


@pytest.fixture
def deliveries(records):
    return DeliveryEditor(records, BY)


def windows(engine, meter: str) -> list[tuple[int, int]]:
    ids, found = work.dirty_windows(engine).get(meter, ([], []))
    work.done(engine, ids)
    return [(window.from_ms, window.to_ms) for window in found]


def evidence(series, meter: str, *at_ms: int) -> None:
    values = [float(place) for place in range(len(at_ms))]
    series.write_samples([Samples(meter, "energy_import_total", list(at_ms), values, "test", NOW_MS)])


# Formulas


def test_a_formula_makes_its_meter_again_from_where_all_its_sources_tell_something(formulas, records, series):
    evidence(series, "a", START_MS, START_MS + 900_000)
    evidence(series, "b", START_MS + 5 * 900_000, START_MS + 6 * 900_000)
    assert formulas.set(VirtualFormula("v", "[a]  -\n[b]"))
    assert windows(records, "v") == [(START_MS + 5 * 900_000, NOW_MS)]
    assert not formulas.set(VirtualFormula("v", "[a] - [b]"))
    assert windows(records, "v") == []
    later = START_MS + 50 * 900_000
    assert formulas.set(VirtualFormula("v", "[b]", later))
    assert windows(records, "v") == [(later, NOW_MS)]
    assert formulas.set(VirtualFormula("v", "[a]"))  # what was known from the fifth quarter on is known from the first
    assert windows(records, "v") == [(START_MS, later - 1)]
    assert formulas.remove("v", later)
    assert windows(records, "v") == [(later, NOW_MS)]
    lines = audit.lines(records, "v")
    assert [line.what for line in lines] == [What.FORMULA_REMOVED, *[What.FORMULA_SET] * 3]
    assert lines[-1].after == {"meter": "v", "formula": "[a] - [b]", "valid_from_ms": 0}
    assert {line.who for line in lines} == {"els"}


def test_a_formula_of_meters_without_a_reading_makes_nothing_again(formulas, records):
    assert formulas.set(VirtualFormula("v", "[a] - [b]"))
    assert windows(records, "v") == []


def test_a_formula_reaches_through_virtual_meters_and_tanks(formulas, records, series, deliveries):
    evidence(series, "a", START_MS, START_MS + 900_000)
    deliveries.enter(Delivery("oil", date(2026, 3, 1), 1000.0, "l"))
    formulas.set(VirtualFormula("v", "2 * [a]"))
    windows(records, "v")
    assert formulas.set(VirtualFormula("w", "[v] + [oil]"))
    assert windows(records, "w") == [(day_start_s(date(2026, 3, 1), TZ) * 1000, NOW_MS)]


def test_a_formula_that_counts_coarser_than_before_makes_all_of_it_again(formulas, records, series):
    evidence(series, "a", START_MS, START_MS + 900_000)
    formulas.set(VirtualFormula("v", "[a]"))
    windows(records, "v")
    formulas.set(VirtualFormula("v", "[a] + [oil]", START_MS + 86_400_000))
    assert windows(records, "v") == [(START_MS, NOW_MS)]


@pytest.mark.parametrize(
    ("formula", "refusal", "said"),
    [
        (VirtualFormula("v", "[gas]"), Refusal.FORMULA, "in m3, its meter counts in kWh"),
        (VirtualFormula("v", "[nobody]"), Refusal.FORMULA, "There is no meter “nobody”"),
        (VirtualFormula("v", "a - b"), Refusal.FORMULA, "“a” is no unit of a formula"),
        (VirtualFormula("v", "[v]"), Refusal.FORMULA_CIRCLE, "computed from itself"),
        (VirtualFormula("v", "[a] + [w]", 500), Refusal.FORMULA_CIRCLE, "[w] needs it"),
        (VirtualFormula("a", "[b]"), Refusal.KIND, "readings of its own"),
        (VirtualFormula("nobody", "[b]"), Refusal.UNKNOWN, "There is no meter “nobody”"),
    ],
)
def test_a_formula_that_cannot_be_computed_is_refused_before_it_is_stored(formulas, records, formula, refusal, said):
    registry.save(records, [VirtualFormula("w", "[v]", 900)])
    with pytest.raises(FormulaError) as refused:
        formulas.set(formula)
    assert refused.value.refusal is refusal
    assert said in str(refused.value)
    assert [one.meter for one in registry.virtual_formulas(records)] == ["w"]
    assert audit.lines(records) == []


def test_a_formula_that_is_not_there_cannot_be_taken_back(formulas):
    with pytest.raises(EditRefused, match="no formula from that moment"):
        formulas.remove("v", 12)


# Deliveries


def day_ms(day: date) -> int:
    return day_start_s(day, TZ) * 1000


JANUARY, FEBRUARY, MARCH, APRIL = (date(2026, month, 1) for month in (1, 2, 3, 4))


def test_a_delivery_changes_the_days_between_its_neighbours(deliveries, records):
    assert deliveries.enter(Delivery("oil", JANUARY, 1000.0, "l", "r1"))
    assert windows(records, "oil") == []  # what was burnt before the first is not known, nor after the last
    assert deliveries.enter(Delivery("oil", MARCH, 1000.0, "l", "r2"))
    assert windows(records, "oil") == [(day_ms(JANUARY), day_ms(MARCH) - 1)]
    assert deliveries.enter(Delivery("oil", APRIL, 1000.0, "l", "r3"))
    assert windows(records, "oil") == [(day_ms(MARCH), day_ms(APRIL) - 1)]
    assert deliveries.enter(Delivery("oil", FEBRUARY, 400.0, "l", " r1b "))
    assert windows(records, "oil") == [(day_ms(JANUARY), day_ms(MARCH) - 1)]
    assert not deliveries.enter(Delivery("oil", FEBRUARY, 400.0, "l", "r1b"))
    assert windows(records, "oil") == []
    assert deliveries.enter(Delivery("oil", MARCH, 1100.0, "l", "r2"), instead_of=(MARCH, "r2"))
    assert windows(records, "oil") == [(day_ms(FEBRUARY), day_ms(MARCH) - 1)]
    assert deliveries.enter(Delivery("oil", MARCH, 1100.0, "l", "r2", "dipstick"), instead_of=(MARCH, "r2"))
    assert windows(records, "oil") == []  # a note changes no figure, and is audited
    assert deliveries.remove("oil", APRIL, "r3")
    assert windows(records, "oil") == [(day_ms(MARCH), day_ms(APRIL) - 1)]
    what = [line.what for line in audit.lines(records, "oil")]
    assert what == [What.DELIVERY_REMOVED, *[What.DELIVERY_CHANGED] * 2, *[What.DELIVERY_ENTERED] * 4]


def test_a_first_delivery_taken_back_makes_its_days_unknown(deliveries, records, series):
    for day in (JANUARY, FEBRUARY, MARCH):
        deliveries.enter(Delivery("oil", day, 940.0, "l"))
    rollup_job.run(records, series, NOW_MS // 1000)
    assert len(known_days(series)) == 59
    deliveries.remove("oil", JANUARY)
    assert windows(records, "oil") == [(day_ms(JANUARY), day_ms(FEBRUARY) - 1)]
    work.mark_dirty(records, [DirtyWindow("oil", day_ms(JANUARY), day_ms(FEBRUARY) - 1)])
    rollup_job.run(records, series, NOW_MS // 1000)
    # 940 l × 10 kWh / 0.94 in the 28 days of February.
    assert known_days(series) == pytest.approx([10_000 / 28] * 28)


def known_days(series) -> list[float]:
    rows = series.intervals(Resolution.DAY, "oil", 0, NOW_MS // 1000)
    return [float(amount) for amount in rows.amount[rows.known]]


@given(some.lists(some.tuples(some.integers(0, 40), some.sampled_from([500.0, 800.0])), max_size=7), some.data())
@settings(max_examples=150, deadline=None)
def test_outside_of_the_changed_stretches_nothing_differs_and_within_everything_does(entered, data):
    every = [
        Delivery("oil", date.fromordinal(JANUARY.toordinal() + day), litres, "l", str(number))
        for number, (day, litres) in enumerate(entered)
    ]
    before = data.draw(some.lists(some.sampled_from(every), unique=True)) if every else []
    made = [burnt_by_day(Carrier.OIL, deliveries, TZ) for deliveries in (before, every)]
    was, will_be = (dict(zip(one.start_s.tolist(), one.amount.tolist(), strict=True)) for one in made)
    stretches = changed_stretches(Carrier.OIL, before, every, TZ)
    for start_s in was.keys() | will_be.keys():
        inside = any(first_s <= start_s < after_s for first_s, after_s in stretches)
        assert inside == (was.get(start_s) != will_be.get(start_s))


@pytest.mark.parametrize(
    ("delivery", "refusal", "said"),
    [
        (Delivery("oil", JANUARY, 0.0, "l"), Refusal.QUANTITY, "The quantity is 0; it must be above 0"),
        (Delivery("oil", JANUARY, float("nan"), "l"), Refusal.QUANTITY, "above 0"),
        (Delivery("oil", JANUARY, 5.0, "gallon"), Refusal.UNIT, "“gallon” is no unit of a delivery"),
        (Delivery("oil", date(2027, 2, 6), 5.0, "l"), Refusal.DAY, "cannot have come on 2027-02-06"),
        (Delivery("oil", date(1969, 12, 31), 5.0, "l"), Refusal.DAY, "1969-12-31"),
        (Delivery("a", JANUARY, 5.0, "l"), Refusal.KIND, "a is no tank"),
        (Delivery("nobody", JANUARY, 5.0, "l"), Refusal.UNKNOWN, "There is no meter “nobody”"),
        (Delivery("oil", FEBRUARY, 5.0, "l", "r1"), Refusal.NAME, "with that document already"),
    ],
)
def test_a_delivery_that_cannot_have_been_is_refused(deliveries, records, delivery, refusal, said):
    registry.save(records, [Delivery("oil", FEBRUARY, 940.0, "l", "r1")])
    with pytest.raises(EditRefused) as refused:
        deliveries.enter(delivery)
    assert refused.value.refusal is refusal
    assert said in str(refused.value)
    assert [one.quantity for one in registry.deliveries(records)] == [940.0]
    assert audit.lines(records) == []


def test_a_delivery_that_is_not_there_is_neither_changed_nor_removed(deliveries):
    with pytest.raises(EditRefused, match="There is no delivery of 2026-01-01 with the document “x”"):
        deliveries.remove("oil", JANUARY, "x")
    with pytest.raises(EditRefused, match="There is no delivery"):
        deliveries.enter(Delivery("oil", JANUARY, 5.0, "l"), instead_of=(JANUARY, "x"))


# Sub-meters, meters, stations


def test_a_sub_meter_counts_what_its_head_counts(records):
    editor = ShareEditor(records, BY)
    with pytest.raises(EditRefused, match="and Gas gas in m3") as refused:
        editor.set_sub_meter(SubMeter("a", "gas"))
    assert refused.value.refusal is Refusal.UNLIKE
    assert editor.set_sub_meter(SubMeter("a", "b"))
    with pytest.raises(EditRefused, match="b stands behind a in that time"):
        editor.set_sub_meter(SubMeter("v", "b"))
    assert [line.what for line in audit.lines(records, "a")] == [What.SUB_METER_SET]


def test_a_tank_is_entered_with_its_buildings_and_a_line_for_each(records):
    tank = Meter("b1.oil", "s", " Oil tank ", Carrier.OIL, Kind.DELIVERY, "kWh")
    MeterEntry(records, BY).add(tank, {"b1": 0.25, "b2": 0.75})
    assert registry.meter(records, "b1.oil") == replace(tank, name="Oil tank")
    assert [one for one in registry.shares(records) if one.meter == "b1.oil"] == [
        Share("b1.oil", "b1", 0.25),
        Share("b1.oil", "b2", 0.75),
    ]
    assert [line.what for line in audit.lines(records, "b1.oil")] == [What.SHARES_SET, What.METER_ENTERED]


@pytest.mark.parametrize(
    ("changed", "parts", "refusal"),
    [
        ({"id": "a"}, {"b1": 1.0}, Refusal.NAME),
        ({"id": "x y"}, {"b1": 1.0}, Refusal.NAME),
        ({"id": "[x]"}, {"b1": 1.0}, Refusal.NAME),
        ({"name": " "}, {"b1": 1.0}, Refusal.NAME),
        ({"site": "nowhere"}, {"b1": 1.0}, Refusal.UNKNOWN),
        ({}, {"nowhere": 1.0}, Refusal.UNKNOWN),
        ({}, {"b1": 0.5}, Refusal.SUM),
        ({}, {}, Refusal.SUM),
        ({"kind": Kind.GAUGE}, {"b1": 1.0}, Refusal.KIND),
        ({"kind": Kind.INDEX, "carrier": Carrier.OIL}, {"b1": 1.0}, Refusal.UNIT),
        ({"kind": Kind.INDEX, "ean": "541448920708672024"}, {"b1": 1.0}, Refusal.NAME),
        ({"carrier": Carrier.WATER}, {"b1": 1.0}, Refusal.KIND),
        ({"unit": "l"}, {"b1": 1.0}, Refusal.UNIT),
        ({"kind": Kind.VIRTUAL, "carrier": Carrier.WEATHER}, {"b1": 1.0}, Refusal.UNIT),
    ],
)
def test_a_meter_that_cannot_be_is_refused(records, changed, parts, refusal):
    tank = replace(Meter("b1.oil", "s", "Oil", Carrier.OIL, Kind.DELIVERY, "kWh"), **changed)
    before = registry.meters(records), registry.shares(records)
    with pytest.raises(EditRefused) as refused:
        MeterEntry(records, BY).add(tank, parts)
    assert refused.value.refusal is refusal
    assert (registry.meters(records), registry.shares(records)) == before


def test_the_station_of_a_gas_meter_is_chosen_and_audited(records):
    entry = MeterEntry(records, BY)
    assert entry.set_gas_station("gas", " Brussels H ")
    assert not entry.set_gas_station("gas", "Brussels H")
    found = registry.meter(records, "gas")
    assert found is not None
    assert found.gas_station == "Brussels H"
    (line,) = audit.lines(records, "gas")
    assert (line.what, line.before["gas_station"], line.after["gas_station"]) == ("meter_changed", "", "Brussels H")
    for meter in ("a", "nobody"):
        with pytest.raises(EditRefused):
            entry.set_gas_station(meter, "x")


@pytest.mark.parametrize("kwh_per_m3", [1150.0, 0.0, -11.0, float("nan"), 4.99])
def test_a_calorific_value_that_no_gas_has_is_refused(records, series, kwh_per_m3):
    with pytest.raises(EditRefused, match="no calorific value of gas"):
        MeterEditor(records, series, BY).set_calorific_value(CalorificValue("s", JANUARY, kwh_per_m3))
    assert registry.calorific_values(records) == []
