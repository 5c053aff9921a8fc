"""All that a detector may know of a meter at a moment: its past, the days, the weather, its neighbours, facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats, Seconds
from rules.detectors.verdicts import MeterHours


@dataclass(frozen=True, slots=True)
class HourlyWeather:
    """Weather at the hours of a meter, arrays as long as its hours; NaN = not known.

    temp_c: mean outdoor temperature [°C]. ghi_wm2: mean global irradiance on the horizontal [W/m2].
    """

    temp_c: Floats
    ghi_wm2: Floats


@dataclass(frozen=True, slots=True)
class FineSteps:
    """The newest steps of a meter, shorter than an hour, on an unbroken grid of step_s; both arrays of one length.

    start_s: starts, seconds since 1970 UTC. amount: what went through [unit of the meter]; NaN = not wholly measured.
    """

    start_s: Seconds
    amount: Floats
    step_s: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What somebody entered of a meter and its building; None and empty = nobody did.

    contracted_kw: contracted power. peak_kwp: power of the panels. latitude, longitude: of the site [degrees, north and
    east positive]. works_s: when works ended, seconds since 1970 UTC.
    warm: whether people live there who are owed warmth (a care zone). quarantined_s, jumps: starts of quarters in which
    the ledger found an impossible movement, and how large each was [unit of the meter]. exchanged_s: when the meter or
    its device was exchanged, seconds since 1970 UTC.
    """

    contracted_kw: float | None = None
    peak_kwp: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    works_s: Sequence[int] = ()
    warm: bool = False
    quarantined_s: Seconds = field(default_factory=lambda: np.zeros(0, np.int64))
    jumps: Floats = field(default_factory=lambda: np.zeros(0))
    exchanged_s: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class DayKinds:
    """What the local days of a meter's hours are; arrays over consecutive days, the first one `first_day`.

    first_day: ordinal of a local date (date.toordinal). rest: days on which the building rests: weekends, public
    holidays, its own closing days, school holidays of a school. open_from_h, open_to_h: opening hours of each day
    [local hour]; NaN = not entered, equal = closed. bridge: working days alone between a public holiday and a weekend,
    on which many buildings rest; None = not known.
    """

    first_day: int
    rest: NDArray[np.bool_]
    open_from_h: Floats
    open_to_h: Floats
    bridge: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A meter as detectors see it. Everything is of before `now_s`, the end of the last hour.

    weather, days, fine: None where there is none. others: meters beside it on the same grid of hours, by what they are
    to it: `parts` (sub-meters), `whole` (the meter above), `alike` (neighbours of the same kind at the same place),
    `heating`, `cooling`, `indoor` (temperatures of rooms), `load` (electricity of the same site). told: hours of the
    meter of which the rule of unusual load says that they are too high: no other rule tells them again.
    """

    hours: MeterHours
    days: DayKinds | None = None
    weather: HourlyWeather | None = None
    fine: FineSteps | None = None
    facts: Facts = field(default_factory=Facts)
    others: Mapping[str, Sequence[MeterHours]] = field(default_factory=dict)
    told: NDArray[np.bool_] | None = None

    @property
    def now_s(self) -> int:
        """The moment up to which anything is known, seconds since 1970 UTC; 0 without an hour."""
        return int(self.hours.start_s[-1]) + 3600 if len(self.hours) else 0
