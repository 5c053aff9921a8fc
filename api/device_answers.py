"""The shapes of what the API says of devices in quarantine, and of what it accepts to claim them."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.functional_validators import AfterValidator

from api.answers import utc
from api.devices import DeviceLine, DeviceNow, part_of
from plagewatch.metering.meters import Binding
from plagewatch.metering.readings import Reason
from plagewatch.store.records.replay_progress import Replay


def _plain(text: str) -> str:
    if any(unicodedata.category(letter) in ("Cs", "Cc") for letter in text):
        raise ValueError("holds a character that is no text")
    return text


Short = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]


class Progress(StrEnum):
    """Where a replay stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"


class GuessAnswer(BaseModel):
    """What a field may be, by the words in its name. A guess: it is never applied by itself."""

    as_register: str
    unit: str | None
    words: list[str]


class BindingAnswer(BaseModel):
    """What a register feeds now."""

    meter: str
    from_: datetime = Field(alias="from")
    as_register: str | None
    unit: str | None

    model_config = ConfigDict(populate_by_name=True)


class ValueAnswer(BaseModel):
    """One value that a device told."""

    at: datetime
    value: float


class RegisterAnswer(BaseModel):
    """One register in the packets that are kept."""

    register_: str = Field(alias="register", examples=["energy_import_total", "field.total"])
    unit: str | None = Field(description="null = the payload does not say")
    values: int = Field(description="How many values are in the packets that are kept")
    first_at: datetime
    newest: list[ValueAnswer]
    guess: GuessAnswer | None
    bound: BindingAnswer | None

    model_config = ConfigDict(populate_by_name=True)


class FamilyAnswer(BaseModel):
    """A family that can read messages of an unknown topic, and the form of topics to claim it with."""

    family: str
    readings: int
    template: str = Field(examples=["site/{device}/data"])


class PayloadAnswer(BaseModel):
    """The newest message; characters that are none are written as `\\u....`, bytes that are no text in hexadecimal."""

    topic: str
    received_at: datetime
    text: str
    is_text: bool
    bytes: int
    cut: bool


class ReplayAnswer(BaseModel):
    """Packets that go through the collector once more."""

    id: int
    device: str = Field(description="Empty: of all devices")
    template: str = Field(description="Only topics of this form; empty: all")
    state: Progress
    who: str
    asked_at: datetime
    done_at: datetime | None
    packets: int = Field(description="Of the device, handled so far")
    samples: int = Field(description="Readings stored by them, or there already")
    gone: int = Field(description="At least so many packets are no longer in the spool")
    complete_from: datetime | None = Field(description="Where packets are gone: from when on nothing is missing")
    trouble: str = Field(description="Why it stands still or what it lacks; empty = nothing")


class WithdrawnAnswer(BaseModel):
    """Readings that a meter has of the device and that no longer count there, since somebody moved or ended it."""

    meter: str
    register_: str = Field(alias="register")
    readings: int
    first_at: datetime
    last_at: datetime
    who: str
    withdrawn_at: datetime

    model_config = ConfigDict(populate_by_name=True)


class DeviceLineAnswer(BaseModel):
    """A device of which packets wait."""

    device: str = Field(description="Its id; the topic itself where the topic belongs to no family")
    url: str = Field(description="What is known of it")
    topics: list[str]
    counts: dict[Reason, int]
    first_received_at: datetime | None
    last_received_at: datetime | None


class DeviceAnswer(DeviceLineAnswer):
    """A device with a preview of its registers, read as the collector would read its packets now."""

    families: list[str]
    registers: list[RegisterAnswer]
    left_out: list[str] = Field(description="What could not be read, the newest first")
    guesses: list[FamilyAnswer]
    payload: PayloadAnswer | None
    replays: list[ReplayAnswer]
    withdrawn: list[WithdrawnAnswer]


class ClaimWanted(BaseModel):
    """Whose a register is."""

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_extra={"examples": [{"register": "gas_volume", "meter": "wzc-linde.gas", "who": "els"}]},
    )

    register_: Short = Field(alias="register")
    meter: Short
    from_: AwareDatetime | None = Field(None, alias="from", description="From when on; null = the first that came")
    as_register: Short | None = Field(None, description="What a `field.<name>` counts")
    unit: Short | None = Field(None, description="In which unit a `field.<name>` counts")
    who: Short = Field(description="Id of the person who claims it")
    same_index: bool = Field(False, description="True where another device on the same register reads the same index")


class ReleaseWanted(BaseModel):
    """From when on a register feeds no meter."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    register_: Short = Field(alias="register")
    from_: AwareDatetime = Field(alias="from")
    who: Short


class RouteWanted(BaseModel):
    """Which family the topics of a form are."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"template": "site/+/{device}/data", "family": "plain_json", "who": "els"}],
        },
    )

    template: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_plain)]
    family: Short
    who: Short


def replay_answer(replay: Replay) -> ReplayAnswer:
    """A replay as the API tells it."""
    return ReplayAnswer(
        id=replay.id,
        device=replay.device,
        template=replay.template,
        state=progress_of(replay),
        who=replay.who,
        asked_at=utc(replay.asked_ms / 1000),
        done_at=_moment(replay.done_ms),
        packets=replay.packets,
        samples=replay.samples,
        gone=replay.gone,
        complete_from=_moment(replay.complete_from_ms),
        trouble=replay.trouble,
    )


def progress_of(replay: Replay) -> Progress:
    """Where a replay stands."""
    if replay.done_ms is not None:
        return Progress.DONE
    return Progress.RUNNING if replay.begun else Progress.WAITING


def line_answer(line: DeviceLine, base_url: str) -> DeviceLineAnswer:
    """A device of the list as the API tells it."""
    return DeviceLineAnswer(
        device=line.device,
        url=f"{base_url.rstrip('/')}/api/v1/quarantine/devices/{part_of(line.device)}",
        topics=line.topics,
        counts={count.reason: count.number for count in line.counts},
        first_received_at=_moment(line.first_ms or None),
        last_received_at=_moment(line.last_ms or None),
    )


def device_answer(now: DeviceNow, base_url: str) -> DeviceAnswer:
    """A device with its preview as the API tells it."""
    preview, payload = now.preview, now.preview.payload
    return DeviceAnswer(
        **line_answer(now.line, base_url).model_dump(),
        families=list(preview.families),
        registers=_registers(now),
        left_out=list(preview.left_out),
        guesses=[FamilyAnswer(family=g.family, readings=g.readings, template=g.template) for g in preview.guesses],
        payload=payload
        and PayloadAnswer(
            topic=payload.topic,
            received_at=utc(payload.received_ms / 1000),
            text=payload.text,
            is_text=payload.is_text,
            bytes=payload.bytes,
            cut=payload.cut,
        ),
        replays=[replay_answer(one) for one in now.replays],
        withdrawn=[
            WithdrawnAnswer(
                meter=one.withdrawal.meter,
                register_=one.withdrawal.register,
                readings=one.readings,
                first_at=utc(one.first_ms / 1000),
                last_at=utc(one.last_ms / 1000),
                who=one.withdrawal.who,
                withdrawn_at=utc(one.withdrawal.at_ms / 1000),
            )
            for one in now.withdrawn
        ],
    )


def _registers(now: DeviceNow) -> Sequence[RegisterAnswer]:
    return [
        RegisterAnswer(
            register_=one.register,
            unit=one.unit or None,
            values=one.number,
            first_at=utc(one.first_ms / 1000),
            newest=[ValueAnswer(at=utc(at_ms / 1000), value=value) for at_ms, value in one.newest],
            guess=one.guess
            and GuessAnswer(
                as_register=one.guess.as_register, unit=one.guess.unit or None, words=list(one.guess.words)
            ),
            bound=_bound(now.bound(one.register)),
        )
        for one in now.preview.registers
    ]


def _bound(binding: Binding | None) -> BindingAnswer | None:
    if binding is None:
        return None
    return BindingAnswer(
        meter=binding.meter,
        from_=utc(binding.from_ms / 1000),
        as_register=binding.as_register,
        unit=binding.unit,
    )


def _moment(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else utc(at_ms / 1000)
