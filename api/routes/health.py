"""How the product is doing, for whatever watches over it."""

from fastapi import APIRouter, Response

from api.answers import HealthAnswer, PartAnswer
from api.context import AppContext, ContextAlone
from plagewatch.health import PartHealth, PartState, overall

router = APIRouter(tags=["health"])
SERIES = "series store"


@router.get("/healthz", summary="State of every part and age of its data", responses={503: {"model": HealthAnswer}})
async def healthz(context: ContextAlone, response: Response) -> HealthAnswer:
    """200 while the product works, with less than it should as well; 503 when a part does not work.

    The answer is what was last seen, and comes at once: nothing is asked for it.
    """
    parts, data_age_s = parts_of(context)
    state = overall(parts)
    response.status_code = 503 if state is PartState.DOWN else 200
    response.headers["Cache-Control"] = "no-store"
    told = [PartAnswer(part=p.part, state=p.state, detail=p.detail, data_age_s=p.data_age_s) for p in parts]
    return HealthAnswer(state=state, data_age_s=data_age_s, parts=told)


@router.get("/metrics", include_in_schema=False)
async def metrics(context: ContextAlone) -> Response:
    """What Prometheus reads; docs/metrics.md explains each name."""
    return Response(context.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")


def parts_of(context: AppContext) -> tuple[list[PartHealth], float | None]:
    """The parts the process reports, and the age of the newest evidence [s]."""
    parts = context.health()
    return parts, next((part.data_age_s for part in parts if part.part == SERIES), None)
