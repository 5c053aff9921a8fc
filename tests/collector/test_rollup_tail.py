"""Packets that come one after the other make, to the last bit, the figures that all evidence makes at once."""

from dataclasses import fields, replace
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector import rollup_job
from collector.ahead import read_ahead
from collector.subjects import subjects
from plagewatch.metering.edits import swap_stretches
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import MeterFacts, Swap
from plagewatch.metering.readings import Quality
from plagewatch.store.records import registry, work
from plagewatch.store.records.leases import leased
from plagewatch.store.records.work import DirtyWindow
from plagewatch.store.series.sqlite import SqliteSeries
from tests.collector.ledger_stores import INDEX, METER, QUARTER_MS, START_MS, Stores, stores

MARCH_END_MS = START_MS + 26 * 86_400_000 + 20 * 3_600_000  # the evening before the day of 23 hours
FACTS = [
    (),
    (MeterFacts("m", decimals=1, digits=4, max_power_kw=40.0),),
    (
        MeterFacts("m", multiplier=20.0, max_power_kw=800.0),
        MeterFacts("m", MARCH_END_MS + 6 * QUARTER_MS, multiplier=2.0),
    ),
]


def assert_identical(one: Stores, other: Stores) -> None:
    for flow in ("main", "export"):
        for resolution in Resolution:
            mine, theirs = one.figures(resolution, flow), other.figures(resolution, flow)
            for field in fields(mine):
                np.testing.assert_array_equal(
                    getattr(mine, field.name), getattr(theirs, field.name), f"{flow} {resolution} {field.name}"
                )
    assert one.found() == other.found()


steps = st.sampled_from([QUARTER_MS, QUARTER_MS, QUARTER_MS, 300_000, 437_123, 2 * QUARTER_MS, 30 * QUARTER_MS])
moves = st.sampled_from([0.0, 0.1, 0.4, 1.0, 7.3, 0.4, 0.1, -0.1, -50.0, 60.0])
kinds = st.sampled_from(
    ["next", "next", "next", "next", "late", "twice", "contradiction", "export", "estimate", "quiet"]
)


@settings(max_examples=60, deadline=None)
@given(
    path=st.lists(st.tuples(steps, moves, kinds), min_size=3, max_size=40),
    facts=st.sampled_from(FACTS),
    interval_s=st.sampled_from([900, None]),
    data=st.data(),
)
def test_packet_by_packet_is_all_at_once(path, facts, interval_s, data):
    meter = replace(METER, interval_s=interval_s)
    with stores(*facts, meter=meter) as live, stores(*facts, meter=meter) as whole:
        at_ms, index, told, late = MARCH_END_MS + data.draw(st.sampled_from([0, 1, 421_000])), 100.0, [], []
        for step, move, kind in path:
            at_ms, index = at_ms + step, round(index + move, 1)
            sample = (at_ms, index, INDEX, Quality.MEASURED)
            if kind == "late":
                late.append(sample)
                continue
            told.append(sample)
            if kind == "contradiction":
                told.append((at_ms, index + 3.0, INDEX, Quality.MEASURED))
            if kind == "estimate":
                told.append((at_ms + 60_000, index + 0.05, INDEX, Quality.ESTIMATED))
            if kind == "export":
                told.append((at_ms, 5.0 + len(told), "energy_export_total", Quality.MEASURED))
            if kind == "twice":
                told.append(told[-1])
            if late and kind == "quiet":
                told += late
                late.clear()
        for at, value, register, quality in [*told, *late]:
            live.arrive([at], [value], register, quality)
            if data.draw(st.integers(0, 4)):
                live.roll_up()
        live.roll_up()
        for at, value, register, quality in [*told, *late]:
            whole.arrive([at], [value], register, quality)
        whole.roll_up()
        assert_identical(live, whole)


@pytest.mark.parametrize("interval_s", [900, None])
def test_a_meter_that_only_goes_on_is_read_from_its_end(interval_s):
    with stores(meter=replace(METER, interval_s=interval_s)) as kept:
        at_ms = START_MS + 7_000 + np.arange(300) * QUARTER_MS
        for place in range(0, 300, 20):
            kept.arrive(at_ms[place : place + 20], np.arange(place, place + 20) * 0.7)
            kept.roll_up()
        kept.arrive([at_ms[-1] + QUARTER_MS], [300 * 0.7])
        with leased(kept.engine, ["m"]) as lease:
            known = subjects(kept.engine, ["m"])
            spans = {"m": [(w.from_ms, w.to_ms) for w in lease.waiting["m"][1]]}
            ahead = read_ahead(kept.series, lease.tails, known, spans)
            assert len(ahead["m"].evidence[INDEX].at_ms) <= 5
        read: list[str] = []
        kept.series = cast(SqliteSeries, Counting(kept.series, read))
        kept.roll_up()
        assert read == ["samples_of"]  # one question for all meters, and no other


class Counting:
    """The real store, and what was asked of it."""

    def __init__(self, series, read) -> None:
        self._series, self._read = series, read

    def __getattr__(self, name):
        if name in ("samples_of", "samples", "samples_around", "instants_ms", "registers", "intervals"):
            self._read.append(name)
        return getattr(self._series, name)


def test_a_meter_that_raises_keeps_no_other_waiting():
    others = [replace(METER, id=name) for name in ("a", "z")]
    with stores(*others, meter=replace(METER, interval_s=None)) as kept:  # all its samples are looked at
        for name in ("a", "m", "z"):
            one = Stores(kept.engine, kept.series, replace(METER, id=name))
            one.arrive([START_MS, START_MS + QUARTER_MS], [1.0, 2.0])
        sound, kept.series = kept.series, cast(SqliteSeries, Faulty(kept.series, []))
        with pytest.raises(rollup_job.FiguresFailed, match="figures of meter m cannot be made: ZeroDivisionError: odd"):
            kept.roll_up()
        assert list(work.dirty_windows(kept.engine)) == ["m"]
        kept.series = sound
        assert kept.roll_up() == 1
        for name in ("a", "m", "z"):
            assert kept.series.intervals(Resolution.QUARTER, name, 0, 2**33).amount.tolist() == [1.0]


class Faulty(Counting):
    """A store that one meter's evidence makes stumble."""

    def registers(self, meter: str) -> list[str]:
        if meter == "m":
            raise ZeroDivisionError("odd")
        return list(self._series.registers(meter))


swapped = st.tuples(
    st.integers(0, 39),  # at which sample
    st.sampled_from([0, 0, -1, 1, -60_000, QUARTER_MS // 2]),
    st.sampled_from([0.0, 0.0, 0.2, 50.0]),  # what the old device still counted
    st.sampled_from([0.0, 3.0, 100.0, 5000.0]),  # what the new one began with
    st.sampled_from([None, 3, 6]),
    st.integers(0, 10),  # how many samples later it is declared
)
READS = st.lists(st.tuples(steps, st.sampled_from([0.0, 0.1, 0.4, 1.0, 7.3]), st.booleans()), min_size=2, max_size=30)


@settings(max_examples=25, deadline=None)
@given(
    before=READS,
    calm=st.sampled_from([0, 120]),  # so many samples stand between an exchange whose index falls and an anchor
    after=READS,
    swaps=st.lists(swapped, min_size=1, max_size=3, unique_by=lambda one: one[0]),
    as_told=st.booleans(),
    interval_s=st.sampled_from([900, None]),
)
def test_packets_after_an_exchange_make_what_all_evidence_makes(before, calm, after, swaps, as_told, interval_s):
    path = [*before, *[(QUARTER_MS, 0.4, False)] * calm, *after]
    times = (MARCH_END_MS + np.cumsum([step for step, *_ in path])).tolist()
    index, samples, declared = 100.0, list[float](), dict[int, list[Swap]]()
    by_place = {place: rest for place, *rest in swaps}
    for place, (_, move, _) in enumerate(path):
        if place in by_place:
            offset, counted, first, digits, later = by_place[place]
            last, index = index + counted, first
            told = round(index + move, 1) if as_told and offset == 0 else first
            swap = Swap("m", INDEX, times[place] + offset, last, told, digits=digits)
            declared.setdefault(min(place + later, len(path) - 1), []).append(swap)
        index = round(index + move, 1)
        samples.append(index)
    meter = replace(METER, interval_s=interval_s)
    with stores(meter=meter) as live, stores(meter=meter) as whole:
        for place, (_, _, now) in enumerate(path):
            live.arrive(times[place : place + 1], samples[place : place + 1])
            told_now = declared.get(place, [])
            registry.save(live.engine, told_now)
            work.mark_dirty(live.engine, [DirtyWindow("m", at, end - 1) for at, end in swap_stretches([], told_now)])
            if now:
                live.roll_up()
        live.roll_up()
        registry.save(whole.engine, [swap for some in declared.values() for swap in some])
        whole.arrive(times, samples)
        whole.roll_up()
        assert_identical(live, whole)


def test_a_meter_that_was_once_exchanged_is_read_from_its_end_again():
    with stores(Swap("m", INDEX, START_MS + 10 * QUARTER_MS, last_index=7.0, first_index=0.0)) as kept:
        at_ms = START_MS + 7_000 + np.arange(200) * QUARTER_MS
        index = np.concatenate([np.arange(10), np.arange(190)]) * 0.7
        for first in range(0, 200, 20):
            kept.arrive(at_ms[first : first + 20], index[first : first + 20])
            kept.roll_up()
        kept.arrive([at_ms[-1] + QUARTER_MS], [190 * 0.7])
        read: list[str] = []
        kept.series = cast(SqliteSeries, Counting(kept.series, read))
        kept.roll_up()
        assert read == ["samples_of"]


def test_a_swap_at_the_very_first_sample_counts_whenever_it_is_told():
    with stores() as kept:
        swap = Swap("m", INDEX, START_MS, last_index=0.0, first_index=0.0)
        registry.save(kept.engine, [swap])
        kept.arrive([START_MS, START_MS + 300_000], [5000.0, 5000.0])
        kept.roll_up()
        # From the first index 0 to 5000 at the same instant, within the quarter that begins then.
        found = kept.series.intervals(Resolution.QUARTER, "m", 0, 2**33)
        assert found.amount.tolist() == [5000.0]
