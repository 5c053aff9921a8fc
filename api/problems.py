"""Refusals and failures: what went wrong, where, and what to do about it, for programs and for people."""

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from api.context import AppContext, RecordsAway
from api.language import language_of
from api.pages import page
from api.safety import HEADERS, PAGE_POLICY
from plagewatch.health import PartHealth, PartState
from plagewatch.store.engine import RECORDS_AWAY
from plagewatch.store.series.protocol import SeriesError
from plagewatch.tickets.texts import N_
from plagewatch.words import words

LOG = logging.getLogger(__name__)
PROGRAMS = ("/api/", "/healthz")


@dataclass
class Problem(Exception):
    """A request that cannot be answered. `what` is one sentence; `where` names the part of the request."""

    status: int
    what: str
    where: str = ""
    what_to_do: str = ""


class ProblemAnswer(BaseModel):
    """How a program is told (RFC 9457, application/problem+json)."""

    type: str = "about:blank"
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="What went wrong, one sentence", examples=["There is no meter `kitchen`."])
    where: str = Field(description="The part of the request it is about", examples=["path: meter_id"])
    what_to_do: str = Field(description="What helps", examples=["GET /api/v1/meters lists all meters."])


def not_found(what: str, name: object, where: str, what_to_do: str) -> Problem:
    """A 404 for a thing that is asked for by its name."""
    return Problem(404, f"There is no {what} `{name}`.", where, what_to_do)


def catch_problems(app: FastAPI) -> None:
    """Answer every failure of the app with a sentence."""

    @app.exception_handler(Problem)
    def _problem(request: Request, problem: Problem) -> Response:
        return answer(request, problem)

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        return answer(request, Problem(error.status_code, str(error.detail), request.url.path), error.headers)

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> Response:
        return answer(request, _of_validation(error))

    @app.exception_handler(SeriesError)
    def _series(request: Request, error: SeriesError) -> Response:
        LOG.warning("the series store did not answer %s: %s", request.url.path, error)
        advice = "Try again in a moment." if error.retryable else "Tell who runs the store; /healthz says more."
        problem = Problem(503, f"The series store did not answer: {error}", "series store", advice)
        return answer(request, problem, {"Retry-After": "10"} if error.retryable else None)

    def _records(request: Request, error: Exception) -> Response:
        told = next(iter(str(error).splitlines()), "")
        LOG.warning("the records did not answer %s: %s", request.url.path, told)
        problem = Problem(503, f"The records did not answer: {told}", "records", "Try again in a moment.")
        return answer(request, problem, {"Retry-After": "10"})

    for kind in (RecordsAway, *RECORDS_AWAY):
        app.add_exception_handler(kind, _records)

    @app.exception_handler(Exception)
    def _unforeseen(request: Request, error: Exception) -> Response:
        LOG.error("%s failed", request.url.path, exc_info=error)
        # This answer is made outside of `Safety`, which the failure has already left.
        problem = Problem(500, "The answer could not be made.", request.url.path, "The log says why.")
        return answer(request, problem, {**HEADERS, "Content-Security-Policy": PAGE_POLICY})


def answer(request: Request, problem: Problem, headers: Any = None) -> Response:
    """A problem as JSON for programs, as a page for people."""
    if request.url.path.startswith(PROGRAMS):
        body = ProblemAnswer(
            title=HTTPStatus(problem.status).phrase,
            status=problem.status,
            detail=problem.what,
            where=problem.where,
            what_to_do=problem.what_to_do,
        )
        return JSONResponse(body.model_dump(), problem.status, headers, "application/problem+json")
    say = words(language_of(request)).gettext
    values = {
        "title": say(_TITLES.get(problem.status, OTHER)),
        "advice": say(_ADVICE[problem.status]) if problem.status in _ADVICE else "",
        "problem": problem,
        "ailing": _ailing(request) if problem.status == 503 else [],
    }
    response = page(request, "problem.html", values, problem.status)
    response.headers.update(headers or {})
    return response


def _ailing(request: Request) -> list[PartHealth]:
    """The parts that have trouble: what is there to see while nothing else can be shown."""
    context: AppContext = request.app.state.context
    return [part for part in context.health() if part.state is not PartState.WELL]


OTHER = N_("This cannot be shown")
_TITLES = {
    403: N_("This was refused"),
    404: N_("This is not here"),
    409: N_("Somebody was first"),
    413: N_("That is too large"),
    422: N_("Something in the address or the form is not right"),
    500: N_("Something went wrong here"),
    503: N_("This cannot be shown right now"),
}

_ADVICE = {
    403: N_("A page of another site asked for this. It was refused; nothing was changed."),
    404: N_("The address names something that is not there, or not any more."),
    409: N_(
        "The ticket cannot take this step, or somebody changed it meanwhile. "
        "Open it again: it shows what is possible now."
    ),
    413: N_("A picture may have up to 8 MB: take a smaller one, or leave it out."),
    422: N_("Go back, correct what you filled in or the address, and try again."),
    500: N_("It has been noted. Try again; if it stays, tell the energy cell."),
    503: N_(
        "A database of the product does not answer. What the meters send is kept all the same: try again in a moment."
    ),
}
"""What a person can do, in their language; the exact words for the energy cell stand below it in English."""


def _of_validation(error: RequestValidationError) -> Problem:
    first = error.errors()[0]
    place, *names = [str(part) for part in first["loc"]]
    where = f"{place}: {'.'.join(names)}" if names else place
    given = first.get("input")
    # What was given may be no text at all, and as long as anybody likes.
    readable = str(given)[:80].encode(errors="backslashreplace").decode()
    shown = f" `{readable}`" if isinstance(given, str | int | float) else ""
    more = f" ({len(error.errors()) - 1} more)" if len(error.errors()) > 1 else ""
    return Problem(422, f"{'.'.join(names) or place}{shown}: {first['msg']}.{more}", where, "See /api/v1/openapi.json.")
