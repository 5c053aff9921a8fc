"""The shapes of the API's answers and of what it accepts."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from api.context import AppContext
from api.registry import Registry, read
from api.worth import WorthAnswer, worth_answer, worth_now
from plagewatch.health import PartState
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Carrier, Kind, Use
from plagewatch.metering.readings import Flow, Reason
from plagewatch.store.records import held_notices, rule_modes
from plagewatch.store.records.rule_modes import TicketLabel
from plagewatch.store.records.tickets import TicketEvent
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.modes import Label
from plagewatch.tickets.states import BY_PERSON, State, Ticket
from plagewatch.tickets.worth import TargetGap


def readable_text(text: str) -> str:
    """The text itself. Raises ValueError where it holds what nobody can read or a store cannot keep."""
    if any(unicodedata.category(letter) in ("Cs", "Cc") and letter not in "\n\r\t" for letter in text):
        raise ValueError("holds a character that is no text")
    return text


class PartAnswer(BaseModel):
    """One part of the running product."""

    part: str = Field(examples=["collector"])
    state: PartState
    detail: str
    data_age_s: float | None = Field(description="Age of the newest thing it handled [s]; null = nothing yet")


class HealthAnswer(BaseModel):
    """The whole and its parts."""

    state: PartState = Field(description="The worst state of the parts")
    data_age_s: float | None = Field(description="Age of the newest evidence of any meter [s]")
    parts: list[PartAnswer]


class BuildingAnswer(BaseModel):
    """A building of a site."""

    id: str
    name: str
    use: Use
    floor_area_m2: float | None


class SiteAnswer(BaseModel):
    """A place with one address."""

    id: str = Field(examples=["wzc-linde"])
    name: str
    zone: str = Field(description="Dispatching zone", examples=["north"])
    timezone: str = Field(examples=["Europe/Brussels"])
    latitude: float | None
    longitude: float | None
    buildings: list[BuildingAnswer]


class ShareAnswer(BaseModel):
    """The part of a meter that serves a building today."""

    building: str
    share: float
    valid_from: date


class MeterAnswer(BaseModel):
    """A point of measurement."""

    id: str = Field(examples=["wzc-linde.elec"])
    site: str
    name: str
    carrier: Carrier
    kind: Kind
    unit: str = Field(examples=["kWh"])
    interval_s: int | None = Field(description="Usual distance of its readings [s]; null = not known")
    ean: str | None
    installation: str
    shares: list[ShareAnswer]
    newest_data_at: datetime | None = Field(description="Instant of its newest evidence; null = none yet")


class RowAnswer(BaseModel):
    """One interval. The parts say how much of the amount was not simply measured [unit of amount]."""

    start: datetime = Field(description="First instant, UTC", examples=["2026-11-20T10:00:00Z"])
    amount: float | None = Field(description="What went through; null = not known, never 0", examples=[12.5])
    coverage: float = Field(description="Share of the interval that was measured, 0 to 1", examples=[1.0])
    interpolated: float | None = Field(description="Between two readings close to each other")
    spread: float | None = Field(description="Over a gap of which only the total is known")
    estimated: float | None = Field(description="By the network operator or a model")
    manual: float | None = Field(description="Typed in by a person")


class SeriesAnswer(BaseModel):
    """Amounts of one meter, every interval of the span, known or not."""

    model_config = ConfigDict(populate_by_name=True)

    meter: str
    flow: Flow
    unit: str
    timezone: str = Field(description="Days and months are local ones of this zone")
    resolution: Resolution
    from_: datetime = Field(alias="from")
    to: datetime = Field(description="Not part of the span")
    coverage: float = Field(description="Share of the whole span that was measured, 0 to 1")
    rows: list[RowAnswer]


class EventAnswer(BaseModel):
    """One step in a ticket's life."""

    at: datetime
    who: str = Field(description="A person's id, or `meter`")
    state: State
    note: str


class LabelAnswer(BaseModel):
    """What a person who looked said of a ticket; the newest counts."""

    at: datetime
    who: str
    label: Label
    note: str


class TicketAnswer(BaseModel):
    """Abnormal consumption of one cause at one meter."""

    id: int
    title: str
    sentence: str = Field(description="What is abnormal and how that is known, with the numbers")
    meter: str
    buildings: list[str]
    site: str
    zone: str
    rule: str
    cause: str
    state: State
    urgency: Urgency
    skill: Skill
    first_abnormal_at: datetime
    last_abnormal_at: datetime
    opened_at: datetime
    cleared_at: datetime | None = Field(description="When the meter was back to normal")
    score: float = Field(description="How abnormal; one scale for all meters")
    numbers: dict[str, float] = Field(description="What explains the verdict, the unit in each name")
    assigned_to: str | None
    worth: WorthAnswer | None = Field(description="Null where its rule counts nothing")
    part_of: int | None = Field(description="Number of the ticket that stands for it and others of one cause")
    labels: list[LabelAnswer] = Field(description="Whether it was real, as people who looked said, oldest first")
    next_states: list[State] = Field(description="Steps a person may take now")
    url: str = Field(description="The page for people")


class TicketWithHistory(TicketAnswer):
    """A ticket, what to look at first, and all its steps."""

    first_checks: list[str]
    events: list[EventAnswer]


class StepWanted(BaseModel):
    """A person's step."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"state": "acknowledged", "who": "tech-north", "note": "On my way."}]},
    )

    state: State
    who: str = Field(min_length=1, max_length=100, description="Id of the person who takes the step")
    note: str = Field("", max_length=2000, description="What was seen or done")

    _text = field_validator("who", "note")(readable_text)


class LabelWanted(BaseModel):
    """What a person who looked says of a ticket."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"label": "false_alarm", "who": "tech-north", "note": "A fire drill."}]},
    )

    label: Label
    who: str = Field(min_length=1, max_length=100, description="Id of the person who looked")
    note: str = Field("", max_length=2000, description="What it was")

    _text = field_validator("who", "note")(readable_text)


class QuarantinedAnswer(BaseModel):
    """Something that could not be understood or placed yet. The payload itself stays inside."""

    received_at: datetime
    source: str
    device: str
    reason: Reason
    detail: str
    payload_bytes: int


class QuarantineAnswer(BaseModel):
    """How many items wait for each reason, and the newest of them."""

    counts: dict[Reason, int]
    newest: list[QuarantinedAnswer]


def utc(at_s: float) -> datetime:
    """An instant of seconds since 1970 UTC.

    >>> utc(0).isoformat()
    '1970-01-01T00:00:00+00:00'
    """
    return datetime.fromtimestamp(at_s, UTC)


@dataclass(frozen=True, slots=True)
class Beside:
    """What is told with every ticket of an answer. wholes: the ticket that stands for each, by number.

    labels: what was said of each, by number.
    """

    registry: Registry
    gap: TargetGap | None
    wholes: Mapping[int, int]
    labels: Mapping[int, Sequence[TicketLabel]]

    @classmethod
    def read(cls, context: AppContext, gap: TargetGap | None, ticket: int | None = None) -> Self:
        """As it is in the records now; labels of one ticket, or of all."""
        engine, said = context.engine, dict[int, list[TicketLabel]]()
        for label in rule_modes.labels(engine, ticket):
            said.setdefault(label.ticket, []).append(label)
        return cls(read(engine, context.now_s()), gap, held_notices.wholes(engine), said)


def ticket_answer(context: AppContext, beside: Beside, ticket: Ticket, language: str) -> TicketAnswer:
    """A ticket with its words in a language."""
    registry = beside.registry
    meter = registry.meters[ticket.meter]
    site = registry.site_of(meter)
    return TicketAnswer(
        id=ticket.id,
        title=context.ticket_title(ticket, language),
        sentence=context.ticket_sentence(ticket, meter, language),
        meter=ticket.meter,
        buildings=[building.id for building in registry.buildings_of(ticket.meter)],
        site=site.id,
        zone=site.zone,
        rule=ticket.rule,
        cause=ticket.cause,
        state=ticket.state,
        urgency=ticket.urgency,
        skill=ticket.skill,
        first_abnormal_at=utc(ticket.first_abnormal_s),
        last_abnormal_at=utc(ticket.last_abnormal_s),
        opened_at=utc(ticket.opened_s),
        cleared_at=None if ticket.cleared_s is None else utc(ticket.cleared_s),
        score=ticket.score,
        numbers=dict(ticket.numbers),
        assigned_to=ticket.assigned_to,
        worth=worth_answer(worth_now(context, registry, ticket, beside.gap)),
        part_of=beside.wholes.get(ticket.id),
        labels=[label_answer(label) for label in beside.labels.get(ticket.id, ())],
        next_states=[state for state in State if state in BY_PERSON[ticket.state]],
        url=f"{context.base_url.rstrip('/')}/tickets/{ticket.id}",
    )


def label_answer(said: TicketLabel) -> LabelAnswer:
    """What somebody said of a ticket, as the API tells it."""
    return LabelAnswer(at=utc(said.at_ms / 1000), who=said.who, label=said.label, note=said.note)


def event_answer(event: TicketEvent) -> EventAnswer:
    """A step as the API tells it."""
    return EventAnswer(at=utc(event.at_s), who=event.who, state=event.state, note=event.note)
