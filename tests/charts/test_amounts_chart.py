"""Charts as a reader of the file meets them: what is drawn, what is said, and that it is always the same."""

import re
import struct
import threading
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from plagewatch.charts import ChartStyle, Expected, Progress, Size, amounts_chart, progress_chart
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.local_time import day_start_s, month_starts_s
from plagewatch.metering.meters import Carrier

TZ = "Europe/Brussels"
HOUR_S, DAY_S = 3600, 86_400
START_S = day_start_s(date(2026, 11, 13), TZ)
WEEK_S = (START_S, START_S + 7 * DAY_S)


def week(gap: slice | None = None, spread: slice | None = None) -> Intervals:
    start_s = START_S + np.arange(168, dtype=np.int64) * HOUR_S
    amount, coverage, parts = np.full(168, 2.0), np.ones(168), np.zeros(168)
    if gap is not None:
        amount[gap], coverage[gap] = np.nan, 0
    if spread is not None:
        parts[spread], coverage[spread] = amount[spread], 0
    nothing = np.zeros(168)
    return Intervals(start_s, amount, coverage, nothing, parts, nothing, nothing)


def drawn(intervals: Intervals, style: ChartStyle, language: str = "en") -> str:
    svg = amounts_chart(intervals, "kWh", TZ, language, style=style).decode()
    ET.fromstring(svg)  # well-formed, whatever the title holds
    return svg


def said(svg: str) -> list[str]:
    return [text.strip() for text in re.findall(r"<text[^>]*>([^<]+)</text>", svg)]


def test_a_full_week_says_it_is_full_and_draws_no_gap() -> None:
    svg = drawn(week(), ChartStyle(title="Main", window_s=WEEK_S))
    assert "Measured: 100% of the time" in said(svg)
    assert "no data" not in said(svg)
    assert "<title>Main</title>" in svg


def test_a_gap_is_drawn_and_named_and_lowers_the_coverage() -> None:
    svg = drawn(week(gap=slice(50, 92)), ChartStyle(window_s=WEEK_S))
    assert "no data" in said(svg)
    assert "Measured: 75% of the time" in said(svg)
    assert svg != drawn(week(), ChartStyle(window_s=WEEK_S))


def test_zero_is_not_a_gap() -> None:
    start_s = START_S + np.arange(168, dtype=np.int64) * HOUR_S
    zero = drawn(Intervals.measured(start_s, np.zeros(168)), ChartStyle(window_s=WEEK_S))
    assert "no data" not in said(zero)
    assert "Measured: 100% of the time" in said(zero)


def test_intervals_that_were_never_written_are_a_gap() -> None:
    svg = drawn(week().between(START_S, START_S + DAY_S), ChartStyle(window_s=WEEK_S))
    assert "no data" in said(svg)
    assert "Measured: 14% of the time" in said(svg)


def test_what_is_still_to_come_is_no_gap() -> None:
    style = ChartStyle(window_s=WEEK_S, now_s=START_S + DAY_S)
    svg = drawn(week().between(START_S, START_S + DAY_S), style)
    assert "no data" not in said(svg)
    assert "Measured: 100% of the time" in said(svg)


def test_the_hour_that_runs_is_told_apart_from_a_low_one() -> None:
    style = ChartStyle(window_s=WEEK_S, now_s=START_S + DAY_S + 900)
    assert "still running" in said(drawn(week().between(START_S, START_S + DAY_S + 900), style))
    assert "still running" not in said(drawn(week().between(START_S, START_S + DAY_S), style))


def test_what_nobody_measured_looks_different() -> None:
    svg = drawn(week(spread=slice(10, 20)), ChartStyle(window_s=WEEK_S))
    assert "spread over a gap" in said(svg)
    assert "<pattern" in svg


def test_expected_and_abnormal_are_named() -> None:
    whole = week()
    expected = Expected(whole.start_s, np.full(168, 1.0))
    style = ChartStyle(window_s=WEEK_S, expected=expected, highlight_s=(START_S + DAY_S, START_S + 2 * DAY_S))
    assert {"usual", "abnormal"} <= set(said(drawn(whole, style)))


@pytest.mark.parametrize(
    ("language", "day", "unit"), [("nl", "vr 13/11", "kWh per uur"), ("fr", "ven. 13/11", "kWh par heure")]
)
def test_dates_and_words_are_those_of_the_language(language: str, day: str, unit: str) -> None:
    texts = said(drawn(week(), ChartStyle(window_s=WEEK_S), language))
    assert day in texts
    assert unit in texts


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_the_day_the_clock_changes_ends_at_its_own_midnight(day: date) -> None:
    start_s, end_s = day_start_s(day, TZ), day_start_s(date.fromordinal(day.toordinal() + 1), TZ)
    quarters_s = np.arange(start_s, end_s, 900, dtype=np.int64)
    style = ChartStyle(resolution=Resolution.QUARTER, window_s=(start_s, end_s))
    svg = drawn(Intervals.measured(quarters_s, np.ones(len(quarters_s))), style)
    assert "Measured: 100% of the time" in said(svg)
    assert said(svg).count("00:00") == 2


def test_thirteen_months_have_a_bar_each_and_name_the_years() -> None:
    starts_s = month_starts_s(day_start_s(date(2025, 11, 1), TZ), day_start_s(date(2026, 12, 1), TZ), TZ)
    months = Intervals.measured(starts_s[:-1], np.arange(13.0) + 1)
    style = ChartStyle(resolution=Resolution.MONTH, window_s=(int(starts_s[0]), int(starts_s[-1])))
    texts = said(drawn(months, style))
    assert {"2025", "2026", "Nov", "Dec"} <= set(texts)


@pytest.mark.parametrize("hostile", ["<b>&\"'", "$\\frac{1}{2}$", "a\nb", "Zn\u0000"])
def test_a_name_from_the_registry_is_text_and_nothing_else(hostile: str) -> None:
    svg = drawn(week(), ChartStyle(title=hostile, window_s=WEEK_S))
    texts = [element.text for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert hostile.replace("\n", " ").replace("\0", " ") in [text for text in texts if text]


def test_a_name_too_long_for_the_sheet_is_cut_and_says_so() -> None:
    svg = drawn(week(), ChartStyle(title="Woonzorgcentrum " * 20, window_s=WEEK_S, size=Size.PHONE))
    assert any(text.endswith("…") and len(text) < 60 for text in said(svg))


def test_nothing_at_all_is_still_a_chart_that_says_so() -> None:
    assert "No data" in said(drawn(Intervals.empty(), ChartStyle(window_s=WEEK_S)))
    assert "No data" in said(drawn(Intervals.empty(), ChartStyle()))


def test_the_same_input_gives_the_same_bytes_from_any_thread() -> None:
    style = ChartStyle(title="Main", window_s=WEEK_S)
    first = {form: amounts_chart(week(), "kWh", TZ, "nl", style=replace(style, form=form)) for form in ("svg", "png")}
    found: list[bool] = []

    def draw() -> None:
        for form in ("svg", "png"):
            again = amounts_chart(week(), "kWh", TZ, "nl", style=replace(style, form=form))
            found.append(again == first[form])

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 8


@pytest.mark.parametrize(
    ("size", "width", "height"), [(Size.TABLET, 920, 330), (Size.PHONE, 342, 308), (Size.MAIL, 600, 280)]
)
def test_sizes(size: Size, width: int, height: int) -> None:
    assert f'viewBox="0 0 {width} {height}"' in drawn(week(), ChartStyle(window_s=WEEK_S, size=size))
    png = amounts_chart(week(), "kWh", TZ, "nl", style=ChartStyle(window_s=WEEK_S, size=size, form="png"))
    assert struct.unpack(">II", png[16:24]) == (2 * width, 2 * height)


@pytest.mark.parametrize("carrier", list(Carrier))
def test_every_carrier_has_its_colour(carrier: Carrier) -> None:
    assert drawn(week(), ChartStyle(carrier=carrier, window_s=WEEK_S))


def progress(forecast_kwh: float) -> Progress:
    days_s = day_start_s(date(2026, 1, 1), TZ) + np.arange(300, dtype=np.int64) * DAY_S
    result, target = np.linspace(0.0, 3_000_000.0, 300), np.linspace(0.0, 2_850_000.0, 300)
    return Progress(days_s, result, target, day_start_s(date(2027, 1, 1), TZ), 3_500_000.0, forecast_kwh)


def test_progress_says_result_target_and_forecast() -> None:
    svg = progress_chart(progress(3_650_000.0), TZ, "en").decode()
    assert {"result", "target", "forecast", "No data"} <= set(said(svg))


def test_a_forecast_above_the_target_has_another_colour_than_one_below() -> None:
    above, below = (progress_chart(progress(kwh), TZ, "nl").decode() for kwh in (3_650_000.0, 3_400_000.0))
    assert "#c0391b" in above
    assert "#c0391b" not in below


def test_progress_without_a_forecast_or_any_day_is_still_drawn() -> None:
    assert "forecast" not in said(progress_chart(progress(float("nan")), TZ, "en").decode())
    nothing = Progress(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), START_S, 1000.0)
    assert "target" in said(progress_chart(nothing, TZ, "en").decode())
