"""How the product is doing, for whatever watches over it."""

from fastapi import APIRouter, Response

from api.answers import HealthAnswer, PartAnswer
from api.context import AppContext, Context
from api.figures import ages_s
from plagewatch.health import PartHealth, PartState, overall
from plagewatch.store.series.protocol import SeriesError

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="State of every part and age of its data", responses={503: {"model": HealthAnswer}})
def healthz(context: Context, response: Response) -> HealthAnswer:
    """200 while the product works, with less than it should as well; 503 when a part does not work."""
    parts = parts_of(context)
    state = overall(parts)
    response.status_code = 503 if state is PartState.DOWN else 200
    response.headers["Cache-Control"] = "no-store"
    told = [PartAnswer(part=p.part, state=p.state, detail=p.detail, data_age_s=p.data_age_s) for p in parts]
    ages = [part.data_age_s for part in parts if part.part == SERIES and part.data_age_s is not None]
    return HealthAnswer(state=state, data_age_s=min(ages, default=None), parts=told)


SERIES = "series"


def parts_of(context: AppContext) -> list[PartHealth]:
    """The parts the process reports, and the series store as the pages reach it."""
    try:
        ages = ages_s(context, context.now_s())
    except SeriesError as error:
        return [*context.health(), PartHealth(SERIES, PartState.DOWN, str(error))]
    return [*context.health(), PartHealth(SERIES, PartState.WELL, "", min(ages.values(), default=None))]
