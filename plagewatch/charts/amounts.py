"""Amounts of one meter over local time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.patches import PathPatch

from plagewatch.charts.canvas import (
    ALARM,
    COLOURS,
    GAP,
    GAP_LINES,
    INK,
    Form,
    Key,
    Sheet,
    Size,
    boxes,
    coverage_text,
    drawing,
)
from plagewatch.charts.dates import date_axis
from plagewatch.charts.grid import FAR_S, Grid, grid_of
from plagewatch.metering.intervals import Floats, Intervals, Resolution, Seconds
from plagewatch.metering.meters import Carrier
from plagewatch.number_words import unit_text
from plagewatch.words import words

LABELS_BESIDE = {Size.TABLET: 13, Size.PHONE: 4, Size.MAIL: 8}
PALE = 0.4
BARS_UP_TO = 62  # more intervals than this stand edge to edge


@dataclass(frozen=True, slots=True)
class Expected:
    """What was to be expected. start_s: starts of intervals; amount: unit of the chart, NaN = nothing to expect."""

    start_s: Seconds
    amount: Floats


@dataclass(frozen=True, slots=True)
class ChartStyle:
    """What is drawn around the amounts, and how.

    window_s: drawn span [start, end), seconds since 1970 UTC; None = that of the intervals. An interval of the window
        that is not there is drawn as a gap.
    now_s: the moment of looking; what lies after it is to come and no gap. None = all of the window has passed.
    highlight_s: the abnormal span [start, end).
    """

    title: str = ""
    resolution: Resolution = Resolution.HOUR
    carrier: Carrier = Carrier.ELECTRICITY
    window_s: tuple[int, int] | None = None
    now_s: int | None = None
    highlight_s: tuple[int, int] | None = None
    expected: Expected | None = None
    size: Size = Size.TABLET
    form: Form = "svg"


def amounts_chart(intervals: Intervals, unit: str, tz: str, language: str, *, style: ChartStyle) -> bytes:
    """Amounts over local time as a picture [unit per interval].

    intervals: of the style's resolution. tz: IANA name of the site's zone. language: nl, fr or en.

    >>> one_day = Intervals.measured(np.arange(24) * 3600, np.ones(24))
    >>> amounts_chart(one_day, "kWh", "Europe/Brussels", "nl", style=ChartStyle())[:5]
    b'<?xml'
    """
    grid = grid_of(intervals, style.resolution, style.window_s, tz, FAR_S if style.now_s is None else style.now_s)
    with drawing():
        sheet = Sheet(style.size)
        _draw_gaps(sheet, grid)
        _draw_highlight(sheet, grid, style.highlight_s)
        _draw_amounts(sheet, grid, COLOURS[style.carrier])
        _draw_expected(sheet, grid, style.expected, style.highlight_s)
        sheet.values(*_reach(grid, style.expected), language)
        date_axis(sheet, grid, tz, language, most=LABELS_BESIDE[style.size])
        sheet.head(style.title, _per(unit, style.resolution, language), coverage_text(grid.total_coverage(), language))
        sheet.key(_keys(style, grid, language))
        return sheet.picture(style.form, style.title or words(language).gettext("Amounts over time"))


def _draw_gaps(sheet: Sheet, grid: Grid) -> None:
    # A band of full height for each run of unknown intervals, so that nobody takes it for zero.
    left, right = grid.gaps()
    if len(left):
        band = boxes(left, right, np.zeros(len(left)), np.ones(len(left)))
        look = {"fc": GAP, "ec": GAP_LINES, "hatch": "///", "lw": 0, "zorder": 0.5}
        sheet.axes.add_artist(PathPatch(band, transform=sheet.axes.get_xaxis_transform(), **look))


def _draw_highlight(sheet: Sheet, grid: Grid, span_s: tuple[int, int] | None) -> None:
    if span_s is None:
        return
    left, right = grid.hours(np.array(span_s)).clip(0, grid.right_h[-1])
    if right > left:
        sheet.axes.axvspan(left, right, fc=ALARM, alpha=0.09, lw=0, zorder=0.6)
        above = sheet.axes.get_xaxis_transform()
        sheet.axes.plot([left, right], [1, 1], transform=above, color=ALARM, lw=4, clip_on=False, solid_capstyle="butt")


def _draw_amounts(sheet: Sheet, grid: Grid, colour: str) -> None:
    measured = grid.amount - grid.inferred
    # A hair of line in its own colour closes the seams between intervals that stand edge to edge.
    look = {"fc": colour, "ec": colour, "lw": 0.4 if len(grid) > BARS_UP_TO else 0}
    # What still runs is pale: it is less only because it is not over.
    _pile(sheet, grid, np.where(grid.running, np.nan, 0.0), measured, **look)
    _pile(sheet, grid, np.where(grid.running, 0.0, np.nan), measured, alpha=PALE, **look)
    _pile(sheet, grid, measured, grid.amount, fc="white", ec=colour, hatch="/////", lw=0.6)


def _draw_expected(sheet: Sheet, grid: Grid, expected: Expected | None, highlight_s: tuple[int, int] | None) -> None:
    if expected is None:
        return
    usual = grid.at_places(expected.start_s, expected.amount)
    if highlight_s is not None:
        # What is too much is shown as such: the part above the usual, while it was abnormal.
        inside = (grid.end_s > highlight_s[0]) & (grid.start_s < highlight_s[1]) & (grid.amount > usual)
        _pile(sheet, grid, np.where(inside, usual, np.nan), grid.amount, fc=ALARM, ec=ALARM, lw=0, alpha=0.8)
    # Both ends of each interval: a staircase, broken where nothing is expected.
    edges = np.column_stack([grid.left_h, grid.right_h]).ravel()
    sheet.axes.plot(edges, np.repeat(usual, 2), color=INK, lw=1.6, ls=(0, (4, 2)), zorder=4)


def _pile(sheet: Sheet, grid: Grid, lower: Floats, upper: Floats, **look: Any) -> None:
    air = 0.12 * (grid.right_h - grid.left_h) if len(grid) <= BARS_UP_TO else np.zeros(len(grid))
    drawn = ~np.isnan(lower) & ~np.isnan(upper) & (lower != upper)
    if drawn.any():
        left, right = (grid.left_h + air)[drawn], (grid.right_h - air)[drawn]
        # Not add_patch: it looks for the limits of every rectangle, which takes as long as all the rest.
        sheet.axes.add_artist(PathPatch(boxes(left, right, lower[drawn], upper[drawn]), zorder=2, **look))


def _reach(grid: Grid, expected: Expected | None) -> tuple[float, float]:
    values = grid.amount if expected is None else np.concatenate([grid.amount, expected.amount])
    values = np.append(values[np.isfinite(values)], 0.0)
    bottom, top = float(values.min()) * 1.08, float(values.max()) * 1.1
    return (bottom, top) if top > bottom else (0.0, 1.0)


def _per(unit: str, resolution: Resolution, language: str) -> str:
    say = words(language).gettext
    length = {
        Resolution.QUARTER: say("per quarter-hour"),
        Resolution.HOUR: say("per hour"),
        Resolution.DAY: say("per day"),
        Resolution.MONTH: say("per month"),
    }
    # A temperature is a state: it is not so much in an hour.
    return unit_text(unit) if unit == "°C" else f"{unit_text(unit)} {length[resolution]}"


def _keys(style: ChartStyle, grid: Grid, language: str) -> list[Key]:
    say = words(language).gettext
    colour = COLOURS[style.carrier]
    origins = {"spread": say("spread over a gap"), "estimated": say("estimated"), "manual": say("typed in")}
    inferred = ", ".join(origins[name] for name in grid.origins)
    keys = [
        (bool(np.any(~np.isnan(grid.amount))), Key(say("measured"), colour)),
        (bool(np.any(grid.running & (grid.amount > 0))), Key(say("still running"), colour, alpha=PALE)),
        (bool(inferred), Key(inferred, colour, hatch="/////")),
        (bool(np.any(grid.missing)), Key(say("no data"), GAP_LINES, hatch="///")),
        (style.expected is not None, Key(say("usual"), INK, line="--")),
        (style.highlight_s is not None, Key(say("abnormal"), ALARM, alpha=0.35)),
    ]
    return [key for shown, key in keys if shown]
