"""The axis of local time: few ticks, where a person would put them, in the person's language."""

from datetime import datetime

import numpy as np
from babel.dates import format_datetime

from plagewatch.charts.canvas import RULE, Sheet
from plagewatch.charts.grid import Grid
from plagewatch.metering.intervals import Seconds
from plagewatch.metering.local_time import day_starts_s, local_fields, month_starts_s, zone
from plagewatch.number_words import locale

DAY_S = 86_400
LONGEST_BY_DAY = 18  # days; more of them are told by their Mondays


def date_axis(sheet: Sheet, grid: Grid, tz: str, language: str, *, most: int) -> None:
    """Rules at starts of local hours, days or months, a label in the middle of the day or month it names.

    most: how many labels fit beside each other.
    """
    rules_s, label_at_s, labels = _labels(int(grid.start_s[0]), int(grid.end_s[-1]), tz, language, most)
    end, rules = grid.right_h[-1], grid.hours(rules_s)
    sheet.axes.set_xlim(0, end)
    below = sheet.axes.get_xaxis_transform()
    sheet.axes.vlines(rules[(rules > 0) & (rules < end)], 0, 1, transform=below, color=RULE, lw=0.8, zorder=0.4)
    for x, label in zip(grid.hours(label_at_s), labels, strict=True):
        if label and 0 <= x <= end:
            sheet.under_axis(float(x / end), label)


def _labels(left_s: int, right_s: int, tz: str, language: str, most: int) -> tuple[Seconds, Seconds, list[str]]:
    days = (right_s - left_s) / DAY_S
    if days <= 2.1:
        return _hours(left_s, right_s, tz, language, most)
    if days <= 62:
        return _days(left_s, right_s, tz, language, most)
    return _months(left_s, right_s, tz, language, most)


def _hours(left_s: int, right_s: int, tz: str, language: str, most: int) -> tuple[Seconds, Seconds, list[str]]:
    every = next(step for step in (1, 2, 3, 6, 12, 24) if (right_s - left_s) / 3600 / step <= most)
    starts_s = np.arange(-(-left_s // 3600), right_s // 3600 + 1, dtype=np.int64) * 3600
    starts_s = starts_s[local_fields(starts_s, tz).hour % every == 0]
    return starts_s, starts_s, [_text(at, tz, language, "HH:mm") for at in starts_s]


def _days(left_s: int, right_s: int, tz: str, language: str, most: int) -> tuple[Seconds, Seconds, list[str]]:
    edges_s = day_starts_s(left_s, right_s, tz)
    shown = len(edges_s) - 1
    if shown <= most:
        pattern = "EEE d/M" if shown > 1 else "EEE d MMM"
        return edges_s, _middles(edges_s), [_text(at, tz, language, pattern) for at in edges_s[:-1]]
    for every in (2, 3):
        if -(-shown // every) <= most and shown <= LONGEST_BY_DAY:
            chosen_s = _middles(edges_s)[::every]
            return edges_s, chosen_s, [_text(at, tz, language, "EEE d/M") for at in edges_s[:-1:every]]
    mondays_s = edges_s[:-1][local_fields(edges_s[:-1], tz).weekday == 0]
    every = -(-len(mondays_s) // most)
    return mondays_s, mondays_s[::every], [_text(at, tz, language, "EEE d/M") for at in mondays_s[::every]]


def _months(left_s: int, right_s: int, tz: str, language: str, most: int) -> tuple[Seconds, Seconds, list[str]]:
    edges_s = month_starts_s(left_s, right_s, tz)
    every = -(-(len(edges_s) - 1) // most)
    visible_s = np.clip(edges_s, left_s, right_s)
    labels = [_month_text(int(at), tz, language, first=n == 0) for n, at in enumerate(edges_s[:-1])]
    return edges_s, _middles(visible_s)[::every], labels[::every]


def _month_text(at_s: int, tz: str, language: str, *, first: bool) -> str:
    # The year stands where it changes, and at the beginning.
    january = datetime.fromtimestamp(at_s, zone(tz)).month == 1
    return _text(at_s, tz, language, "MMM\ny" if first or january else "MMM")


def _middles(edges_s: Seconds) -> Seconds:
    return (edges_s[:-1] + edges_s[1:]) // 2


def _text(at_s: int, tz: str, language: str, pattern: str) -> str:
    return format_datetime(datetime.fromtimestamp(int(at_s), zone(tz)), pattern, locale=locale(language))
