"""The PLAGE assessment of the moment, made once for page, picture and data."""

from dataclasses import dataclass, field
from threading import Lock
from typing import Annotated

from fastapi import Depends, Request

from api.context import AppContext, Context
from plagewatch import plage_progress
from plagewatch.plage.assessment import Assessment

FRESH_S = 60
"""It judges whole days: a minute more or less changes nothing, and reading a year for each request takes 50 ms."""


@dataclass(slots=True)
class LatestAssessment:
    """The newest assessment; `create_app` gives each application one."""

    _made_s: int = 0
    _made: Assessment | None = None
    _lock: Lock = field(default_factory=Lock)

    def of(self, context: AppContext) -> Assessment:
        """The assessment now, at most `FRESH_S` old. Raises SeriesError."""
        now_s = context.now_s()
        with self._lock:
            if self._made is None or not 0 <= now_s - self._made_s < FRESH_S:
                self._made = plage_progress.assess(context.engine, context.series, context.portfolio, now_s)
                self._made_s = now_s
            return self._made


def assessment_of(context: Context, request: Request) -> Assessment:
    """The application's newest assessment."""
    latest: LatestAssessment = request.app.state.assessment
    return latest.of(context)


CurrentAssessment = Annotated[Assessment, Depends(assessment_of)]
"""A route's parameter of this type receives the assessment."""
