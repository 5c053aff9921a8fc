"""The few kinds of panel our boards are made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders.common import ReduceDataOptions
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.text import Panel as Text
from grafana_foundation_sdk.builders.timeseries import Panel as Timeseries
from grafana_foundation_sdk.models.common import BigValueColorMode, BigValueGraphMode, GraphDrawStyle, VisibilityMode
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, Threshold, ThresholdsMode
from grafana_foundation_sdk.models.text import TextMode

from dashboards.influxql import InfluxQuery, Target, source

KWH, EUR, SHARE, DATE = "kwatth", "currencyEUR", "percentunit", "dateTimeAsLocal"

LONGEST_STEP_MS = 30 * 3_600_000
"""Between two days that are drawn together: a day that is not known breaks the curve, the 25-hour day does not."""

BAD, GOOD, NEUTRAL = "#c2381f", "#2d7d4f", "#1f6f8b"


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve of a panel and how it is drawn. dashed: for what is wished or foretold, not measured."""

    name: str
    query: str
    colour: str = NEUTRAL
    dashed: bool = False


def figure(title: str, query: str, unit: str, *, about: str = "", thresholds: ThresholdsConfig | None = None) -> Stat:
    """One large number: the newest known value of a query."""
    shown = ReduceDataOptions().calcs(["lastNotNull"]).fields("/^Time$/" if unit == DATE else "").values(False)
    return (
        Stat()
        .title(title)
        .description(about)
        .datasource(source())
        .with_target(Target(InfluxQuery("A", query, title)))
        .unit(unit)
        .decimals(1 if unit == SHARE else 0)
        .reduce_options(shown)
        .graph_mode(BigValueGraphMode.NONE)
        .color_mode(BigValueColorMode.VALUE)
        .thresholds(thresholds or always(NEUTRAL))
        .span(4)
        .height(5)
    )


def curves(title: str, drawn: Sequence[Curve], unit: str, *, about: str = "") -> Timeseries:
    """Values over time; where nothing is known the curve is broken, not bridged."""
    panel = (
        Timeseries()
        .title(title)
        .description(about)
        .datasource(source())
        .unit(unit)
        .draw_style(GraphDrawStyle.LINE)
        .show_points(VisibilityMode.NEVER)
        .line_width(2)
        .fill_opacity(0)
        .insert_nulls(LONGEST_STEP_MS)
        .span(24)
        .height(9)
    )
    for place, curve in enumerate(drawn):
        panel.with_target(Target(InfluxQuery(chr(ord("A") + place), curve.query, curve.name)))
        looks = [DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": curve.colour})]
        if curve.dashed:
            looks.append(DynamicConfigValue(id_val="custom.lineStyle", value={"fill": "dash", "dash": [8, 6]}))
        panel.override_by_name(curve.name, looks)
    return panel


def words_panel(text: str) -> Text:
    """A sentence that must be seen beside the figures."""
    return Text().mode(TextMode.MARKDOWN).content(text).span(24).height(3)


def always(colour: str) -> ThresholdsConfig:
    """One colour whatever the value."""
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps([Threshold(color=colour)])


def good_until(value: float) -> ThresholdsConfig:
    """Good up to a value, bad above it."""
    return (
        ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(color=GOOD), Threshold(value=value, color=BAD)])
    )


def bad_until(value: float) -> ThresholdsConfig:
    """Bad up to a value, good from it on."""
    return (
        ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(color=BAD), Threshold(value=value, color=GOOD)])
    )
