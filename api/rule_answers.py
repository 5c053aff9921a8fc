"""The shapes of what the API says of rules, and of what it accepts."""

from datetime import datetime
from math import isfinite

from pydantic import BaseModel, ConfigDict, Field, field_validator

from api.answers import readable_text, utc
from api.context import AppContext
from api.rules import Counted, Standing
from plagewatch.tickets.modes import Label, Mode, RuleWords
from rules.backtest import Trial


class NumberAnswer(BaseModel):
    """One of the numbers by which a rule looks."""

    name: str = Field(examples=["nights"])
    title: str = Field(examples=["Nights in a row"])
    means: str
    unit: str = Field(description="For people; a value of 0.25 with the unit % is 25 %", examples=["nights"])
    value: float = Field(description="As it is now")
    usual: float = Field(description="As the catalogue has it")
    least: float | None = Field(description="Smallest it may be; null where it cannot be moved")
    most: float | None


class RecordAnswer(BaseModel):
    """How a rule has done. One ticket may stand in several of these."""

    tickets: int
    living: int = Field(description="Not over yet")
    verified: int = Field(description="Over: the meter agreed that it was mended")
    faded: int = Field(description="Over by itself")
    real: int = Field(description="Called real by a person")
    false_alarm: int = Field(description="Called a false alarm by a person")
    only_counted: int = Field(description="Of which nobody was told")
    precision: float | None = Field(
        description="Part of the labelled ones that were real, 0 to 1; null = none labelled"
    )


class DecisionAnswer(BaseModel):
    """What somebody decided of a rule."""

    at: datetime
    who: str
    mode: Mode
    numbers: dict[str, float] = Field(description="Those that differ from the catalogue's")
    note: str


class RuleAnswer(BaseModel):
    """A rule: how it stands, its numbers, how it has done, and what was decided of it, newest first."""

    id: str = Field(examples=["night_water"])
    title: str
    mode: Mode
    numbers: list[NumberAnswer]
    record: RecordAnswer
    decisions: list[DecisionAnswer]
    url: str = Field(description="The page for people")


class ModeWanted(BaseModel):
    """What somebody decides of a rule."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"mode": "shadow", "who": "cell", "numbers": {"nights": 4}}]},
    )

    mode: Mode
    who: str = Field(min_length=1, max_length=100, description="Id of the person who decides")
    note: str = Field("", max_length=2000, description="Why")
    numbers: dict[str, float] | None = Field(None, max_length=50, description="By name; null = as they are")

    _text = field_validator("who", "note")(readable_text)


class TriedTicket(BaseModel):
    """A ticket that the rule would have opened."""

    meter: str
    first_abnormal_at: datetime
    last_abnormal_at: datetime
    opened_at: datetime
    as_it_stands: bool = Field(description="Whether the rule tells it by the numbers it has now")
    as_asked: bool = Field(description="Whether it tells it by the numbers that were asked for")


class TriedLabel(BaseModel):
    """A ticket of that time that somebody called real or a false alarm."""

    ticket: int
    label: Label
    as_it_stands: bool
    as_asked: bool


class TriedAnswer(BaseModel):
    """One of the two counts."""

    numbers: dict[str, float] = Field(description="All numbers it was counted with")
    tickets: int
    judged_since: datetime | None = Field(description="First verdict in the span; null = none")
    meters: list[str] = Field(description="Those it could judge")
    not_judged: dict[str, str] = Field(description="Meter and code of why the rule could say nothing")


class BacktestAnswer(BaseModel):
    """What a rule would have said of a building."""

    model_config = ConfigDict(populate_by_name=True)

    rule: str
    building: str
    from_: datetime = Field(alias="from", description="Not part of the span")
    to: datetime
    as_it_stands: TriedAnswer
    as_asked: TriedAnswer
    tickets: list[TriedTicket] = Field(description="Of both, newest first")
    labelled: list[TriedLabel]


def rule_answer(context: AppContext, standing: Standing, told: RuleWords) -> RuleAnswer:
    """A rule for programs."""
    now, record = standing.numbers(told), standing.record(told.id)
    return RuleAnswer(
        id=told.id,
        title=told.title,
        mode=standing.mode(told.id).mode,
        numbers=[
            NumberAnswer(
                name=one.name,
                title=one.title,
                means=one.means,
                unit=one.unit,
                value=now[one.name],
                usual=one.usual,
                least=one.least if one.moves else None,
                most=one.most if one.moves else None,
            )
            for one in told.numbers
        ],
        record=RecordAnswer(
            tickets=record.tickets,
            living=record.living,
            verified=record.verified,
            faded=record.faded,
            real=record.real,
            false_alarm=record.false_alarm,
            only_counted=record.shadow,
            precision=record.precision if isfinite(record.precision) else None,
        ),
        decisions=[
            DecisionAnswer(
                at=utc(one.at_ms / 1000), who=one.who, mode=one.mode, numbers=dict(one.parameters), note=one.note
            )
            for one in reversed(standing.history)
            if one.rule == told.id
        ],
        url=f"{context.base_url.rstrip('/')}/rules/{told.id}",
    )


def backtest_answer(told: RuleWords, counted: Counted) -> BacktestAnswer:
    """A count for programs."""
    return BacktestAnswer(
        rule=told.id,
        building=counted.building.id,
        from_=utc(counted.span_s[0]),
        to=utc(counted.span_s[1]),
        as_it_stands=_tried({**told.parameters, **counted.standing}, counted.now),
        as_asked=_tried({**told.parameters, **counted.numbers}, counted.then),
        tickets=[
            TriedTicket(
                meter=ticket.meter,
                first_abnormal_at=utc(ticket.first_abnormal_s),
                last_abnormal_at=utc(ticket.last_abnormal_s),
                opened_at=utc(ticket.opened_s),
                as_it_stands=now,
                as_asked=then,
            )
            for ticket, now, then in counted.lines
        ],
        labelled=[
            TriedLabel(ticket=ticket.id, label=label, as_it_stands=now, as_asked=then)
            for ticket, label, now, then in counted.labelled
        ],
    )


def _tried(numbers: dict[str, float], trial: Trial) -> TriedAnswer:
    return TriedAnswer(
        numbers=numbers,
        tickets=len(trial.tickets),
        judged_since=None if trial.since_s is None else utc(trial.since_s),
        meters=sorted(trial.judged),
        not_judged=dict(sorted(trial.not_judged.items())),
    )
