"""What a source of weather is asked and tells, and how asking can fail."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from plagewatch.metering.intervals import Seconds
from plagewatch.store.series.protocol import Points

HOUR_S = 3_600
DAY_S = 86_400


class SourceError(Exception):
    """A source did not tell what was asked; the message says why.

    `retryable` says whether the same request may succeed later; wait_s: how long the source asks to be left alone.
    """

    def __init__(self, message: str, *, retryable: bool, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked for: a site's coordinates [° WGS84], or a station that stands for it."""

    site: str
    latitude: float | None = None
    longitude: float | None = None
    station: str = ""

    @property
    def place(self) -> str:
        """The place in one word, by which it is known whether hours are of it.

        >>> Target("s", 50.84673, 4.3525).place, Target("s", station="6447").place
        ('50.8467,4.3525', '6447')
        """
        return self.station or f"{self.latitude:.4f},{self.longitude:.4f}"


@dataclass(frozen=True, slots=True)
class Request:
    """Hours that begin in [start_s, end_s), whole UTC days but for the end, of some targets at once.

    recent: days that the source may still change, where it keeps these elsewhere.
    """

    targets: tuple[Target, ...]
    start_s: int
    end_s: int
    recent: bool


@dataclass(frozen=True, slots=True)
class Told:
    """Hours of one target as a source has them, NaN where it does not know, and where and by what they are made.

    unsettled_s: hours that it says itself may still change.
    """

    points: Points
    model: str
    licence: str
    latitude: float | None = None
    longitude: float | None = None
    elevation_m: float | None = None
    unsettled_s: Seconds = field(default_factory=lambda: np.zeros(0, np.int64))


class WeatherSource(Protocol):
    """A source on the network. at_once: how many targets one request may have."""

    at_once: int

    def ask(self, request: Request) -> Sequence[Told]:
        """What it tells of each target, in their order. Raises SourceError."""
