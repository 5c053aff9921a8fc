"""What was learnt passes a meter over only where the rules, with all of its past, find nothing abnormal."""

import numpy as np
import pytest

from plagewatch.metering.intervals import Intervals
from plagewatch.metering.meters import Carrier
from rules import catalogue
from rules.catalogue import Rule
from rules.detectors.case import Case, Facts, FineSteps
from rules.detectors.learnt import AT_EVERY_LOOK, REACH_H, Learnt, Newest, ahead
from rules.detectors.verdicts import HOUR_S, MeterHours, NotJudged
from rules.learning import packed, unpacked

DAY_H = 24
DAYS = 110
START_S = 1_767_222_000  # Thursday 1 January 2026, 0:00 in Brussels
NIGHTS = range(70, DAYS - 2)
FACTS = Facts(contracted_kw=15.0, quarantined_s=np.array([START_S + 100 * 86_400 + 7 * 900]), jumps=np.array([1e6]))
WARM = [rule for rule in catalogue.RULES if rule.warm not in (None, AT_EVERY_LOOK)]
by_rule = pytest.mark.parametrize("rule", WARM, ids=lambda rule: rule.id)


def invented(rule: Rule, seed: int) -> MeterHours:
    """Hours of a meter that the rule is meant for; now and then something happens."""
    rng = np.random.default_rng(seed)
    hour = np.arange(DAYS * DAY_H)
    busy = ((hour % DAY_H >= 7) & (hour % DAY_H < 18) & (hour // DAY_H % 7 < 5)).astype(np.float64)
    amount = 4 + 10 * busy + rng.normal(0, 0.6, len(hour))
    if rule.carriers == {Carrier.WATER}:
        amount = np.where(rng.random(len(hour)) < 0.2 + 0.5 * busy, rng.gamma(2, 0.06, len(hour)), 0.0)
    if rule is catalogue.SOLAR_DEAD:
        amount = np.maximum(0, np.sin((hour % DAY_H - 6) / 12 * np.pi)) * rng.uniform(4, 10, len(hour))
    for begin in rng.integers(30 * DAY_H, len(hour), 12).tolist():
        event = slice(begin, begin + int(rng.integers(1, 60)))
        kinds = (amount[event] * 3, amount[begin], 0.0, np.nan, amount[event] + rng.choice([0.01, 0.5, 5.0]))
        amount[event] = kinds[int(rng.integers(len(kinds)))]
    amount[95 * DAY_H : 97 * DAY_H] = np.nan
    amount[100 * DAY_H : 102 * DAY_H] = 0.0
    amount[104 * DAY_H : 104 * DAY_H + 12] *= 1.5
    unit = "m3" if rule.carriers == {Carrier.WATER} else "kWh"
    known = Intervals.measured((START_S + hour * HOUR_S).astype(np.int64), amount)
    return MeterHours.on_grid(known, START_S + len(hour) * HOUR_S, "Europe/Brussels", unit, 900)


def upto(hours: MeterHours, end_s: int, from_s: int = 0) -> MeterHours:
    """The hours in [from_s, end_s)."""
    keep = (hours.start_s >= from_s) & (hours.start_s < end_s)
    return MeterHours(hours.start_s[keep], hours.amount[keep], hours.seen[keep], hours.tz, hours.unit, hours.interval_s)


def quarters(hours: MeterHours) -> FineSteps:
    """All quarters of the hours, each with its part."""
    start_s = hours.start_s[0] + 900 * np.arange(4 * len(hours), dtype=np.int64)
    return FineSteps(start_s, np.repeat(hours.amount / 4, 4), 900)


def looks(rule: Rule, seed: int) -> list[tuple[bool, bool]]:
    """For looks at every third hour after each night: whether the meter was passed over, whether it was abnormal."""
    hours, found = invented(rule, seed), []
    assert rule.warm is not None
    for night in NIGHTS:
        night_s = START_S + night * DAY_H * HOUR_S
        case = Case(ahead(upto(hours, night_s), night_s + 2 * DAY_H * HOUR_S), facts=FACTS)
        learnt = rule.warm.learn(case, rule.parameters)
        if learnt is None:
            assert isinstance(rule.judge(Case(upto(hours, night_s), facts=FACTS)), NotJudged)
            continue
        learnt = unpacked(packed({"": learnt}))[""]
        assert learnt is not None
        for after_h in range(1, DAY_H + 1, 3):
            now_s = night_s + after_h * HOUR_S
            window = upto(hours, now_s, now_s - REACH_H * HOUR_S)
            new = window.start_s >= now_s - 3 * HOUR_S
            calm = rule.warm.calm(learnt, Newest(window, new, quarters(window), FACTS), rule.parameters)
            said = rule.judge(Case(upto(hours, now_s), facts=FACTS))
            abnormal = not isinstance(said, NotJudged) and said.start_s[said.abnormal] >= now_s - 3 * HOUR_S
            found.append((calm, bool(np.any(abnormal))))
    return found


@by_rule
def test_a_meter_that_is_passed_over_is_not_abnormal(rule: Rule) -> None:
    for seed in range(3):
        found = looks(rule, seed)
        assert [place for place, (calm, abnormal) in enumerate(found) if calm and abnormal] == []


@by_rule
def test_most_meters_are_passed_over(rule: Rule) -> None:
    found = looks(rule, seed=5)
    passed_over = sum(calm for calm, _ in found)
    assert passed_over > 0.6 * len(found)
    assert passed_over < len(found), "events of the invented meter must be looked at"


def test_what_was_learnt_is_kept_and_read_again() -> None:
    learnt = Learnt(7200, 14_400, {"usual": np.array([1.25, np.nan])}, {"flat": 3.5})
    again = unpacked(packed({"none": None, "some": learnt}))
    some = again["some"]
    assert again["none"] is None
    assert some is not None
    assert (some.start_s, some.until_s, dict(some.numbers)) == (7200, 14_400, {"flat": 3.5})
    np.testing.assert_array_equal(some.arrays["usual"], [1.25, np.nan])


UNSEEN = pytest.mark.parametrize(
    ("rule", "unit", "before", "across"),
    [(catalogue.WATER_BURST, "m3", 0.1, 0.7), (catalogue.PEAK_POWER, "kWh", 2.0, 9.0)],
    ids=lambda value: getattr(value, "id", None),
)


@UNSEEN
def test_what_the_quarters_of_a_late_hour_may_hide_is_looked_at(
    rule: Rule, unit: str, before: float, across: float
) -> None:
    """Two hours of which neither is too much, but the hour across them, or one quarter, may be."""
    assert rule.warm is not None
    amount = np.full(40 * DAY_H, before)
    start_s = START_S + HOUR_S * np.arange(len(amount), dtype=np.int64)
    end_s = START_S + len(amount) * HOUR_S
    for late, calm in ((slice(-8, -6), False), (slice(0, 0), True)):
        amount[late] = across
        hours = MeterHours.on_grid(Intervals.measured(start_s, amount), end_s, "Europe/Brussels", unit, 900)
        learnt = rule.warm.learn(Case(ahead(upto(hours, end_s - 86_400), end_s), facts=FACTS), rule.parameters)
        assert learnt is not None
        newest = Newest(hours, start_s >= end_s - 9 * HOUR_S, quarters(upto(hours, end_s, end_s - 2 * HOUR_S)), FACTS)
        assert rule.warm.calm(learnt, newest, rule.parameters) is calm
        amount[late] = before
