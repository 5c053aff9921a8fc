"""What waits in quarantine, and how programs say whose it is."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.answers import QuarantineAnswer, QuarantinedAnswer, utc
from api.context import Context
from api.device_answers import (
    BindingAnswer,
    ClaimWanted,
    DeviceAnswer,
    DeviceLineAnswer,
    ReleaseWanted,
    ReplayAnswer,
    RouteWanted,
    device_answer,
    line_answer,
    replay_answer,
)
from api.devices import device_now, device_of, lines, require_family, require_person
from api.problems import Problem, not_found
from plagewatch.metering.claiming import Claim, ClaimRefused
from plagewatch.store.records import claims, replays
from plagewatch.store.records import quarantine as records
from plagewatch.store.records.life_cycle import By

router = APIRouter(prefix="/api/v1", tags=["quarantine"])

Device = Annotated[str, Path(description="The device's id, percent-encoded; or `~` and its base64url form")]
LATEST_MS = 4_102_444_800_000  # 2100


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


@router.get("/quarantine/devices", summary="Devices of which packets wait, the latest first")
def devices(context: Context) -> list[DeviceLineAnswer]:
    """A topic that belongs to no family stands there as a device of its own."""
    return [line_answer(line, context.base_url) for line in lines(context)]


@router.get("/quarantine/replays", summary="What goes or went through the collector once more, the newest first")
def all_replays(context: Context, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[ReplayAnswer]:
    """Each claim makes one; `plagewatch collector replay` too."""
    return [replay_answer(one) for one in replays.replays(context.engine, limit)]


@router.get("/quarantine/replays/{number}", summary="How far a replay is")
def one_replay(context: Context, number: Annotated[int, Path(ge=1, lt=2**31)]) -> ReplayAnswer:
    """The collector works the replays off one after the other, beside what arrives."""
    found = replays.replay(context.engine, number)
    if found is None:
        raise not_found("replay", number, "path: number", "GET /api/v1/quarantine/replays lists them.")
    return replay_answer(found)


@router.post("/quarantine/routes", status_code=201, summary="Say which family topics of a form are")
def route(context: Context, wanted: RouteWanted) -> ReplayAnswer:
    """Holds for packets to come at once; those received before are read again."""
    require_person(context, wanted.who)
    require_family(context, wanted.family)
    try:
        number = claims.route(context.engine, wanted.template, wanted.family, wanted.who, context.now_s() * 1000)
    except ClaimRefused as refusal:
        raise _refused(refusal) from refusal
    return one_replay(context, number)


@router.post("/quarantine/devices/{device:path}/claims/end", summary="End what a register feeds, from a moment on")
def release(context: Context, device: Device, wanted: ReleaseWanted) -> BindingAnswer:
    """What the meter has of the device since then is withdrawn: kept, and counted no more."""
    require_person(context, wanted.who)
    from_ms, by = _ms(wanted.from_), By(wanted.who, context.now_s() * 1000)
    try:
        ended = claims.release(context.engine, context.series, device_of(device), wanted.register_, from_ms, by)
    except ClaimRefused as refusal:
        raise _refused(refusal) from refusal
    return BindingAnswer(
        meter=ended.meter, from_=utc(ended.from_ms / 1000), as_register=ended.as_register, unit=ended.unit
    )


@router.post("/quarantine/devices/{device:path}/claims", status_code=201, summary="Say whose a device's register is")
def claim(context: Context, device: Device, wanted: ClaimWanted) -> ReplayAnswer:
    """Everything the device sent before is replayed; the answer says how to follow that."""
    require_person(context, wanted.who)
    name = device_of(device)
    from_ms = device_now(context, name).first_ms(wanted.register_) if wanted.from_ is None else _ms(wanted.from_)
    try:
        number = claims.claim(
            context.engine,
            context.series,
            Claim(
                name,
                wanted.register_,
                wanted.meter,
                from_ms,
                wanted.who,
                wanted.as_register,
                wanted.unit,
                wanted.same_index,
            ),
            context.now_s() * 1000,
        )
    except ClaimRefused as refusal:
        raise _refused(refusal) from refusal
    return one_replay(context, number)


@router.get("/quarantine/devices/{device:path}", summary="One device: what its packets say, and what they may be")
def device(context: Context, device: Device) -> DeviceAnswer:
    """Made anew with each request from the packets that are kept: the first and the newest."""
    return device_answer(device_now(context, device_of(device)), context.base_url)


def _refused(refusal: ClaimRefused) -> Problem:
    return Problem(422, str(refusal), "body", "GET the device: it shows what its registers are and feed.")


def _ms(at: datetime) -> int:
    at_ms = round(at.timestamp() * 1000)
    if not 0 <= at_ms <= LATEST_MS:
        raise Problem(422, f"`{at.isoformat()}` is too far away.", "body: from", "Give a moment from 1970 to 2100.")
    return at_ms
