"""Amounts of a meter for programs."""

from typing import Annotated

import numpy as np
import orjson
from fastapi import APIRouter, Query, Response

from api.answers import SeriesAnswer, utc
from api.asked import From, To, few_enough, window_of
from api.context import Context
from api.problems import Problem, ProblemAnswer
from api.registry import Registry, read
from plagewatch.metering.intervals import Floats, Intervals, Resolution, Seconds
from plagewatch.metering.meters import Kind, Meter
from plagewatch.metering.readings import Flow
from plagewatch.metering.rollups import bounds_s
from plagewatch.store.names import INTERVAL_FIELDS

router = APIRouter(prefix="/api/v1", tags=["figures"])


@router.get(
    "/meters/{meter_id}/series",
    summary="Amounts of a meter, with what is known of them",
    response_model=SeriesAnswer,
    responses={404: {"model": ProblemAnswer}, 422: {"model": ProblemAnswer}},
)
def series(
    context: Context,
    meter_id: str,
    resolution: Resolution = Resolution.HOUR,
    from_: From = None,
    to: To = None,
    flow: Annotated[Flow, Query(description="`export` is what was fed back")] = "main",
) -> Response:
    """Every interval that touches the span has a row; `amount` is null where it is not known. Default: seven days."""
    now_s = context.now_s()
    registry = read(context.engine, now_s)
    meter = registry.meter(meter_id)
    _must_count(registry, meter, resolution)
    tz = registry.site_of(meter).timezone
    window = window_of(from_, to, now_s, tz)
    few_enough(window, resolution)
    edges_s = bounds_s(resolution, window.start_s, window.end_s, tz)
    stored = context.series.intervals(resolution, meter_id, int(edges_s[0]), int(edges_s[-1]), flow)
    rows, coverage = _rows(edges_s, stored)
    told = {
        "meter": meter.id,
        "flow": flow,
        "unit": meter.unit,
        "timezone": tz,
        "resolution": resolution.value,
        "from": _z(int(edges_s[0])),
        "to": _z(int(edges_s[-1])),
        "coverage": coverage,
        "rows": rows,
    }
    # Thousands of rows: written at once, not one by one through the model that describes them.
    return Response(orjson.dumps(told), media_type="application/json")


def _must_count(registry: Registry, meter: Meter, resolution: Resolution) -> None:
    if meter.kind is Kind.GAUGE:
        raise Problem(422, f"`{meter.id}` tells a state, not amounts.", "path: meter_id", "Choose a meter that counts.")
    order, finest = list(Resolution), registry.virtual.finest(meter)
    if order.index(resolution) < order.index(finest):
        raise Problem(
            422,
            f"`{meter.id}` has no figures by {resolution.value}: its readings are further apart.",
            "query: resolution",
            f"Ask for {finest.value} or coarser.",
        )


def _rows(edges_s: Seconds, stored: Intervals) -> tuple[list[dict[str, object]], float]:
    start_s = edges_s[:-1]
    # A row outside the grid would be a defect of the roll-ups; it is not shown under another start.
    place = np.searchsorted(start_s, stored.start_s)
    fits = start_s[np.minimum(place, len(start_s) - 1)] == stored.start_s
    columns: list[list[float | None]] = []
    weights = np.diff(edges_s) / (edges_s[-1] - edges_s[0])
    coverage = 0.0
    for name in INTERVAL_FIELDS:
        laid = np.full(len(start_s), 0.0 if name == "coverage" else np.nan)
        laid[place[fits]] = getattr(stored, name)[fits]
        if name == "coverage":
            coverage = float(np.sum(laid * weights))
        columns.append(_nulled(laid))
    names = ("start", *INTERVAL_FIELDS)
    return [dict(zip(names, row, strict=True)) for row in zip(_stamps(start_s), *columns, strict=True)], coverage


def _nulled(values: Floats) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]


def _stamps(start_s: Seconds) -> list[str]:
    return [f"{stamp}Z" for stamp in start_s.astype("datetime64[s]").astype(str)]


def _z(at_s: int) -> str:
    return utc(at_s).isoformat().replace("+00:00", "Z")
