"""What a device in quarantine says, as a person sees it before claiming it. The collector makes it for the pages."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guess:
    """What a `field.<name>` may be, by the words in its name. Never applied by itself. unit: empty = no idea."""

    as_register: str
    unit: str
    words: Sequence[str]  # by which it was guessed


@dataclass(frozen=True, slots=True)
class RegisterPreview:
    """One register in the packets that quarantine keeps.

    unit: of the register word, empty where the payload does not say. number: values in these packets. first_ms: the
    oldest instant that a device with a sound clock sends of itself; the oldest of all where there is none. newest:
    instants and values, the newest first.
    """

    register: str
    unit: str
    number: int
    first_ms: int
    newest: Sequence[tuple[int, float]]
    guess: Guess | None = None


@dataclass(frozen=True, slots=True)
class FamilyGuess:
    """A family that can read payloads of an unknown topic, and the form of topics it would be claimed with.

    readings: how many registers it read in the newest packets.
    """

    family: str
    readings: int
    template: str


@dataclass(frozen=True, slots=True)
class Payload:
    """The newest message, safe to show. text: printable characters, or bytes in hexadecimal; cut where it is long."""

    topic: str
    received_ms: int
    text: str
    is_text: bool
    bytes: int
    cut: bool


@dataclass(frozen=True, slots=True)
class DevicePreview:
    """What is known of a device by its packets in quarantine. families: what its topics belong to, `unknown` for none.

    left_out: what could not be read, the newest first. guesses: for topics of no family; the registers are then those
    that the first of them would read.
    """

    device: str
    topics: Sequence[str]
    families: Sequence[str]
    registers: Sequence[RegisterPreview]
    left_out: Sequence[str]
    guesses: Sequence[FamilyGuess]
    payload: Payload | None
