"""Whether the ledger adds up, and what it met in the evidence: for programs, and for the page on the data."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.answers import utc
from api.context import AppContext, Context
from api.registry import Registry
from plagewatch.metering.course import Note
from plagewatch.store.records import accounts, findings
from plagewatch.tickets.texts import N_

router = APIRouter(prefix="/api/v1/ledger", tags=["health"])
SHOWN = 25

NOTES = {
    Note.SWAP: N_("Declared swap"),
    Note.UNDECLARED_SWAP: N_("Swap that nobody declared"),
    Note.ROLLOVER: N_("Register rolled over"),
    Note.IMPOSSIBLE: N_("More than the meter can count"),
    Note.EXCURSION: N_("Readings that strayed and came back"),
    Note.STEP_BACK: N_("Small step back"),
    Note.SUSPECT: N_("Fall that the next reading must explain"),
    Note.CONTRADICTION: N_("Several values for one moment"),
    Note.NO_PULSE_WEIGHT: N_("Pulses without a pulse weight"),
    Note.UNIT_UNKNOWN: N_("Unit that does not fit"),
}
ORDINARY = frozenset({Note.SWAP, Note.ROLLOVER, Note.STEP_BACK})
"""What a sound meter does too: listed for programs, not shown to people as something to look at."""


class AccountAnswer(BaseModel):
    """One register's account, in units of its index: booked + quarantined = last - first + declared steps."""

    meter: str
    register_: str = Field(serialization_alias="register", examples=["energy_import_total"])
    first_index: float
    last_index: float
    declared_steps: float = Field(description="What swaps and rollovers moved the index without consumption")
    booked: float
    quarantined: float = Field(description="Movements that the meter cannot have made")
    balanced: bool
    checked_at: datetime


class FindingAnswer(BaseModel):
    """Something the ledger met between two readings."""

    meter: str
    register_: str = Field(serialization_alias="register")
    note: Note
    from_: datetime = Field(serialization_alias="from")
    to: datetime
    step: float = Field(description="What the index moved [units of the index]")


@router.get("/accounts", summary="The accounts of the last nightly check")
def ledger_accounts(context: Context) -> list[AccountAnswer]:
    """Empty where no check was made yet: it runs each night."""
    return [
        AccountAnswer(
            meter=one.meter,
            register_=one.register,
            first_index=one.first_index,
            last_index=one.last_index,
            declared_steps=one.declared_steps,
            booked=one.booked,
            quarantined=one.quarantined,
            balanced=one.balanced,
            checked_at=utc(one.checked_ms / 1000),
        )
        for one in accounts.all_accounts(context.engine)
    ]


@router.get("/findings", summary="What the ledger met in the evidence, newest first")
def ledger_findings(
    context: Context,
    meter: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many of the newest")] = 100,
) -> list[FindingAnswer]:
    """Nothing of it is lost or changed: evidence stays, and a correction makes the figures anew."""
    return [
        FindingAnswer(
            meter=one.meter,
            register_=one.register,
            note=one.found.note,
            from_=utc(one.found.from_ms / 1000),
            to=utc(one.found.to_ms / 1000),
            step=one.found.step,
        )
        for one in findings.newest(context.engine, limit, meter)
    ]


def health(context: AppContext, registry: Registry) -> dict[str, object]:
    """What the page on the data shows of the ledger."""
    checked = accounts.all_accounts(context.engine)
    met = [one for one in findings.newest(context.engine, 10 * SHOWN) if one.found.note not in ORDINARY]
    return {
        "accounts": checked,
        "unbalanced": [one for one in checked if not one.balanced],
        "set_aside": [one for one in checked if one.quarantined],
        "met": [one for one in met if one.meter in registry.meters][:SHOWN],
        "notes": NOTES,
        "meter_names": {one.id: registry.full_name(one) for one in registry.meters.values()},
        "meter_units": {one.id: one.unit for one in registry.meters.values()},
    }
