"""What every family checks at the door: the size and form of a payload, a number, a moment."""

import json
import math
import re
from collections.abc import MutableMapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from plagewatch.metering.readings import Decoded, LeftOut, Reason

Memory = MutableMapping[str, str]
"""What a family must remember between messages, kept in the records: only few families need it (Sparkplug's names)."""

MAX_PAYLOAD_BYTES = 1 << 20
EARLIEST_MS = 946_684_800_000  # 2000-01-01: no device of ours is older, a clock that was never set is
LATEST_AHEAD_MS = 86_400_000

_BARE_WORD = re.compile(r"(?<=[:,\[\s])(?P<sign>-)?(?P<word>nan|inf)(?=\s*[,\]}])")  # as C prints them
_MOST_S = 10**15  # beyond it milliseconds no longer fit the stores' integers; whatever it is, it is no moment
_MIN_ISO_LENGTH = len("2000-01-01T00:00Z")


class Refused(Exception):
    """Something in a message cannot be read. Raised over a whole message, or caught where the rest of it goes on."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.left_out = LeftOut(reason, detail)


class Message(NamedTuple):
    """One message as a family's decoder gets it.

    topic: the match of the family's topic, or of a route that somebody configured: the group `device` is always there,
    other groups may be missing (`part`). received_ms: milliseconds since 1970 UTC.
    """

    topic: re.Match[str]
    payload: bytes
    received_ms: int
    memory: Memory

    @property
    def device(self) -> str:
        """The device that the topic names; empty where the payload must name it."""
        return self.part("device")

    def part(self, name: str) -> str:
        """A named part of the topic, empty where it has none.

        >>> Message(re.fullmatch("(?P<device>[a-z]+)/x", "cellar/x"), b"", 0, {}).part("device")
        'cellar'
        """
        return (self.topic[name] or "") if name in self.topic.re.groupindex else ""

    def json(self) -> object:
        """The payload's JSON value. Raises Refused (malformed)."""
        try:
            return parse_json(self.payload)
        except ValueError as error:
            raise Refused(Reason.MALFORMED, f"not JSON: {shown(str(error))}") from error

    def text(self) -> str:
        """The payload as UTF-8 text. Raises Refused (malformed)."""
        try:
            return self.payload.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Refused(Reason.MALFORMED, f"not UTF-8: {shown(str(error))}") from error


def nothing(reason: Reason, detail: str) -> Decoded:
    """A message of which nothing could be read."""
    return Decoded((), (LeftOut(reason, detail),))


def parse_json(payload: bytes) -> object:
    """The value a JSON payload holds. NaN, nan, Infinity and inf pass as floats: they cost one value and not all.

    Raises ValueError for what is no JSON, is not UTF-8, is empty or is nested too deeply.

    >>> parse_json(b'[1, NaN]'), parse_json(b'{"a": nan, "b": -inf}')
    ([1, nan], {'a': nan, 'b': -inf})
    """
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(_BARE_WORD.sub(_as_python_reads, payload.decode("utf-8-sig")))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _as_python_reads(word: re.Match[str]) -> str:
    return f"{word['sign'] or ''}{'NaN' if word['word'] == 'nan' else 'Infinity'}".replace("-NaN", "NaN")


def number(value: object) -> float | None:
    """The value as a finite float; None where it is a truth value, a text, NaN, Infinity or anything else.

    >>> number(3), number(True), number("3"), number(float("inf"))
    (3.0, None, None, None)
    """
    if type(value) is float:
        return value if math.isfinite(value) else None
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            return None
    return None


def numbers(values: list[Any]) -> list[float] | None:
    """The values as finite floats, all at once: a tenth of the time of `number` for each; None where one is not.

    >>> numbers([1, 2.5]), numbers([1, True]), numbers([1.0, float("nan")])
    ([1.0, 2.5], None, None)
    """
    if not values or not {float, int}.issuperset(map(type, values)):
        return None
    try:
        floats = list(map(float, values))
    except OverflowError:
        return None
    return floats if all(map(math.isfinite, floats)) else None


def moment_ms(value: object) -> int | None:
    """Milliseconds since 1970 UTC of an ISO-8601 text with its zone, or of a number of seconds; None for others.

    >>> moment_ms("2026-11-20T11:15:00+01:00") == moment_ms(1795169700) == 1795169700000
    True
    >>> moment_ms("2026-11-20T11:15:00") is None
    True
    """
    if type(value) is int:
        return value * 1000 if abs(value) <= _MOST_S else None
    if isinstance(value, str):
        if len(value) < _MIN_ISO_LENGTH:
            return None
        try:
            at = datetime.fromisoformat(value)
            return None if at.tzinfo is None else round(at.timestamp() * 1000)
        except (ValueError, OverflowError):
            return None
    seconds = number(value)
    return None if seconds is None or abs(seconds) > _MOST_S else round(seconds * 1000)


def plausible(at_ms: int, received_ms: int) -> bool:
    """Whether a device may have meant this moment: from 2000 on, and not later than a day after it was received."""
    return EARLIEST_MS <= at_ms <= received_ms + LATEST_AHEAD_MS


def shown(value: object) -> str:
    """A value as a reason can quote it: short, and storable whatever it holds.

    >>> shown("x" * 500)[-6:]
    'xxxxx…'
    """
    try:
        text = value if isinstance(value, str) else repr(value)
    except (RecursionError, ValueError):
        text = f"a {type(value).__name__}"
    text = text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
    return text if len(text) <= 120 else f"{text[:120]}…"
