"""Edits of what is known of a meter: exactly the figures they can change are made again, and a line says who did it.

Every meter here counts 2 kWh in each quarter-hour, unless the test says otherwise.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event
from sqlalchemy.exc import IntegrityError

from collector import ledger_check, rollup_job
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import (
    Building,
    CalorificValue,
    Carrier,
    Kind,
    Meter,
    MeterFacts,
    Organisation,
    Site,
    SubMeter,
    Swap,
)
from plagewatch.metering.readings import Samples
from plagewatch.store.engine import open_records
from plagewatch.store.records import audit, registry, work
from plagewatch.store.records.life_cycle import By, MeterEditor, What
from plagewatch.store.records.sharing import EditRefused, Refusal, ShareEditor
from plagewatch.store.series.sqlite import SqliteSeries

QUARTER_MS = 900_000
DAY_MS = 96 * QUARTER_MS
START_MS = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1000
NOW_MS = START_MS + 400 * DAY_MS
YEAR = 365 * 96
REGISTER = "energy_import_total"
NOT_REWRITTEN = -1  # a mark on figures that no job ever makes
METER = Meter("m", "s", "Main meter", Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900)


@dataclass
class Ledger:
    """A meter in real stores, and what the roll-up job rewrites of it."""

    engine: Engine
    series: SqliteSeries
    file: Path
    meter: str = "m"

    def editor(self, who: str = "cell") -> MeterEditor:
        return MeterEditor(self.engine, self.series, By(who, NOW_MS))

    def arrive(self, at_ms, value) -> None:
        at = [int(one) for one in at_ms]
        self.series.write_samples([Samples(self.meter, REGISTER, at, [float(one) for one in value], "test", NOW_MS)])
        work.mark_dirty(self.engine, [work.DirtyWindow(self.meter, min(at), max(at))])

    def windows(self) -> list[tuple[int, int]]:
        _, found = work.dirty_windows(self.engine).get(self.meter, ([], []))
        return [(window.from_ms, window.to_ms) for window in found]

    def rewritten(self) -> tuple[int, int]:
        """Make the figures that wait; the first quarter written, and how many, counted from the first sample on."""
        with closing(sqlite3.connect(self.file)) as file:
            file.execute(f'UPDATE "quarter" SET manual = {NOT_REWRITTEN}')
            file.commit()
            rollup_job.run(self.engine, self.series, NOW_MS // 1000)
            written = file.execute(
                f'SELECT start_s FROM "quarter" WHERE manual != {NOT_REWRITTEN} ORDER BY 1'
            ).fetchall()
        return ((written[0][0] - START_MS // 1000) // 900 if written else 0), len(written)

    def quarters(self) -> Intervals:
        return self.series.intervals(Resolution.QUARTER, self.meter, 0, 2**33)

    def lines(self) -> list[audit.AuditLine]:
        return audit.lines(self.engine, self.meter)


@pytest.fixture
def ledger(engine: Engine, tmp_path) -> Iterator[Ledger]:
    registry.save(engine, [Site("s", "Site"), METER])
    series = SqliteSeries(tmp_path / "series.db")
    yield Ledger(engine, series, tmp_path / "series.db")
    series.close()


@pytest.fixture
def year(ledger: Ledger) -> Ledger:
    """A year of 2 kWh each quarter, its figures made."""
    ledger.arrive(START_MS + np.arange(YEAR + 1) * QUARTER_MS, 1000.0 + 2.0 * np.arange(YEAR + 1))
    ledger.rewritten()
    return ledger


def at(quarter: float) -> int:
    return START_MS + int(quarter * QUARTER_MS)


def changed(before: Intervals, after: Intervals) -> list[int]:
    """Places of the quarters whose amount differs."""
    np.testing.assert_array_equal(before.start_s, after.start_s)
    return np.flatnonzero(~np.isclose(before.amount, after.amount, equal_nan=True)).tolist()


def test_facts_change_the_figures_from_their_instant_to_the_next_ones_only(year):
    registry.save(year.engine, [MeterFacts("m", at(2000), multiplier=1.0)])
    before = year.quarters()
    assert year.editor().enter_facts(MeterFacts("m", at(1000), multiplier=10.0))
    assert year.windows() == [(at(1000), at(2000) - 1)]
    # One sample pair before the window and one after it are looked at again; nothing in them changes.
    first, count = year.rewritten()
    assert (first, count) == (999, 1001)
    after = year.quarters()
    assert changed(before, after) == list(range(1000, 2000))
    assert after.amount[1000:2000].tolist() == [20.0] * 1000
    (balance,) = ledger_check.check(year.engine, year.series, "m")
    assert balance.quarantined == 0.0


def test_facts_that_are_moved_make_the_old_and_the_new_stretch_again(year):
    year.editor().enter_facts(MeterFacts("m", at(1000), multiplier=10.0))
    year.rewritten()
    before = year.quarters()
    assert year.editor("tech").enter_facts(MeterFacts("m", at(1500), multiplier=10.0), instead_of_ms=at(1000))
    assert year.windows() == [(at(1000), at(1500) - 1)]  # from 1500 on the same multiplier holds as before
    year.rewritten()
    assert changed(before, year.quarters()) == list(range(1000, 1500))
    line = year.lines()[0]
    assert (line.who, line.what, line.at_ms) == ("tech", What.FACTS_CHANGED, NOW_MS)
    assert (line.before["valid_from_ms"], line.after["valid_from_ms"]) == (at(1000), at(1500))


def test_facts_of_the_last_stretch_hold_until_now_and_those_of_the_first_from_the_first_reading_on(year):
    year.editor().enter_facts(MeterFacts("m", 0, multiplier=3.0))
    assert year.windows() == [(at(0), NOW_MS)]
    assert year.rewritten() == (0, YEAR)
    year.editor().enter_facts(MeterFacts("m", at(YEAR - 10), multiplier=1.0))
    assert year.windows() == [(at(YEAR - 10), NOW_MS)]
    assert year.rewritten() == (YEAR - 11, 11)
    before = year.quarters()
    year.editor().remove_facts("m", at(YEAR - 10))
    year.rewritten()
    assert changed(before, year.quarters()) == list(range(YEAR - 10, YEAR))
    assert [line.what for line in year.lines()] == [What.FACTS_REMOVED, What.FACTS_ENTERED, What.FACTS_ENTERED]


def test_facts_in_force_before_the_first_reading_change_only_what_was_read(year):
    year.editor().enter_facts(MeterFacts("m", at(-5000), multiplier=2.0))
    year.rewritten()
    before = year.quarters()
    year.editor().enter_facts(MeterFacts("m", at(100)))
    year.rewritten()
    year.editor().remove_facts("m", at(-5000))
    assert year.windows() == [(at(0), at(100) - 1)]
    year.rewritten()
    assert changed(before, year.quarters()) == list(range(YEAR))


def test_what_no_figure_counts_with_marks_nothing_but_is_audited(year):
    year.editor().enter_facts(MeterFacts("m", 0, source="type plate"))
    swap = Swap("m", REGISTER, at(10.5), 1021.0, 1021.0)
    year.editor().declare_swap(swap)
    year.rewritten()
    year.editor().enter_facts(MeterFacts("m", 0, source="contract of 2019", tank_l=3000.0))
    year.editor().declare_swap(replace(swap, who="network operator", serial="77", note="letter", photo="f" * 64))
    assert year.windows() == []
    assert [line.what for line in year.lines()][:2] == [What.SWAP_CHANGED, What.FACTS_CHANGED]
    assert year.lines()[0].before["first_index"] == 1021.0
    assert year.lines()[0].after["serial"] == "77"


def test_an_edit_that_changes_nothing_writes_nothing(year):
    facts, swap = MeterFacts("m", at(7), digits=6, multiplier=4.0), Swap("m", REGISTER, at(10), 1020.0, 0.0)
    for expected in (True, False):
        assert year.editor().enter_facts(facts) is expected
        assert year.editor().declare_swap(swap) is expected
        assert len(year.lines()) == 2
        assert len(year.windows()) == 2
    assert not year.editor().remove_facts("m", at(8))
    assert not year.editor().remove_swap("m", REGISTER, at(11))
    assert not year.editor().remove_swap("m", "gas_volume", at(10))
    assert len(year.lines()) == 2


def test_an_edit_of_a_meter_without_readings_makes_no_work(ledger):
    assert ledger.editor().enter_facts(MeterFacts("m", 0, multiplier=3.0))
    assert ledger.windows() == []
    assert ledger.editor().declare_swap(Swap("m", REGISTER, at(5), 10.0, 0.0, digits=5))
    assert ledger.rewritten() == (0, 0)
    assert len(ledger.lines()) == 2


def test_an_edit_that_fails_leaves_neither_window_nor_line(year):
    statements: list[str] = []
    event.listen(year.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    with pytest.raises(IntegrityError):
        year.editor().enter_facts(MeterFacts("nobody's", 0, multiplier=3.0))
    with pytest.raises(IntegrityError):  # the window is written, the line is not: both must be undone
        replace(year.editor(), by=By(None, NOW_MS)).enter_facts(MeterFacts("m", 0, multiplier=3.0))  # type: ignore[arg-type]
    assert any("INSERT INTO dirty_window" in statement for statement in statements)
    assert (year.windows(), year.lines(), registry.facts_of(year.engine, "m")) == ([], [], [])


@pytest.fixture
def exchanged(ledger: Ledger) -> Ledger:
    """A year in which the device was replaced between the samples 5000 and 5001 by one that began at 0."""
    value = 1000.0 + 2.0 * np.arange(YEAR + 1)
    value[5001:] = 1.0 + 2.0 * np.arange(YEAR - 5000)
    ledger.arrive(START_MS + np.arange(YEAR + 1) * QUARTER_MS, value)
    ledger.rewritten()
    assert np.flatnonzero(np.isnan(ledger.quarters().amount)).tolist() == [5000]
    return ledger


def test_a_swap_changes_its_surroundings_only(exchanged):
    before = exchanged.quarters()
    swap = Swap("m", REGISTER, at(5000.5), 11_001.0, 0.0, "second", who="tech", photo="a" * 64)
    exchanged.editor().declare_swap(swap)
    assert exchanged.windows() == [(at(5000.5), at(5000.5))]
    first, count = exchanged.rewritten()
    # The ledger looks 96 readings (a day) back and forth around a break: of a year, some hundred quarters.
    assert 5000 - 200 <= first <= 5000 < first + count <= 5000 + 200
    after = exchanged.quarters()
    assert changed(before, after) == [5000]
    assert after.amount[5000] == 2.0  # 1 kWh on the old device, 1 kWh on the new one
    (balance,) = ledger_check.check(exchanged.engine, exchanged.series, "m")
    # From 1000 up to 11 001, and from 0 up to 1 + 2 (30 039): what went through is 2 kWh in each quarter of the year.
    assert (balance.declared_steps, balance.booked, balance.balanced) == (11_001.0, 2.0 * YEAR, True)


def test_a_swap_moved_or_removed_makes_both_surroundings_again(exchanged):
    swap = Swap("m", REGISTER, at(5000.5), 11_001.0, 0.0)
    exchanged.editor().declare_swap(replace(swap, at_ms=at(9000.5), last_index=4.0, first_index=4.0))
    exchanged.rewritten()
    exchanged.editor().declare_swap(swap, instead_of_ms=at(9000.5))
    # Of a swap that went, nothing tells any more how far its indexes were taken for the course: twice 97 readings.
    assert exchanged.windows() == [(at(5000.5), at(5000.5)), (at(9001 - 194), at(9000 + 194))]
    exchanged.rewritten()
    assert exchanged.quarters().amount.tolist() == [2.0] * YEAR
    assert registry.swaps_of(exchanged.engine, "m") == [swap]
    before = exchanged.quarters()
    exchanged.editor().remove_swap("m", REGISTER, at(5000.5))
    exchanged.rewritten()
    assert changed(before, exchanged.quarters()) == [5000]
    assert [line.what for line in exchanged.lines()] == [What.SWAP_REMOVED, What.SWAP_CHANGED, What.SWAP_DECLARED]


def test_a_swap_before_the_first_or_after_the_last_reading_waits_for_readings(exchanged):
    before = exchanged.quarters()
    exchanged.editor().declare_swap(Swap("m", REGISTER, at(-50), 500.0, 900.0))
    exchanged.editor().declare_swap(Swap("m", REGISTER, at(YEAR + 3), 61_000.0, 3.0))
    exchanged.rewritten()
    assert changed(before, exchanged.quarters()) == []
    exchanged.arrive([at(YEAR + 4)], [5.0])
    exchanged.rewritten()
    amount = exchanged.quarters().amount
    assert len(amount) == YEAR + 4
    # The last index read is 1 + 2 (30 039) = 60 079; to 61 000 over three quarters, then from 3 to 5 in one.
    assert amount[YEAR:].tolist() == pytest.approx([307.0, 307.0, 307.0, 2.0])


def test_digits_of_a_new_device_change_all_that_is_read_on_it(ledger):
    # The new device turns at 1000, which it does once: 998, 0, 2, ...
    value = (1000.0 + 2.0 * np.arange(1001)) % 10_000
    value[500:] = (4.0 + 2.0 * np.arange(501)) % 1000
    ledger.arrive(START_MS + np.arange(1001) * QUARTER_MS, value)
    ledger.editor().declare_swap(Swap("m", REGISTER, at(499.5), 1999.0, 3.0))
    ledger.rewritten()
    assert np.flatnonzero(np.isnan(ledger.quarters().amount)).tolist() == [997]
    before = ledger.quarters()
    ledger.editor().declare_swap(Swap("m", REGISTER, at(499.5), 1999.0, 3.0, digits=3))
    assert ledger.windows() == [(at(499.5), NOW_MS)]
    ledger.rewritten()
    assert changed(before, ledger.quarters()) == [997]
    assert ledger.quarters().amount.tolist() == [2.0] * 1000


@st.composite
def edited_histories(draw):
    """A register to which things happen, the facts and swaps that hold at first, and edits of them."""
    count = draw(st.integers(150, 700))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    value = np.cumsum(random.integers(0, draw(st.sampled_from([2, 30])), count)) / 10.0 + 500.0
    for _ in range(draw(st.integers(0, 6))):
        place, lasts = random.integers(0, count), random.integers(1, draw(st.sampled_from([2, 8, 130])))
        step = draw(st.sampled_from([-500.0, -0.1, 700.0, -30.0, -1.0, 2.0]))
        value[place : None if draw(st.booleans()) else place + lasts] += step
    value = np.round(np.abs(value), 1) % draw(st.sampled_from([1e6, 1000.0]))
    at_ms = START_MS + np.cumsum(random.choice([1, 1, 1, 1, 2, 9], count)) * QUARTER_MS
    instant = st.integers(START_MS // QUARTER_MS - 10, int(at_ms[-1]) // QUARTER_MS + 10).map(lambda n: n * QUARTER_MS)
    facts = st.builds(
        MeterFacts,
        meter=st.just("m"),
        valid_from_ms=instant,
        digits=st.sampled_from([None, 3]),
        decimals=st.sampled_from([None, 1, 0]),
        multiplier=st.sampled_from([1.0, 4.0]),
        max_power_kw=st.sampled_from([None, 20.0, 400.0]),
    )
    numbers = st.integers(0, 900).map(float)
    swap = st.builds(
        Swap, st.just("m"), st.just(REGISTER), instant, numbers, numbers, digits=st.sampled_from([None, 3])
    )
    return at_ms, value, draw(st.lists(st.one_of(facts, swap), min_size=1, max_size=5)), draw(st.randoms())


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Iterator[Ledger]:
    """One pair of stores for many examples: making the tables takes longest."""
    folder = tmp_path_factory.mktemp("shared")
    engine, series = open_records(f"sqlite:///{folder / 'records.db'}"), SqliteSeries(folder / "series.db")
    registry.save(engine, [Site("s", "Site")])
    yield Ledger(engine, series, folder / "series.db")
    series.close()
    engine.dispose()


def _new(shared: Ledger, at_ms, value) -> Ledger:
    meter = replace(METER, id=f"m{len(registry.meters(shared.engine))}")
    registry.save(shared.engine, [meter])
    ledger = replace(shared, meter=meter.id)
    ledger.arrive(at_ms, value)
    return ledger


# A history this long takes minutes to be made smaller, and says no more then.
@settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(edited_histories())
def test_edits_one_by_one_give_what_all_of_them_at_once_would_have_given(shared, history):
    at_ms, value, entries, random = history
    edited = _new(shared, at_ms, value)
    edited.rewritten()
    for entry in entries:
        entry = replace(entry, meter=edited.meter)
        if isinstance(entry, MeterFacts):
            edited.editor().enter_facts(entry)
        else:
            edited.editor().declare_swap(entry)
        edited.rewritten()
        if random.random() < 0.3:
            if isinstance(entry, MeterFacts):
                edited.editor().remove_facts(edited.meter, entry.valid_from_ms)
            else:
                edited.editor().remove_swap(edited.meter, REGISTER, entry.at_ms)
            edited.rewritten()
    facts, swaps = registry.facts_of(edited.engine, edited.meter), registry.swaps_of(edited.engine, edited.meter)
    at_once = _new(shared, at_ms, value)
    registry.save(at_once.engine, [replace(entry, meter=at_once.meter) for entry in facts])
    registry.save(at_once.engine, [replace(entry, meter=at_once.meter) for entry in swaps])
    at_once.rewritten()
    one, other = edited.quarters(), at_once.quarters()
    assert changed(one, other) == []
    for name in ("amount", "coverage", "interpolated", "spread"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-6, err_msg=name)


def test_shares_are_dated_sum_to_one_and_leave_a_line(ledger):
    registry.save(ledger.engine, [Building(id_, "s", id_) for id_ in ("old", "new")])
    editor = ShareEditor(ledger.engine, By("cell", NOW_MS))
    assert editor.share_meter("m", date(2020, 1, 1), {"old": 1.0})
    assert editor.share_meter("m", date(2026, 6, 1), {"old": 0.1, "new": 0.9})
    assert not editor.share_meter("m", date(2026, 6, 1), {"new": 0.9, "old": 0.1})
    assert editor.share_meter("m", date(2026, 6, 1), {"new": 1.0})
    assert {(share.building, share.valid_from) for share in registry.shares(ledger.engine)} == {
        ("old", date(2020, 1, 1)),
        ("new", date(2026, 6, 1)),
    }
    assert ledger.windows() == []
    assert {"meter": "m", "building": "old", "share": 0.1, "valid_from": "2026-06-01"} in ledger.lines()[0].before
    assert editor.unshare_meter("m", date(2026, 6, 1))
    assert not editor.unshare_meter("m", date(2026, 6, 1))
    assert [share.building for share in registry.shares(ledger.engine)] == ["old"]
    assert [line.what for line in ledger.lines()] == [What.SHARES_REMOVED] + [What.SHARES_SET] * 3


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        ({"a": 0.5, "b": 0.4}, Refusal.SUM),
        ({"a": 1.0, "b": 0.00001}, Refusal.SUM),
        ({}, Refusal.SUM),
        ({"a": 1.5, "b": -0.5}, Refusal.PART),
        ({"a": 1.0, "b": 0.0}, Refusal.PART),
        ({"a": float("nan")}, Refusal.PART),
    ],
)
def test_shares_that_do_not_add_up_are_refused_with_their_sum_and_nothing_is_written(ledger, parts, refusal):
    registry.save(ledger.engine, [Building(id_, "s", id_) for id_ in ("a", "b")] + [Organisation("o", "O")])
    editor = ShareEditor(ledger.engine, By("cell", NOW_MS))
    with pytest.raises(EditRefused) as refused:
        editor.share_meter("m", date(2026, 1, 1), parts)
    assert refused.value.refusal is refusal
    with pytest.raises(EditRefused):
        editor.share_building("a", date(2026, 1, 1), parts)
    assert (registry.shares(ledger.engine), registry.building_shares(ledger.engine)) == ([], [])
    assert audit.lines(ledger.engine) == []


def test_thirds_sum_to_one(ledger):
    registry.save(ledger.engine, [Building(id_, "s", id_) for id_ in "abc"])
    editor = ShareEditor(ledger.engine, By("cell", NOW_MS))
    assert editor.share_meter("m", date(2026, 1, 1), dict.fromkeys("abc", 0.333_333_3))


def test_a_building_is_shared_by_organisations_from_a_day_on(ledger):
    registry.save(ledger.engine, [Building("b", "s", "B"), Organisation("centre", "C"), Organisation("other", "O")])
    editor = ShareEditor(ledger.engine, By("cell", NOW_MS))
    editor.share_building("b", date(2025, 1, 1), {"centre": 1.0})
    editor.share_building("b", date(2026, 1, 1), {"centre": 0.75, "other": 0.25})
    assert {(share.organisation, share.share) for share in registry.building_shares(ledger.engine)} == {
        ("centre", 1.0),
        ("centre", 0.75),
        ("other", 0.25),
    }
    assert editor.unshare_building("b", date(2025, 1, 1))
    assert [line.what for line in audit.lines(ledger.engine, "b")] == [
        What.SHARES_REMOVED,
        What.SHARES_SET,
        What.SHARES_SET,
    ]


def test_a_meter_never_stands_behind_itself(ledger):
    registry.save(ledger.engine, [replace(METER, id=id_) for id_ in ("kitchen", "oven")])
    editor = ShareEditor(ledger.engine, By("cell", NOW_MS))
    assert editor.set_sub_meter(SubMeter("m", "kitchen"))
    assert editor.set_sub_meter(SubMeter("kitchen", "oven"))
    with pytest.raises(EditRefused, match="stands behind") as refused:
        editor.set_sub_meter(SubMeter("oven", "m"))
    assert refused.value.refusal is Refusal.CIRCLE
    with pytest.raises(EditRefused):
        editor.set_sub_meter(SubMeter("m", "m"))
    assert editor.set_sub_meter(SubMeter("m", "kitchen", valid_to=date(2026, 1, 1)))
    assert editor.remove_sub_meter(SubMeter("m", "kitchen"))
    assert editor.set_sub_meter(SubMeter("oven", "m"))
    assert ledger.lines()[1].after == {
        "head": "m", "sub": "kitchen", "valid_from": "1970-01-01", "valid_to": "2026-01-01"
    }  # fmt: skip


def test_a_calorific_value_is_audited_under_its_station(ledger):
    value = CalorificValue("brussels-north", date(2026, 1, 1), 11.52, "network operator")
    assert ledger.editor().set_calorific_value(value)
    assert not ledger.editor().set_calorific_value(value)
    assert ledger.editor().set_calorific_value(replace(value, kwh_per_m3=11.5))
    assert ledger.editor().remove_calorific_value(value)
    assert registry.calorific_values(ledger.engine) == []
    assert [(line.before or {}).get("kwh_per_m3") for line in audit.lines(ledger.engine, "brussels-north")] == [
        11.5,
        11.52,
        None,
    ]


def test_a_swap_that_was_none_is_dismissed_once(ledger):
    assert ledger.editor().dismiss_swap("m", REGISTER, at(5))
    assert not ledger.editor("tech").dismiss_swap("m", REGISTER, at(5))
    (line,) = ledger.lines()
    assert (line.who, line.what, line.after["at_ms"]) == ("cell", What.SWAP_DISMISSED, at(5))
