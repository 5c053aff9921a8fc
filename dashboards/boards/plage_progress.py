"""The board for the energy cell: where the organisation stands against its PLAGE target."""

import json
from typing import Any

from grafana_foundation_sdk.builders.dashboard import Dashboard, QueryVariable
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import VariableRefresh, VariableSort

from dashboards.influxql import field_query, source, tag_values_query
from dashboards.panels import (
    BAD,
    DATE,
    EUR,
    KWH,
    NEUTRAL,
    SHARE,
    Curve,
    bad_until,
    curves,
    figure,
    good_until,
    words_panel,
)
from plagewatch.store import names
from plagewatch.words import words

UID = "plagewatch-plage"
MEASURED_WELL = 0.9  # only a colour: the share of the consumption below which the coverage is shown as bad
LEAST_EXCESS = 0.5  # a colour as well: half a kWh, below what is shown

GREY = "#5a6b75"


def build(language: str = "nl") -> dict[str, Any]:
    """The board in a language, as the JSON model Grafana imports."""
    say = words(language).gettext
    board = (
        Dashboard(say("PLAGE progress"))
        .uid(f"{UID}-{language}")
        .description(say("Target, result so far, forecast, excess and fine of an organisation under PLAGE."))
        .tags(["plagewatch", "plage", language])
        .timezone("Europe/Brussels")
        .time("now-1y", "now")
        .refresh("15m")
        .with_variable(_organisation(language))
        .with_panel(
            words_panel(
                say(
                    "**A neutral model, not the official computation.** Sources and dates of every parameter stand on"
                    " the PLAGE page. What is not known is not drawn."
                )
            )
        )
    )
    for panel in (*_figures(language), *_curves(language)):
        board.with_panel(panel)
    built: dict[str, Any] = json.loads(json.dumps(board.build(), cls=JSONEncoder))
    for number, made in enumerate(built["panels"], 1):
        made["id"] = number
    return built


def _organisation(language: str) -> QueryVariable:
    query = tag_values_query(names.PLAGE, names.TAG_ORGANISATION)
    return (
        QueryVariable(names.TAG_ORGANISATION)
        .label(words(language).gettext("Organisation"))
        .datasource(source())
        .query({"query": query, "refId": "organisations", "rawQuery": True})
        .refresh(VariableRefresh.ON_DASHBOARD_LOAD)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(False)
        .include_all(False)
    )


def _field(field: str, function: str = "") -> str:
    return field_query(names.PLAGE, field, names.TAG_ORGANISATION, function)


def _figures(language: str) -> list[Any]:
    say = words(language).gettext
    newest = {field: _field(field, "last") for field in names.PLAGE_FIELDS}
    return [
        figure(say("Forecast of the calendar year"), newest[names.PLAGE_FORECAST_KWH], KWH),
        figure(say("Target of a year"), newest[names.PLAGE_TARGET_KWH], KWH),
        figure(say("Above the target"), newest[names.PLAGE_EXCESS_KWH], KWH, thresholds=good_until(LEAST_EXCESS)),
        figure(say("Fine, before indexation"), newest[names.PLAGE_FINE_EUR], EUR, thresholds=good_until(LEAST_EXCESS)),
        figure(
            say("Measured"),
            _field(names.COVERAGE, "mean"),
            SHARE,
            about=say("Share of the consumption that was measured in the span chosen above."),
            thresholds=bad_until(MEASURED_WELL),
        ),
        figure(
            say("Newest day"),
            newest[names.PLAGE_RESULT_TO_DATE_KWH],
            DATE,
            about=say("The last day whose figures are known; an old day means that something is missing since."),
        ),
    ]


def _curves(language: str) -> list[Any]:
    say = words(language).gettext
    return [
        curves(
            say("Result and target since 1 January"),
            [
                Curve(say("result"), _field(names.PLAGE_RESULT_TO_DATE_KWH)),
                Curve(say("target"), _field(names.PLAGE_TARGET_TO_DATE_KWH), GREY, dashed=True),
            ],
            KWH,
            about=say("Brought to a normal year; the target follows the cold of each day."),
        ),
        curves(
            say("Forecast of the calendar year, and the target"),
            [
                Curve(say("forecast"), _field(names.PLAGE_FORECAST_KWH), BAD, dashed=True),
                Curve(say("target"), _field(names.PLAGE_TARGET_KWH), GREY, dashed=True),
            ],
            KWH,
        ),
        curves(
            say("Consumption by day"),
            [
                Curve(say("as counted"), _field(names.PLAGE_ACTUAL_KWH), NEUTRAL),
                Curve(say("brought to a normal year"), _field(names.PLAGE_NORMALISED_KWH), GREY),
            ],
            KWH,
        ),
        curves(say("Share that was measured, by day"), [Curve(say("measured"), _field(names.COVERAGE))], SHARE),
    ]
