"""Evidence in any order and in any pieces gives the same figures as all of it at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector import ledger_check
from plagewatch.metering.intervals import Floats, Resolution
from plagewatch.metering.meters import MeterFacts
from plagewatch.metering.readings import Quality
from tests.collector.ledger_stores import (
    INDEX,
    QUARTER_MS,
    START_MS,
    Stores,
    assert_same,
    new_meter,
)


@st.composite
def histories(draw):
    """A register's samples with things that happen to it, and an order in which they arrive, in pieces."""
    count = draw(st.integers(3, 500))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    rises = random.integers(0, draw(st.sampled_from([2, 30])), count)
    value: Floats = (np.cumsum(rises) / 10.0 + 500.0).astype(np.float64)
    for _ in range(draw(st.integers(0, 5))):
        place, lasts = random.integers(0, count), random.integers(1, draw(st.sampled_from([2, 8, 130])))
        step = draw(st.sampled_from([-500.0, -0.1, 700.0, -30.0]))
        value[place : None if draw(st.booleans()) else place + lasts] += step
    value = np.asarray(np.round(np.abs(value), 1), np.float64)
    distance_ms = draw(st.sampled_from([QUARTER_MS, 420_000, 10_000]))  # a live logger tells many times a quarter
    at_ms = START_MS + np.cumsum(random.choice([1, 1, 1, 1, 2, 9], count)) * distance_ms
    again = random.integers(0, count, draw(st.integers(0, 4)))
    at_ms, value = np.concatenate([at_ms, at_ms[again]]), np.concatenate([value, value[again] + 40.0])
    late = draw(st.sampled_from([0.0, 3.0, 1000.0]))  # how far packets overtake each other
    order = np.argsort(np.arange(len(at_ms)) + late * random.random(len(at_ms)), kind="stable")
    cuts = sorted(random.integers(1, len(at_ms), min(draw(st.integers(0, 6)), len(at_ms) - 1)))
    facts = MeterFacts("m", decimals=draw(st.sampled_from([None, 1])), max_power_kw=draw(st.sampled_from([None, 50.0])))
    quality = random.choice(draw(st.sampled_from([[0], [0, 0, 0, 1, 2], [0, 2]])), len(at_ms))
    return at_ms[order], value[order], quality[order], cuts, facts


def arrive(kept: Stores, at_ms, value, quality) -> None:
    for told in Quality:
        if (quality == told).any():
            kept.arrive(at_ms[quality == told], value[quality == told], INDEX, told)


@pytest.mark.parametrize("interval_s", [900, None], ids=["entered", "learnt"])
@settings(max_examples=60, deadline=None)
@given(history=histories())
def test_neither_order_nor_pieces_change_a_figure(shared, interval_s, history):
    at_ms, value, quality, cuts, facts = history
    pieces, at_once = new_meter(shared, facts, interval_s), new_meter(shared, facts, interval_s)
    for part in np.split(np.arange(len(at_ms)), cuts):
        if len(part):
            arrive(pieces, at_ms[part], value[part], quality[part])
            pieces.roll_up()
    arrive(at_once, at_ms, value, quality)
    at_once.roll_up()
    for resolution in Resolution:
        assert_same(pieces.figures(resolution), at_once.figures(resolution))
    assert pieces.found() == at_once.found()
    for kept in (pieces, at_once):
        assert all(balance.balanced for balance in ledger_check.check(kept.engine, kept.series, kept.meter.id))


@pytest.mark.parametrize("order", [1, -1], ids=["in order", "late"])
def test_a_logger_that_tells_many_times_a_quarter_fills_it_piece_by_piece(shared, order):
    # Quarterly readings, some minutes of silence, then one every ten seconds, rolled up after each.
    seldom, often = np.arange(300) * QUARTER_MS, 300 * QUARTER_MS + 472_000 + np.arange(120) * 10_000
    at_ms = START_MS + np.concatenate([seldom, often])
    value = np.round(500.0 + (at_ms - START_MS) / 1e5, 3)
    pieces, at_once = new_meter(shared, MeterFacts("m")), new_meter(shared, MeterFacts("m"))
    pieces.arrive(at_ms[:300], value[:300])
    pieces.roll_up()
    for place in np.arange(300, 420)[::order]:
        pieces.arrive(at_ms[[place]], value[[place]])
        pieces.roll_up()
    at_once.arrive(at_ms, value)
    at_once.roll_up()
    for resolution in Resolution:
        assert_same(pieces.figures(resolution), at_once.figures(resolution))


def test_a_spike_that_comes_late_can_change_what_a_jump_long_before_it_was(shared):
    # The fall ends the jump, until the spike tells that it was a drop that returned.
    at_ms, value = START_MS + np.arange(230) * QUARTER_MS, 500.0 + np.arange(230) / 10
    value[62:] += 700.0
    value[144:] -= 500.0
    value[187] += 700.0
    pieces, at_once = new_meter(shared, MeterFacts("m")), new_meter(shared, MeterFacts("m"))
    for part in (slice(0, 184), slice(184, 230)):
        pieces.arrive(at_ms[part], value[part])
        pieces.roll_up()
    at_once.arrive(at_ms, value)
    at_once.roll_up()
    assert_same(pieces.figures(Resolution.QUARTER), at_once.figures(Resolution.QUARTER))


def test_a_reading_that_comes_after_a_long_jump_leaves_the_jump_set_aside(shared):
    at_ms, value = START_MS + np.arange(400) * QUARTER_MS, 500.0 + np.arange(400) / 10
    value[100:170] += 700.0
    for place in range(150, 300, 10):
        kept = new_meter(shared, MeterFacts("m", decimals=1))
        late = np.arange(400) == place
        kept.arrive(at_ms[~late], value[~late])
        kept.roll_up()
        kept.arrive(at_ms[late], value[late])
        kept.roll_up()
        np.testing.assert_allclose(kept.figures(Resolution.QUARTER).amount, 0.1, atol=1e-9)
