"""How each part of the running product is doing, for `/healthz` and the pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class PartState(StrEnum):
    """`degraded` works with less than it should; `down` does not work."""

    WELL = "well"
    DEGRADED = "degraded"
    DOWN = "down"


def _plain(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


@dataclass(frozen=True, slots=True)
class Alarm:
    """What people who look at the pages should be told at once. text: English, with a place for each number."""

    text: str
    numbers: Mapping[str, float | int]

    def sentence(self, say: Callable[[str], str] = str, write: Callable[[float], str] = _plain) -> str:
        """The sentence in the language of `say`, its numbers as `write` writes them.

        >>> Alarm("%(gb)s GB are left.", {"gb": 0.5123}).sentence()
        '0.512 GB are left.'
        """
        whole = {name: str(n) for name, n in self.numbers.items() if isinstance(n, int) and n < 100}
        written = {name: write(n) for name, n in self.numbers.items()} | whole
        return say(self.text) % written


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part: how it is, what to do. data_age_s: age of the newest thing it handled; None = nothing yet."""

    part: str
    state: PartState
    detail: str = ""
    data_age_s: float | None = None
    alarms: tuple[Alarm, ...] = ()


def overall(parts: list[PartHealth]) -> PartState:
    """The worst state of the parts; `well` where there are none.

    >>> overall([PartHealth("spool", PartState.WELL), PartHealth("store", PartState.DOWN)]).value
    'down'
    """
    order = list(PartState)
    return max((part.state for part in parts), key=order.index, default=PartState.WELL)
