"""Whatever a register said, in whatever order and pieces: nothing is lost, nothing invented."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from plagewatch.metering.affected import ENOUGH, Known, affected
from plagewatch.metering.course import REACH, Note
from plagewatch.metering.flows import added
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import MeterFacts, Swap
from plagewatch.metering.registers import Booking, Terms, book
from plagewatch.metering.rollups import bounds_s, roll_up
from tests.metering.ledger_oracle import Exchange, Register, account

QUARTER_MS = 900_000
MINUTE_MS = 60_000
START_MS = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 1000
TZ = "Europe/Brussels"
EVER_S = (0, 2**33)
TENTH = MeterFacts("m", decimals=1)

# Each property is tried on this many streams; they are small, so that all of them take seconds.
many = settings(max_examples=500, deadline=None)


@dataclass(frozen=True)
class Stream:
    """What a register said: instants and whole last decimals (tenths), by time; and what is known of it."""

    at_ms: list[int]
    tenths: list[int]
    facts: MeterFacts = TENTH
    usual_s: int = 900
    swaps: list[Swap] = field(default_factory=list)

    @property
    def terms(self) -> Terms:
        return Terms(self.usual_s, "kWh", [self.facts], self.swaps)

    @property
    def samples(self) -> list[tuple[int, int]]:
        return list(zip(self.at_ms, self.tenths, strict=True))


def arrays(samples) -> tuple[np.ndarray, np.ndarray]:
    """Evidence as a series store gives it: each value once, by instant and value."""
    known = sorted(set(samples))
    return np.array([at for at, _ in known], np.int64), np.array([value / 10 for _, value in known])


def booked(samples, terms: Terms) -> Booking:
    return book(*arrays(samples), terms, *EVER_S)


def rows(figures: Intervals) -> dict[int, tuple[float, ...]]:
    names = ("amount", "coverage", "interpolated", "spread", "estimated", "manual")
    columns = [np.nan_to_num(getattr(figures, name), nan=-1.0).tolist() for name in names]
    return dict(zip(figures.start_s.tolist(), zip(*columns, strict=True), strict=True))


@st.composite
def monotone(draw, most: int = 40, least: int = 2, offset: bool = True):
    """An undisturbed register: readings of every distance, some of them far apart."""
    apart = draw(st.lists(st.sampled_from([5, 15, 15, 15, 30, 45, 60, 75, 300]), min_size=least - 1, max_size=most))
    rises = draw(st.lists(st.integers(0, 3), min_size=len(apart), max_size=len(apart)))
    begin_ms = START_MS + (draw(st.sampled_from([0, 0, 7])) if offset else 0) * MINUTE_MS
    at_ms = [begin_ms + int(step) * MINUTE_MS for step in np.cumsum([0, *apart])]
    # At most 0.3 kWh in five minutes: 3.6 kW.
    steps = [rise * minutes // 5 for rise, minutes in zip(rises, apart, strict=True)]
    base = draw(st.sampled_from([50_000, 123_456]))
    return Stream(at_ms, [int(value) for value in base + np.cumsum([0, *steps])])


@st.composite
def disturbed(draw):
    """A register to which clear things happen, a few readings from each other: what they are is beyond doubt."""
    plain = draw(monotone(most=40, least=12))
    values, count = np.array(plain.tenths), len(plain.tenths)
    most_kw = draw(st.sampled_from([None, 40.0]))
    digits = draw(st.sampled_from([None, 5]))
    if digits:
        values += 990_000 - int(values[0])  # tenths: a few hundred readings before the register turns
    place = draw(st.integers(2, 6))
    swaps = []
    while place < count - 4:
        kinds = ["nothing", "zero", "jump", "noise", "exchange", "turn", "swap", "impossible"]
        what, lasts = draw(st.sampled_from(kinds)), draw(st.integers(1, 3))
        run = slice(place, min(place + lasts, count - 2))
        if what == "zero" and values[place] < 1_000_000:
            values[run] = 0
        elif what == "jump":
            values[run] += 300_000
        elif what == "noise" and values[place] == values[place - 1]:
            values[place] -= 1
        elif what == "exchange" and values[place - 1] > 40_000:
            values[place:] += 20_000 - values[place]
        elif what == "turn" and digits and 900_000 < values[place - 1] < 990_999:
            values[place:] += 999_999 - values[place - 1]
        elif what == "swap":
            before, rest = values[place - 1], draw(st.integers(0, 2))
            minutes = draw(st.integers(1, (plain.at_ms[place] - plain.at_ms[place - 1]) // MINUTE_MS))
            at_ms = plain.at_ms[place - 1] + minutes * MINUTE_MS
            values[place:] += 30_000 + draw(st.integers(0, 2)) - values[place]
            swaps.append(Swap("m", "r", at_ms, float(before + rest) / 10, 3000.0))
        elif what == "impossible" and most_kw:
            values[place:] += 300_000
        place += lasts + draw(st.integers(3, 6))
    if digits:
        values %= 1_000_000
    facts = MeterFacts("m", digits=digits, decimals=1, max_power_kw=most_kw)
    return replace(plain, tenths=values.tolist(), facts=facts, swaps=swaps)


@st.composite
def wild(draw):
    """A register that may do anything at all."""
    plain = draw(monotone(most=60, least=1))
    values, count = np.array(plain.tenths), len(plain.tenths)
    for _ in range(draw(st.integers(0, 5))):
        first, lasts = draw(st.integers(0, count - 1)), draw(st.sampled_from([1, 2, 5, 1000]))
        values[first : first + lasts] += draw(st.sampled_from([-60_000, -30, -1, 1, 50, 7_000, 10**6]))
    values = np.abs(values)
    digits = draw(st.sampled_from([None, 3, 5]))
    if digits:
        values %= 10 ** (digits + 1)
    if draw(st.booleans()):  # a second logger that shows whole numbers
        coarse = np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count)))
        values = np.where(coarse, values // 10 * 10, values)
    at_ms, tenths = list(plain.at_ms), values.tolist()
    for place in draw(st.lists(st.integers(0, count - 1), max_size=3)):
        at_ms.append(plain.at_ms[place])
        tenths.append(tenths[place] + draw(st.sampled_from([0, 1, 30, 9_000])))
    swaps = {}
    for _ in range(draw(st.integers(0, 2))):
        when = draw(st.sampled_from(plain.at_ms) | st.integers(START_MS - QUARTER_MS, plain.at_ms[-1] + QUARTER_MS))
        last, first = draw(st.sampled_from([0.0, 5000.0, 99_999.0])), draw(st.sampled_from([0.0, 55.5, 12_345.6]))
        swaps[when] = Swap("m", "r", when, last, first, digits=draw(st.sampled_from([None, 5])))
    facts = MeterFacts(
        "m",
        digits=digits,
        decimals=draw(st.sampled_from([None, 1])),
        multiplier=draw(st.sampled_from([1.0, 40.0])),
        max_power_kw=draw(st.sampled_from([None, 60.0])),
    )
    order = sorted(range(len(at_ms)), key=lambda place: (at_ms[place], tenths[place]))
    return Stream(
        [at_ms[place] for place in order],
        [tenths[place] for place in order],
        facts,
        draw(st.sampled_from([300, 900, 3600])),
        list(swaps.values()),
    )


@many
@given(wild())
def test_booked_and_quarantined_are_the_movement_of_the_index(stream):
    found = booked(stream.samples, stream.terms)
    assume(not np.isnan(found.first_index))
    moved = found.last_index - found.first_index + found.declared_steps
    assert found.booked + found.quarantined == pytest.approx(moved, abs=1e-6)
    amount, known = found.quarters.amount, found.quarters.known
    assert amount[known].sum() == pytest.approx(found.booked * stream.facts.multiplier, abs=1e-5)
    assert (amount[known] >= 0).all()
    assert ((found.quarters.coverage >= 0) & (found.quarters.coverage <= 1)).all()
    assert (found.quarters.coverage[~known] == 0).all()


@many
@given(wild())
def test_each_interval_between_first_and_last_reading_has_its_row(stream):
    found = booked(stream.samples, stream.terms)
    first_ms, last_ms = stream.at_ms[0] // QUARTER_MS * QUARTER_MS, stream.at_ms[-1]
    assert found.quarters.start_s.tolist() == [at // 1000 for at in range(first_ms, last_ms, QUARTER_MS)]


@many
@given(disturbed(), st.data())
def test_the_product_agrees_with_an_account_by_hand(stream, data):
    """The other account is ledger_oracle.py: it was written from the contract and shares no line with the product."""
    samples = stream.samples
    calm = [
        place for place in range(1, len(samples) - 1) if 0 <= stream.tenths[place + 1] - stream.tenths[place - 1] < 999
    ]
    for place in data.draw(st.lists(st.sampled_from(calm), max_size=2)) if calm else []:
        samples = [*samples, (samples[place][0], samples[place][1] + data.draw(st.sampled_from([3, 300_000])))]
    exchanges = [Exchange(one.at_ms, round(one.last_index * 10), round(one.first_index * 10)) for one in stream.swaps]
    full_scale = None if stream.facts.digits is None else 10 ** (stream.facts.digits + 1)
    most = None if stream.facts.max_power_kw is None else round(stream.facts.max_power_kw * 10)
    by_hand = account(samples, Register(QUARTER_MS, full_scale, most, exchanges))
    found = booked(samples, stream.terms)
    assert by_hand is not None
    assert [found.first_index, found.last_index, found.declared_steps, found.booked, found.quarantined] == (
        pytest.approx(
            [
                float(figure) / 10
                for figure in (
                    by_hand.first,
                    by_hand.last,
                    by_hand.declared,
                    by_hand.booked,
                    by_hand.quarantined,
                )
            ],
            abs=1e-6,
        )
    )
    assert [start * 1000 for start in found.quarters.start_s.tolist()] == list(by_hand.quarters)
    expected = list(by_hand.quarters.values())
    amounts = [np.nan if amount is None else float(amount) / 10 for amount, _ in expected]
    np.testing.assert_allclose(found.quarters.amount, amounts, atol=1e-9)
    np.testing.assert_allclose(found.quarters.coverage, [float(covered) for _, covered in expected], atol=1e-9)


@many
@given(monotone())
def test_a_quarter_with_readings_at_both_its_ends_is_their_difference(stream):
    index, figures = dict(stream.samples), rows(booked(stream.samples, stream.terms).quarters)
    for at_ms, tenths in stream.samples:
        if at_ms % QUARTER_MS == 0 and at_ms + QUARTER_MS in index:
            amount, coverage, *_ = figures[at_ms // 1000]
            assert amount == pytest.approx((index[at_ms + QUARTER_MS] - tenths) / 10, abs=1e-9)
            assert coverage == 1.0


@many
@given(monotone(), st.sampled_from([300, 900, 1800]))
def test_a_gap_has_no_coverage_and_together_exactly_its_movement(stream, usual_s):
    found = booked(stream.samples, Terms(usual_s, "kWh", [TENTH]))
    readings = stream.samples
    for (at_ms, before), (next_ms, after) in zip(readings[:-1], readings[1:], strict=True):
        whole = found.quarters.between(-(-at_ms // QUARTER_MS) * 900, next_ms // QUARTER_MS * 900)
        if next_ms - at_ms > 1000 * max(3600, 3 * usual_s):
            assert (whole.coverage == 0).all()
            assert whole.amount.tolist() == whole.spread.tolist()
            share = len(whole) * QUARTER_MS / (next_ms - at_ms)
            assert whole.amount.sum() == pytest.approx((after - before) / 10 * share, abs=1e-9)
            assert len(whole) < 2 or np.ptp(whole.amount) < 1e-9  # none holds a heap
        else:
            assert (whole.coverage == 1).all()


@many
@given(monotone(least=3), st.data())
def test_one_packet_of_zero_changes_nothing_but_a_finding(stream, data):
    place = data.draw(st.integers(0, len(stream.at_ms) - 2))
    between = data.draw(st.integers(stream.at_ms[place] + 1, stream.at_ms[place + 1] - 1))
    without, found = (booked(samples, stream.terms) for samples in (stream.samples, [*stream.samples, (between, 0)]))
    assert rows(found.quarters) == rows(without.quarters)
    assert (found.booked, found.quarantined, found.declared_steps) == (without.booked, 0.0, 0.0)
    assert [one.note for one in found.found] == [Note.EXCURSION]


@many
@given(monotone(), st.integers(0, 999), st.sampled_from([None, 40.0]))
def test_a_register_that_turns_books_what_an_endless_one_books(stream, base, most_kw):
    rises = np.array(stream.tenths) - stream.tenths[0]
    assume(rises[-1] < 900)
    facts = MeterFacts("m", digits=2, decimals=1, max_power_kw=most_kw)
    # Without a greatest power a fall of more than nine tenths of full scale is a turn.
    assume(most_kw is not None or (np.diff(rises) < 100).all())
    at_ms = stream.at_ms
    turning = booked(zip(at_ms, ((base + rises) % 1000).tolist(), strict=True), Terms(900, "kWh", [facts]))
    endless = booked(zip(at_ms, (base + rises).tolist(), strict=True), Terms(900, "kWh", [TENTH]))
    np.testing.assert_allclose(turning.quarters.amount, endless.quarters.amount, atol=1e-9)
    assert turning.booked == pytest.approx(endless.booked, abs=1e-9)
    assert turning.declared_steps == (100.0 if base + rises[-1] >= 1000 else 0.0)


@many
@given(monotone(most=20), monotone(most=20))
def test_day_and_night_are_the_sum_of_both(day, night):
    parts = [booked(one.samples, one.terms).quarters for one in (day, night)]
    both, each = rows(added(parts)), [rows(part) for part in parts]
    for start_s, (amount, coverage, *_) in both.items():
        known = [part[start_s] for part in each if start_s in part]
        assert amount == pytest.approx(sum(max(row[0], 0.0) for row in known), abs=1e-9)
        assert coverage == pytest.approx(sum(row[1] for row in known) / 2, abs=1e-9)


@many
@given(
    st.sampled_from([(date(2026, 3, 29), 92), (date(2026, 10, 25), 100), (date(2026, 6, 1), 96)]),
    st.binary(min_size=110, max_size=110),
    st.lists(st.integers(1, 108), max_size=30, unique=True),
)
def test_days_follow_the_local_clock(day_and_quarters, rises, lost):
    day, quarters = day_and_quarters
    start_s = day_start_s(day, TZ)
    instants = [(start_s + (place - 4) * 900) * 1000 for place in range(111)]
    index = np.cumsum([0, *rises])
    kept = [place for place in range(111) if place not in lost]
    fine = booked([(instants[place], int(index[place])) for place in kept], Terms(900, "kWh", [TENTH])).quarters
    bounds = bounds_s(Resolution.DAY, start_s, start_s + 1, TZ)
    assert int(bounds[1] - bounds[0]) == quarters * 900
    (row,) = rows(roll_up(fine, 900, bounds)).values()
    inside = fine.between(start_s, start_s + quarters * 900)
    assert len(inside) == quarters
    assert row[0] == pytest.approx(inside.amount.sum(), abs=1e-9)
    assert row[1] == pytest.approx(inside.coverage.sum() / quarters, abs=1e-9)
    if {4, 4 + quarters} <= set(kept):
        assert row[0] == pytest.approx((index[4 + quarters] - index[4]) / 10, abs=1e-9)


class Growing:
    """Figures made bit by bit, as the roll-up job does: each change books what it can reach, and overwrites that."""

    def __init__(self) -> None:
        self.samples: set[tuple[int, int]] = set()
        self.rows: dict[int, tuple[float, ...]] = {}

    def change(self, terms: Terms, from_ms: int, to_ms: int) -> None:
        if not self.samples:
            return
        at_ms, value = arrays(self.samples)
        instants, beyond = np.unique(at_ms), ENOUGH
        while True:
            low = max(int(np.searchsorted(instants, from_ms)) - beyond, 0)
            high = min(int(np.searchsorted(instants, to_ms, side="right")) + beyond, len(instants)) - 1
            near = (at_ms >= instants[low]) & (at_ms <= instants[high])
            known = Known(at_ms[near], value[near], low == 0, high == len(instants) - 1)
            found = affected(known, terms, from_ms, to_ms)
            if found is not None:
                break
            beyond *= 8
        part = (at_ms >= found.book_from_ms) & (at_ms <= found.book_to_ms)
        span_s = found.start_ms // 1000, -(-found.end_ms // 1000)
        self.rows |= rows(book(at_ms[part], value[part], terms, *span_s).quarters)

    def check(self, terms: Terms) -> None:
        if self.samples:
            assert self.rows == rows(booked(self.samples, terms).quarters)


@many
@given(wild(), st.data())
def test_bit_by_bit_in_any_order_is_all_at_once_after_every_step(stream, data):
    arrival = data.draw(st.permutations(stream.samples))
    repeats = data.draw(st.lists(st.sampled_from(stream.samples), max_size=3))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(arrival)), max_size=4)))
    pieces = [arrival[first:after] for first, after in zip([0, *cuts], [*cuts, len(arrival)], strict=True)]
    steps = [*pieces, *([one] for one in repeats)]
    for swap in stream.swaps:
        steps.insert(data.draw(st.integers(0, len(steps))), swap)
    growing, swaps = Growing(), {}
    for step in steps:
        if isinstance(step, Swap):
            swaps[step.at_ms] = step
            # Another number of digits counts for all that comes after it.
            span_ms = step.at_ms, step.at_ms if step.digits is None else 10**14
        elif step:
            growing.samples |= set(step)
            span_ms = min(at for at, _ in step), max(at for at, _ in step)
        else:
            continue
        terms = replace(stream.terms, swaps=list(swaps.values()))
        growing.change(terms, *span_ms)
        growing.check(terms)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_bit_by_bit_is_all_at_once_in_a_long_stream_with_long_excursions(data):
    # Streams of many times REACH readings: only there does a part of the evidence begin elsewhere than at its start.
    count = data.draw(st.integers(2 * REACH, 6 * REACH))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    values = 500_000 + np.cumsum(random.integers(0, 30, count))
    for _ in range(data.draw(st.integers(0, 4))):
        first, lasts = random.integers(0, count), data.draw(st.sampled_from([1, 8, 95, 96, 97, 1000]))
        values[first : first + lasts] += data.draw(st.sampled_from([-400_000, -1, -300, 70_000, 10**6]))
    at_ms = START_MS + np.cumsum(random.choice([1, 1, 1, 1, 2, 9], count)) * data.draw(
        st.sampled_from([420_000, QUARTER_MS])
    )
    samples = list(zip(at_ms.tolist(), np.abs(values).tolist(), strict=True))
    swaps = []
    if data.draw(st.booleans()):
        when = int(random.integers(at_ms[0], at_ms[-1]))
        swaps = [Swap("m", "r", when, 99_999.0, 55.5, digits=data.draw(st.sampled_from([None, 5])))]
    power, decimals = data.draw(st.sampled_from([None, 50.0])), data.draw(st.sampled_from([None, 1]))
    terms = Terms(900, "kWh", [MeterFacts("m", digits=6, decimals=decimals, max_power_kw=power)], swaps)
    late = set(random.choice(count, 6, replace=False).tolist())
    growing = Growing()
    growing.samples = {one for place, one in enumerate(samples) if place not in late}
    growing.change(terms, 0, 10**14)
    for place in late:
        growing.samples.add(samples[place])
        growing.change(terms, samples[place][0], samples[place][0])
    growing.check(terms)


def test_a_month_of_any_order_is_bit_equal():
    # Amounts do not depend on what lies before them, not even in their last bit.
    at_ms = [START_MS + place * QUARTER_MS for place in range(30 * 96)]
    random = np.random.default_rng(5)
    samples = list(zip(at_ms, (10**9 + np.cumsum(random.integers(0, 900, len(at_ms)))).tolist(), strict=True))
    terms = Terms(900, "kWh", [MeterFacts("m", decimals=1, multiplier=1.1)])
    growing = Growing()
    for first in range(0, len(samples), 96):
        day = samples[first : first + 96]
        growing.samples |= set(day)
        growing.change(terms, day[0][0], day[-1][0])
    growing.check(terms)
    assert timedelta(seconds=len(growing.rows) * 900) == timedelta(days=30) - timedelta(minutes=15)
