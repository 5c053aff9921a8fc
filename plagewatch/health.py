"""How each part of the running product is doing, for `/healthz` and the pages."""

from dataclasses import dataclass
from enum import StrEnum


class PartState(StrEnum):
    """`degraded` works with less than it should; `down` does not work."""

    WELL = "well"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part: how it is, what to do. data_age_s: age of the newest thing it handled; None = nothing yet."""

    part: str
    state: PartState
    detail: str = ""
    data_age_s: float | None = None


def overall(parts: list[PartHealth]) -> PartState:
    """The worst state of the parts; `well` where there are none.

    >>> overall([PartHealth("spool", PartState.WELL), PartHealth("store", PartState.DOWN)]).value
    'down'
    """
    order = list(PartState)
    return max((part.state for part in parts), key=order.index, default=PartState.WELL)
