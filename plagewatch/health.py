"""How each part of the running product is doing, for `/healthz` and the pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class PartState(StrEnum):
    """`degraded` works with less than it should; `down` does not work."""

    WELL = "well"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Alarm:
    """What people who look at the pages should be told at once. text: English, with places for the numbers."""

    text: str
    numbers: Mapping[str, float]

    def sentence(self, say: Callable[[str], str]) -> str:
        """The sentence in the language of `say`.

        >>> Alarm("%(gb).1f GB are left.", {"gb": 0.51}).sentence(str)
        '0.5 GB are left.'
        """
        return say(self.text) % self.numbers


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
