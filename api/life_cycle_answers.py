"""The shapes of what the API says of a meter's life, and of what it accepts to change it."""

from datetime import UTC, date, datetime
from math import isfinite
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from plagewatch.metering.hand_readings import Meaning, Verdict
from plagewatch.metering.meters import MeterFacts, Swap
from plagewatch.metering.proposals import Proposal, Why
from plagewatch.store.records.audit import AuditLine
from plagewatch.store.records.manual_readings import ManualReading

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(2100, 1, 1, tzinfo=UTC)


def _near(at: datetime) -> datetime:
    if not EPOCH <= at <= LAST:
        raise ValueError("must lie between 1970 and 2100")
    return at


Moment = Annotated[AwareDatetime, AfterValidator(_near)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Person = Annotated[str, Field(min_length=1, max_length=100, description="Id of the person who does it")]
Picture = Annotated[str, Field(max_length=64, description="Id of a picture that was brought before; empty = none")]
REGISTER = "energy_import_total"


class FactsValues(BaseModel):
    """What is true of a meter from an instant on; null = not known."""

    digits: int | None = Field(None, description="Places before the decimal point, where the register rolls over")
    decimals: int | None = None
    multiplier: Number = Field(1.0, description="Index difference × multiplier = amount")
    max_power_kw: Number | None = Field(None, description="The most that can flow, meters in kWh")
    max_flow_m3h: Number | None = Field(None, description="The most that can flow, meters in m3")
    pulse_weight: Number | None = Field(None, description="Amount of one pulse [unit of the meter]")
    unit: str | None = Field(None, max_length=20, description="In which the index counts; null = the register's own")
    tank_l: Number | None = Field(None, description="Capacity of the tank that deliveries fill [l]")
    contracted_kw: Number | None = Field(None, description="Contracted power, meters of electricity")
    source: str = Field("", max_length=500, examples=["contract", "type plate"])


class FactsAnswer(FactsValues):
    """Facts and from when on they hold."""

    valid_from: datetime = Field(description="1970-01-01T00:00:00Z = ever")


class FactsWanted(FactsValues):
    """Facts to be entered over those of the same instant, or in place of those of another one."""

    valid_from: Moment = EPOCH
    instead_of: Moment | None = None
    who: Person


class SwapValues(BaseModel):
    """A replacement of the device behind a register."""

    register_: str = Field(alias="register", max_length=200, examples=[REGISTER])
    at: Moment
    last_index: Number = Field(description="Of the old device, as it showed it")
    first_index: Number = Field(description="Of the new device")
    serial: str = Field("", max_length=100, description="Number of the new device")
    digits: int | None = Field(None, description="Of the new device, before the decimal point")
    photo: Picture = ""
    note: str = Field("", max_length=2000)


class SwapAnswer(SwapValues):
    """A declared replacement."""

    who: str


class SwapWanted(SwapValues):
    """A replacement to be declared."""

    instead_of: Moment | None = Field(None, description="Instant of the one that this corrects")
    who: Person


class ProposalAnswer(BaseModel):
    """A replacement that nobody declared: between the readings of `from` and `to`."""

    register_: str = Field(alias="register")
    at: datetime = Field(description="An instant between the two; the true one nobody measured")
    from_: datetime = Field(alias="from")
    to: datetime
    last_index: float
    first_index: float
    old_serial: str
    new_serial: str
    why: Why


class ProposalKey(BaseModel):
    """Which proposal is meant: its register, and any instant between its readings."""

    register_: str = Field(alias="register", max_length=200)
    at: Moment
    who: Person


class ProposalAccepted(ProposalKey):
    """A proposal that is right, and what the person knows better."""

    swapped_at: Moment | None = None
    last_index: Number | None = None
    first_index: Number | None = None
    serial: str | None = Field(None, max_length=100)
    digits: int | None = None
    photo: Picture = ""
    note: str = Field("", max_length=2000)


class AuditAnswer(BaseModel):
    """Who changed what; null = there was nothing, or nothing is left."""

    at: datetime
    who: str = Field(description="A person's id, or `file:<name>`")
    what: str
    before: Any
    after: Any


class ReadingWanted(BaseModel):
    """An index that a person read."""

    register_: str = Field(alias="register", max_length=200, examples=[REGISTER])
    index: Number = Field(ge=0, description="As the meter shows it")
    at: Moment | None = Field(None, description="null = now; give it, so that sending twice is one reading")
    photo: Picture = ""
    note: str = Field("", max_length=2000)
    who: Person


class ReadingAnswer(BaseModel):
    """A reading by hand, as it was kept, and what it means beside the one before it."""

    register_: str = Field(alias="register")
    at: datetime
    index: float
    who: str
    photo: str
    note: str
    new: bool = Field(description="false = it was there already")
    verdict: Verdict
    movement: float | None = Field(description="Since the last reading [units of the index]")
    amount: float | None = Field(description="The same [unit of the meter]")
    per_day: float | None


class SharesWanted(BaseModel):
    """Shares from a local day on, in place of all that held before; they sum to 1."""

    valid_from: date
    shares: dict[str, Number] = Field(examples=[{"wzc-linde": 0.75, "antenne-noord": 0.25}])
    who: Person


class DatedShares(BaseModel):
    """Shares that hold from a local day until the next one that is given."""

    valid_from: date
    shares: dict[str, float]


def utc_ms(at_ms: int) -> datetime:
    """An instant of milliseconds since 1970 UTC.

    >>> utc_ms(1500).isoformat()
    '1970-01-01T00:00:01.500000+00:00'
    """
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def ms_of(at: datetime) -> int:
    """Milliseconds since 1970 UTC of an instant.

    >>> ms_of(utc_ms(1500))
    1500
    """
    return round(at.timestamp() * 1000)


def facts_answer(facts: MeterFacts) -> FactsAnswer:
    """Facts as the API tells them."""
    values = {name: getattr(facts, name) for name in FactsValues.model_fields}
    return FactsAnswer(valid_from=utc_ms(facts.valid_from_ms), **values)


def facts_wanted(meter: str, wanted: FactsWanted) -> MeterFacts:
    """Facts as the API was given them."""
    values = {name: getattr(wanted, name) for name in FactsValues.model_fields}
    return MeterFacts(meter, ms_of(wanted.valid_from), **values)


def swap_answer(swap: Swap) -> SwapAnswer:
    """A declared replacement as the API tells it."""
    values = {name: getattr(swap, name) for name in ("last_index", "first_index", "serial", "digits", "photo", "note")}
    return SwapAnswer(register=swap.register, at=utc_ms(swap.at_ms), who=swap.who, **values)


def proposal_answer(proposal: Proposal) -> ProposalAnswer:
    """A proposal as the API tells it."""
    seen = proposal.seen
    span = {"from": utc_ms(seen.from_ms), "to": utc_ms(seen.to_ms)}
    names = ("register", "last_index", "first_index", "old_serial", "new_serial", "why")
    return ProposalAnswer(at=utc_ms(proposal.at_ms), **span, **{name: getattr(seen, name) for name in names})


def audit_answer(line: AuditLine) -> AuditAnswer:
    """A line of the audit as the API tells it."""
    return AuditAnswer(at=utc_ms(line.at_ms), who=line.who, what=line.what, before=line.before, after=line.after)


def reading_answer(reading: ManualReading, meaning: Meaning, new: bool) -> ReadingAnswer:
    """A reading by hand as the API tells it."""
    told = {name: getattr(meaning, name) for name in ("movement", "amount", "per_day")}
    return ReadingAnswer(
        register=reading.register,
        at=utc_ms(reading.at_ms),
        index=reading.value,
        who=reading.who,
        photo=reading.photo,
        note=reading.note,
        new=new,
        verdict=meaning.verdict,
        **{name: value if isfinite(value) else None for name, value in told.items()},
    )
