"""Progress towards a target, and where it will end."""

from dataclasses import dataclass
from math import isnan, nan

import numpy as np

from plagewatch.charts.amounts import LABELS_BESIDE
from plagewatch.charts.canvas import ALARM, COLOURS, GOOD, INK, Form, Key, Sheet, Size, coverage_text, drawing
from plagewatch.charts.dates import date_axis
from plagewatch.charts.grid import Grid, grid_of
from plagewatch.metering.intervals import Floats, Intervals, Resolution, Seconds
from plagewatch.metering.meters import Carrier
from plagewatch.words import words


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress towards a target, one point per local day; the fields are named as in `names.PLAGE_FIELDS`.

    day_s: local midnights, seconds since 1970 UTC. result_to_date_kwh, target_to_date_kwh: cumulative since the year
        that counts began [kWh], NaN = not known. end_s: the end of that year. target_kwh: the target at that end.
    forecast_kwh: the result expected at that end, NaN = not known. forecast_range_kwh: its likely span.
    coverage: share of the consumption that was measured, 0...1.
    """

    day_s: Seconds
    result_to_date_kwh: Floats
    target_to_date_kwh: Floats
    end_s: int
    target_kwh: float
    forecast_kwh: float = nan
    forecast_range_kwh: tuple[float, float] | None = None
    coverage: float = nan

    @property
    def misses(self) -> bool:
        """Whether the forecast ends above the target."""
        return self.forecast_kwh > self.target_kwh


def progress_chart(
    progress: Progress, tz: str, language: str, *, title: str = "", size: Size = Size.TABLET, form: Form = "svg"
) -> bytes:
    """Cumulative result beside the target, and the forecast [MWh on the axis].

    >>> days = np.arange(3) * 86_400 - 3600
    >>> so_far = Progress(days, np.array([0.0, 9, 18]), np.array([0.0, 10, 20]), 10 * 86_400, 100.0, 90.0)
    >>> progress_chart(so_far, "Europe/Brussels", "fr")[:5]
    b'<?xml'
    """
    say = words(language).gettext
    title = title or say("Result and target")
    start_s = int(progress.day_s[0]) if len(progress.day_s) else progress.end_s - 365 * 86_400
    grid = grid_of(Intervals.empty(), Resolution.DAY, (start_s, progress.end_s), tz)
    with drawing():
        sheet = Sheet(size)
        sheet.values(0.0, _draw(sheet, grid, progress), language)
        date_axis(sheet, grid, tz, language, most=LABELS_BESIDE[size])
        sheet.head(title, say("MWh since the year began"), coverage_text(progress.coverage, language))
        keys = [Key(say("result"), COLOURS[Carrier.ELECTRICITY], line="-"), Key(say("target"), INK, line="--")]
        if not isnan(progress.forecast_kwh):
            keys.append(Key(say("forecast"), _verdict(progress), line=":"))
        sheet.key(keys)
        return sheet.picture(form, title)


def _verdict(progress: Progress) -> str:
    return ALARM if progress.misses else GOOD


def _draw(sheet: Sheet, grid: Grid, progress: Progress) -> float:
    hours, end = grid.hours(progress.day_s), float(grid.hours(np.array([progress.end_s]))[0])
    result, target = progress.result_to_date_kwh / 1000, progress.target_to_date_kwh / 1000
    last_target, forecast = progress.target_kwh / 1000, progress.forecast_kwh / 1000
    axes = sheet.axes
    axes.plot(np.append(hours, end), np.append(target, last_target), color=INK, lw=1.5, ls=(0, (4, 3)))
    axes.plot(hours, result, color=COLOURS[Carrier.ELECTRICITY], lw=3, solid_capstyle="round")
    known, colour = np.flatnonzero(~np.isnan(result)), _verdict(progress)
    if len(known) and not isnan(forecast):
        last = known[-1]
        axes.plot([hours[last], end], [result[last], forecast], color=colour, lw=2.2, ls=(0, (1, 1.5)))
        axes.plot([end], [forecast], marker="o", ms=9, color=colour, clip_on=False)
    tops = [last_target, forecast, 0.001]
    if progress.forecast_range_kwh is not None:
        low, high = progress.forecast_range_kwh[0] / 1000, progress.forecast_range_kwh[1] / 1000
        axes.plot([end, end], [low, high], color=colour, lw=6, alpha=0.35, clip_on=False, solid_capstyle="butt")
        tops.append(high)
    return float(np.nanmax(np.concatenate([result, target, tops]))) * 1.08
