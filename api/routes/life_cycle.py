"""A meter's life for programs: dated facts, swaps, proposals of swaps, and who changed what."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.context import AppContext, Context
from api.entries import REFUSALS, Who, by, told_as_problem
from api.life_cycle import declare, enter_facts, proposal_at
from api.life_cycle_answers import (
    AuditAnswer,
    FactsAnswer,
    FactsWanted,
    Moment,
    ProposalAccepted,
    ProposalAnswer,
    ProposalKey,
    SwapAnswer,
    SwapWanted,
    audit_answer,
    facts_answer,
    facts_wanted,
    ms_of,
    proposal_answer,
    swap_answer,
)
from api.registry import read
from plagewatch.metering.meters import Meter, Swap
from plagewatch.store.records import audit
from plagewatch.store.records import registry as records
from plagewatch.store.records.life_cycle import MeterEditor
from plagewatch.store.records.swap_proposals import open_proposals

router = APIRouter(prefix="/api/v1/meters/{meter_id}", tags=["life-cycle"])


@router.get("/facts", summary="Dated facts of a meter, oldest first", responses=REFUSALS)
def facts(context: Context, meter_id: str) -> list[FactsAnswer]:
    """Each holds until the next one's `valid_from`."""
    _meter(context, meter_id)
    return [facts_answer(one) for one in records.facts_of(context.engine, meter_id)]


@router.post("/facts", summary="Enter or change facts", responses=REFUSALS)
def enter(context: Context, meter_id: str, wanted: FactsWanted) -> list[FactsAnswer]:
    """The figures that this changes are made again, no others. The same again changes nothing."""
    meter = _meter(context, meter_id)
    with told_as_problem():
        instead_of_ms = None if wanted.instead_of is None else ms_of(wanted.instead_of)
        enter_facts(context, meter, facts_wanted(meter_id, wanted), by(context, wanted.who), instead_of_ms)
    return facts(context, meter_id)


@router.delete("/facts", summary="Take facts back", responses=REFUSALS)
def remove(context: Context, meter_id: str, valid_from: Annotated[Moment, Query()], who: Who) -> list[FactsAnswer]:
    """Those before them hold on."""
    _meter(context, meter_id)
    with told_as_problem("query"):
        MeterEditor(context.engine, context.series, by(context, who)).remove_facts(meter_id, ms_of(valid_from))
    return facts(context, meter_id)


@router.get("/swaps", summary="Declared replacements of a meter's device, oldest first", responses=REFUSALS)
def swaps(context: Context, meter_id: str) -> list[SwapAnswer]:
    """Both indexes count as readings at the instant."""
    _meter(context, meter_id)
    return [swap_answer(one) for one in records.swaps_of(context.engine, meter_id)]


@router.post("/swaps", summary="Declare or correct a replacement", responses=REFUSALS)
def declare_swap(context: Context, meter_id: str, wanted: SwapWanted) -> list[SwapAnswer]:
    """The figures around its instant are made again. The same again changes nothing."""
    meter = _meter(context, meter_id)
    swap = Swap(
        meter_id,
        wanted.register_,
        ms_of(wanted.at),
        wanted.last_index,
        wanted.first_index,
        wanted.serial,
        wanted.digits,
        wanted.who,
        wanted.photo,
        wanted.note,
    )
    with told_as_problem():
        instead_of_ms = None if wanted.instead_of is None else ms_of(wanted.instead_of)
        declare(context, meter, swap, by(context, wanted.who), instead_of_ms)
    return swaps(context, meter_id)


@router.delete("/swaps", summary="Take a replacement back", responses=REFUSALS)
def remove_swap(
    context: Context,
    meter_id: str,
    register: Annotated[str, Query(max_length=200)],
    at: Annotated[Moment, Query()],
    who: Who,
) -> list[SwapAnswer]:
    """The readings around it are then judged as if nothing had been replaced."""
    _meter(context, meter_id)
    with told_as_problem("query"):
        MeterEditor(context.engine, context.series, by(context, who)).remove_swap(meter_id, register, ms_of(at))
    return swaps(context, meter_id)


@router.get("/proposals", summary="Replacements that nobody declared", responses=REFUSALS)
def proposals(context: Context, meter_id: str) -> list[ProposalAnswer]:
    """Where a serial number changed in the telegrams, or an index fell and stayed down."""
    _meter(context, meter_id)
    return [proposal_answer(one) for one in open_proposals(context.engine, context.series, meter_id)]


@router.post("/proposals/accept", summary="Declare a proposed replacement", responses=REFUSALS)
def accept(context: Context, meter_id: str, wanted: ProposalAccepted) -> list[SwapAnswer]:
    """What is not given is taken from the proposal."""
    meter = _meter(context, meter_id)
    with told_as_problem():
        editor = by(context, wanted.who)
        seen = proposal_at(context, meter_id, wanted.register_, ms_of(wanted.at)).as_swap()
        swap = Swap(
            meter_id,
            seen.register,
            seen.at_ms if wanted.swapped_at is None else ms_of(wanted.swapped_at),
            seen.last_index if wanted.last_index is None else wanted.last_index,
            seen.first_index if wanted.first_index is None else wanted.first_index,
            seen.serial if wanted.serial is None else wanted.serial,
            wanted.digits,
            wanted.who,
            wanted.photo,
            wanted.note,
        )
        declare(context, meter, swap, editor)
    return swaps(context, meter_id)


@router.post("/proposals/dismiss", summary="Say that nothing was replaced", responses=REFUSALS)
def dismiss(context: Context, meter_id: str, wanted: ProposalKey) -> list[ProposalAnswer]:
    """It is not proposed again."""
    _meter(context, meter_id)
    with told_as_problem():
        editor = by(context, wanted.who)
        found = proposal_at(context, meter_id, wanted.register_, ms_of(wanted.at))
        MeterEditor(context.engine, context.series, editor).dismiss_swap(meter_id, found.seen.register, found.at_ms)
    return proposals(context, meter_id)


@router.get("/audit", summary="Who changed what at a meter, newest first", responses=REFUSALS)
def audit_lines(
    context: Context, meter_id: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[AuditAnswer]:
    """Lines are never changed."""
    _meter(context, meter_id)
    return [audit_answer(line) for line in audit.lines(context.engine, meter_id, limit)]


def _meter(context: AppContext, meter_id: str) -> Meter:
    return read(context.engine, context.now_s()).meter(meter_id)
