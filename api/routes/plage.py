"""PLAGE: target, progress and forecast, as a page, a picture and data."""

from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any

import orjson
from babel.dates import format_date
from babel.numbers import format_decimal
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.assessment import CurrentAssessment
from api.language import Language, language_of
from api.pages import page
from api.pages.plage_labels import BODIES, PHASES, STANDINGS, parameter_label
from api.problems import Problem, ProblemAnswer
from plagewatch import plage_progress
from plagewatch.charts import Progress, Size, progress_chart
from plagewatch.metering.local_time import day_start_s, day_starts_s
from plagewatch.number_words import amount_text, locale
from plagewatch.plage.assessment import Assessment
from plagewatch.plage.cadastre import AreaVerdict, in_cadastre, subject
from plagewatch.plage.parameters import Refusal, Refused
from plagewatch.plage.portfolio import Phase, Portfolio
from plagewatch.plage_words import eur_text, kwh_text, refusal_text
from plagewatch.words import words

router = APIRouter(tags=["plage"])

SVG = "image/svg+xml"


@router.get("/plage", include_in_schema=False)
def plage_page(assessment: CurrentAssessment, request: Request) -> HTMLResponse:
    """Target, result so far, forecast, buildings, parameters."""
    language = language_of(request)
    portfolio, today = assessment.portfolio, assessment.end_day
    return page(
        request,
        "plage.html",
        {
            "assessment": assessment,
            "organisation": portfolio.organisation,
            "figures": assessment.figures,
            "phases": [_phase(phase, today) for phase in portfolio.phases],
            "subject": _subject(portfolio, today),
            "too_small": _too_small(portfolio, today),
            "body": words(language).gettext(BODIES[portfolio.organisation.body]),
            "last_day": today - timedelta(days=1),
            "longest_gap": max((abs(line.gap_kwh) for line in assessment.buildings if not line.refusals), default=0.0),
            **_words(language),
        },
    )


@router.get("/plage/chart.svg", include_in_schema=False)
def chart(assessment: CurrentAssessment, language: Language, size: Annotated[Size, Query()] = Size.TABLET) -> Response:
    """Result and target since 1 January."""
    if assessment.figures is None:
        raise Problem(404, "There is no progress to draw.", "plage", "The page /plage says what is missing.")
    picture = progress_chart(
        _drawn(assessment),
        assessment.portfolio.organisation.timezone,
        language,
        size=size,
    )
    return Response(picture, media_type=SVG)


@router.get(
    "/api/v1/plage",
    summary="Target, progress and forecast of the PLAGE, with every parameter used",
    responses={503: {"model": ProblemAnswer}},
)
def plage_data(assessment: CurrentAssessment) -> Response:
    """A neutral model, not the official computation. `figures` is null where `refusals` say why."""
    return Response(orjson.dumps(plage_progress.as_json(assessment)), media_type="application/json")


def _drawn(assessment: Assessment) -> Progress:
    figures, tz = assessment.figures, assessment.portfolio.organisation.timezone
    assert figures is not None
    year = (assessment.end_day - timedelta(days=1)).year
    first_s, end_s = day_start_s(date(year, 1, 1), tz), day_start_s(date(year + 1, 1, 1), tz)
    start_s = day_starts_s(day_start_s(assessment.first_day, tz), day_start_s(assessment.end_day, tz), tz)
    # A sum is true at the end of its day.
    ends_s, this_year = start_s[1:], start_s[1:] > first_s
    return Progress(
        ends_s[this_year],
        figures.days.result_to_date_kwh[this_year],
        figures.days.target_to_date_kwh[this_year],
        end_s,
        figures.target_kwh,
        figures.forecast_kwh,
        coverage=figures.coverage,
    )


def _phase(phase: Phase, today: date) -> dict[str, Any]:
    length = (phase.end - phase.start).days
    passed = min(max((today - phase.start).days, 0), length)
    return {"name": PHASES.get(phase.name, phase.name), "phase": phase, "length": length, "passed": passed}


def _subject(portfolio: Portfolio, today: date) -> AreaVerdict | Refusal:
    try:
        return subject(portfolio.organisation.body, portfolio.floor_area_m2, portfolio.parameters, today)
    except Refused as refused:
        return refused.refusal


def _too_small(portfolio: Portfolio, today: date) -> list[str]:
    try:
        verdicts = [(b.name, in_cadastre(b.floor_area_m2, portfolio.parameters, today)) for b in portfolio.buildings]
    except Refused:
        return []  # the list of parameters shows that it is not there
    return [name for name, verdict in verdicts if not verdict.reached or verdict.on_the_edge]


def _words(language: str) -> dict[str, Any]:
    say = words(language).gettext
    return {
        "kwh": partial(kwh_text, language=language),
        "eur": partial(eur_text, language=language),
        "mwh": lambda kwh: f"{amount_text(kwh / 1000, language)} MWh",
        "refusal": partial(refusal_text, language=language),
        "day": lambda day: format_date(day, "d MMM y", locale=locale(language)),
        "standing": lambda word: say(STANDINGS[word]),
        "parameter": lambda name: say(parameter_label(name)),
        "value": lambda value: value if isinstance(value, str) else _plain(value, language),
        "is_refusal": lambda thing: isinstance(thing, Refusal),
    }


def _plain(value: float, language: str) -> str:
    # A parameter is shown with all its digits: 10.3 stays 10.3, and 0.06 is not rounded.
    return format_decimal(value, format="#,##0.######", locale=locale(language))
