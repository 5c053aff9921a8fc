"""Simple rules against leaks, on hours whose alarms can be counted by hand."""

import numpy as np
import pytest

from plagewatch.validation.scoring import HOUR_S
from plagewatch.validation.simple_water import RULES, SimpleRule

NEVER_DRY, AT_NIGHT, MUCH = RULES.values()


def hourly(days: int, wet_from_day: int = 0, wet_to_day: int = 0, litres: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Hours from midnight on: 20 litres from 7 to 22, nothing at night, but for the wet days."""
    hour = np.arange(24 * days)
    amount = np.where((hour % 24 >= 7) & (hour % 24 < 22), 20.0, 0.0)
    amount[(hour >= 24 * wet_from_day) & (hour < 24 * wet_to_day)] += litres
    return HOUR_S * hour, amount


def moments_h(rule: SimpleRule, hours: tuple[np.ndarray, np.ndarray]) -> list[tuple[int, int | None]]:
    told = rule(*hours, 1.0, "UTC")
    return [(t.opened_s // HOUR_S, None if t.cleared_s is None else t.cleared_s // HOUR_S) for t in told]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_dry_nights_are_quiet(rule: SimpleRule) -> None:
    assert moments_h(rule, hourly(20)) == []


def test_a_leak_is_told_by_hand() -> None:
    leak = hourly(20, 10, 15, 12.0)
    # Never dry from hour 7 of day 9 on, but 22 and 23 of that day are dry: 24 wet hours are over at the end of day 10.
    # The first dry hour after is the midnight of day 15; it is over at one.
    assert moments_h(NEVER_DRY, leak) == [(24 * 11, 24 * 15 + 1)]
    # Nights 10, 11, 12 are wet; known at six of day 12; the night of day 15 is dry again, known at six.
    assert moments_h(AT_NIGHT, leak) == [(24 * 12 + 6, 24 * 15 + 6)]
    assert moments_h(MUCH, leak) == [(24 * 12 + 5, 24 * 15 + 5)]
    assert moments_h(MUCH, hourly(20, 10, 15, 9.0)) == []  # below ten litres an hour


def test_what_is_not_known_is_neither_wet_nor_much() -> None:
    start_s, amount = hourly(20, 10, 15, 12.0)
    known = np.arange(len(amount)) != 24 * 11 + 3
    # Hour 3 of day 11 is missing: 24 known wet hours since are over at 4 of day 12, three nights at the one of day 14.
    assert moments_h(NEVER_DRY, (start_s[known], amount[known])) == [(24 * 11, 24 * 11 + 4), (24 * 12 + 4, 24 * 15 + 1)]
    assert moments_h(AT_NIGHT, (start_s[known], amount[known])) == [(24 * 14 + 6, 24 * 15 + 6)]
