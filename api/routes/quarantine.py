"""What waits in quarantine, for programs."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.answers import QuarantineAnswer, QuarantinedAnswer, utc
from api.context import Context
from plagewatch.store.records import quarantine as records

router = APIRouter(prefix="/api/v1", tags=["health"])


@router.get("/quarantine", summary="What could not be understood or placed: counts and the newest")
def quarantine(
    context: Context, limit: Annotated[int, Query(ge=1, le=200, description="How many of the newest")] = 20
) -> QuarantineAnswer:
    """Nothing of it is lost: the payload is kept and can be replayed once its meter is known."""
    return QuarantineAnswer(
        counts=records.counts(context.engine),
        newest=[
            QuarantinedAnswer(
                received_at=utc(item.received_ms / 1000),
                source=item.source,
                device=item.device,
                reason=item.reason,
                detail=item.detail,
                payload_bytes=len(item.payload),
            )
            for item in records.quarantined(context.engine, limit)
        ],
    )
