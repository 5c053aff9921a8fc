"""Moments and steps as gateways write them: numbers of any unit that can be told apart, texts with a zone or none."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from collector.decoders.door import Refused, number, plausible, shown
from collector.decoders.modbus_json.shapes import FIRST_KEYS, LAST_KEYS, STEP_KEYS, STEP_TEXT_KEYS
from plagewatch.metering.readings import Reason

_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_STEP = re.compile(r"(?:PT)?(?P<count>\d{1,6})\s*(?P<unit>ms|s|sec|S|m|min|M|h|H)")
_STEP_MS = {"ms": 1, "s": 1_000, "sec": 1_000, "S": 1_000, "m": 60_000, "min": 60_000, "M": 60_000}
_PER_SECOND = (1, 1_000, 1_000_000, 1_000_000_000)
_HOUR_MS = 3_600_000
_BEYOND_ALL_CLOCKS = 1e20
MAX_STEP_MS = 31 * 86_400_000


def decimal(value: object) -> float | None:
    """A number, or a text that is one with a point; None for everything else, a comma among it.

    >>> decimal(1.5), decimal(" 12.50 "), decimal("12,5"), decimal(""), decimal("0x1F"), decimal(True)
    (1.5, 12.5, None, None, None, None)
    """
    if isinstance(value, str):
        return number(float(value)) if len(value) < 64 and _DECIMAL.fullmatch(value.strip()) else None
    return number(value)


def moment_ms(value: object, received_ms: int) -> int | None:
    """Milliseconds since 1970 UTC of a number in s, ms, µs or ns, or of a text with its zone.

    None where it says no zone or nothing. Raises Refused for a moment at which no device of ours could have measured.
    Seconds and milliseconds of this century have no number in common, so the size tells them apart.

    >>> moment_ms(1_795_169_700, 1_795_169_702_000), moment_ms("1795169700000", 1_795_169_702_000)
    (1795169700000, 1795169700000)
    >>> moment_ms("2026-11-20T11:15:00+01:00", 1_795_169_702_000), moment_ms("2026-11-20 11:15:00", 1_795_169_702_000)
    (1795169700000, None)
    """
    count = decimal(value)
    if count is None:
        at_ms = _of_text(value) if isinstance(value, str) else None
        moments = [] if at_ms is None else [at_ms]
    else:
        moments = [round(count * 1_000 / per) for per in _PER_SECOND] if abs(count) < _BEYOND_ALL_CLOCKS else [-1]
    if not moments:
        return None
    at_ms = next((at for at in moments if plausible(at, received_ms)), None)
    if at_ms is None:
        raise Refused(Reason.TIME_IMPLAUSIBLE, shown(value))
    return at_ms


class Run(NamedTuple):
    """Evenly spaced moments: those of `count` values, the first of them at first_ms."""

    first_ms: int
    step_ms: int

    def moments(self, count: int) -> list[int]:
        """Milliseconds since 1970 UTC."""
        return [self.first_ms + self.step_ms * place for place in range(count)]


def run_of(content: Mapping[str, object], count: int, received_ms: int) -> Run | None:
    """The moments of an array of `count` values; None where nothing says that it is a run in time.

    Raises Refused where it does and something is missing: a zone, the step, or which value the moment belongs to.

    >>> told = {"start": "2026-11-20T00:00:00Z", "step_min": 15}
    >>> run_of(told, 96, 1_795_305_600_000).moments(96)[-1] == 1_795_132_800_000 + 95 * 900_000
    True
    """
    first, last = _of_keys(content, FIRST_KEYS), _of_keys(content, LAST_KEYS)
    step_ms = _step_ms(content)
    if first is None and last is None:
        if step_ms is None:
            return None
        raise Refused(Reason.UNSAID, f"{count} values with a step: the moment of the first or the last one is not said")
    if step_ms is None:
        raise Refused(Reason.UNSAID, f"{count} values: the step between them, with its unit, is not said")
    first_ms, last_ms = _zoned(first, received_ms), _zoned(last, received_ms)
    if first_ms is None:
        assert last_ms is not None
        return Run(last_ms - step_ms * (count - 1), step_ms)
    if last_ms is not None and last_ms - first_ms not in (step_ms * count, step_ms * (count - 1)):
        raise Refused(
            Reason.MALFORMED, f"{count} values of {step_ms} ms do not fit between {shown(first)} and {shown(last)}"
        )
    return Run(first_ms, step_ms)


def _of_keys(content: Mapping[str, object], keys: Sequence[str]) -> object:
    return next((content[key] for key in keys if content.get(key) is not None), None)


def _zoned(value: object, received_ms: int) -> int | None:
    if value is None:
        return None
    at_ms = moment_ms(value, received_ms)
    if at_ms is None:
        raise Refused(Reason.MALFORMED, f"{shown(value)} has no zone: a run of values cannot be placed by its receipt")
    return at_ms


def _step_ms(content: Mapping[str, object]) -> int | None:
    for key, unit_ms in STEP_KEYS.items():
        count = decimal(content.get(key))
        if count is not None:
            return _sound_step(round(min(max(count, 0), MAX_STEP_MS) * unit_ms), content[key])
    said = next((content[key] for key in STEP_TEXT_KEYS if isinstance(content.get(key), str)), None)
    found = _STEP.fullmatch(said.strip()) if isinstance(said, str) else None
    if found is None:
        return None  # a bare number: seconds or minutes, nobody says
    return _sound_step(int(found["count"]) * _STEP_MS.get(found["unit"], _HOUR_MS), said)


def _sound_step(step_ms: int, said: object) -> int:
    if not 1 <= step_ms <= MAX_STEP_MS:
        raise Refused(Reason.MALFORMED, f"step = {shown(said)}")
    return step_ms


def _of_text(text: str) -> int | None:
    try:
        at = datetime.fromisoformat(text.strip())
        return None if at.tzinfo is None else round(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
