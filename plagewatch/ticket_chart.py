"""A ticket's evidence, drawn: what the meter showed, what it usually shows, and the abnormal span."""

from dataclasses import replace

import numpy as np

from plagewatch.charts import ChartStyle, Expected, Form, Size, amounts_chart
from plagewatch.gauges import hourly_means
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Kind, Meter
from plagewatch.metering.usual import usual_amounts
from plagewatch.store.series.protocol import SeriesStore
from plagewatch.tickets.states import Ticket

HOUR_S, DAY_S = 3600, 86_400
BEFORE_S, AFTER_S = 2 * DAY_S, DAY_S  # what is drawn around the abnormal span, to compare with
LONGEST_S = 21 * DAY_S
PAST_S = 56 * DAY_S


def ticket_chart(
    series: SeriesStore, ticket: Ticket, meter: Meter, tz: str, language: str, *, size: Size, form: Form, now_s: int
) -> bytes:
    """The evidence of a ticket by the hour; of a meter that is read once a day or less, by the day.

    Raises SeriesError. Nothing after now_s is drawn.
    """
    resolution = Resolution.HOUR if meter.kind is Kind.INDEX or (meter.interval_s or 0) <= HOUR_S else Resolution.DAY
    abnormal_s = (
        ticket.first_abnormal_s,
        ticket.last_abnormal_s + (HOUR_S if resolution is Resolution.HOUR else DAY_S),
    )
    window_s = evidence_window_s(abnormal_s, now_s)
    style = ChartStyle(
        title=meter.name,
        resolution=resolution,
        carrier=meter.carrier,
        window_s=window_s,
        now_s=now_s,
        highlight_s=(abnormal_s[0], min(abnormal_s[1], now_s)),
        size=size,
        form=form,
    )
    shown = _shown(series, meter, resolution, window_s)
    if resolution is Resolution.HOUR:
        hours_s = np.arange(window_s[0], window_s[1], HOUR_S, dtype=np.int64)
        past = _shown(series, meter, resolution, (abnormal_s[0] - PAST_S, abnormal_s[0]))
        style = replace(style, expected=Expected(hours_s, usual_amounts(past, hours_s, tz)))
    return amounts_chart(shown, meter.unit, tz, language, style=style)


def _shown(series: SeriesStore, meter: Meter, resolution: Resolution, span_s: tuple[int, int]) -> Intervals:
    if meter.kind is Kind.GAUGE:
        return hourly_means(series, meter.id, "temperature", *span_s)
    return series.intervals(resolution, meter.id, *span_s)


def evidence_window_s(abnormal_s: tuple[int, int], now_s: int) -> tuple[int, int]:
    """The span to draw, whole hours: some days around what was abnormal; of a long one the end, which still matters.

    >>> evidence_window_s((10 * 86_400, 11 * 86_400), 60 * 86_400)
    (691200, 1036800)
    """
    end_s = min(abnormal_s[1] + AFTER_S, -(-now_s // HOUR_S) * HOUR_S)
    start_s = max(abnormal_s[0] - BEFORE_S, end_s - LONGEST_S)
    return start_s // HOUR_S * HOUR_S, max(end_s, start_s + DAY_S)
