"""Faults of heating put into the hours of a real gas meter, by its own days and the temperatures outside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.metering.local_time import LocalFields, local_fields
from plagewatch.validation.injecting import Case, Fault, Plan, Read
from plagewatch.validation.scoring import DAY_S, HOUR_S

WARM_C, FROSTY_C = 18.0, 6.0
WINTER, SUMMER = ((281, 366), (0, 105)), ((150, 240),)
"""Days of a year in which heating, or the lack of it, is put out of order: first and after the last."""
JUDGED_FROM_DAY, REST_DAYS = 287, 14
EVERY_DAYS = 21, 10
"""A fault begins so many days after the one before, in winter and in summer."""


@dataclass(frozen=True, slots=True)
class HeatedHours:
    """Hours of a meter on an unbroken grid, arrays of one length; NaN = not known. day: days since the first one."""

    start_s: Seconds
    amount: Floats
    temp_c: Floats
    local: LocalFields
    day: NDArray[np.int64]

    @classmethod
    def of(cls, read: Read, temperatures: Read, tz: str) -> Self:
        """Of a meter's hours and the temperatures of its site [°C]."""
        grid_s = np.arange(read[0][0], read[0][-1] + HOUR_S, HOUR_S)
        local = local_fields(grid_s, tz)
        return cls(grid_s, _on(grid_s, read), _on(grid_s, temperatures), local, local.day - local.day[0])


def rest_heated(hours: HeatedHours, here: NDArray[np.bool_]) -> Floats:
    """Days of rest heat as the Friday before, in proportion to the cold."""
    amount = hours.amount.copy()
    for each in np.unique(hours.day[here & (hours.local.weekday >= 5)]):
        now = hours.day == each
        friday = hours.day == each - (int(hours.local.weekday[now][0]) - 4)
        if now.sum() == friday.sum() == 24:
            cold = [max(WARM_C - float(np.nanmean(hours.temp_c[of])), 0.0) for of in (now, friday)]
            amount[now] = np.fmax(amount[now], amount[friday] * min(cold[0] / max(cold[1], 1.0), 1.5))
    return amount


def setback_lost(hours: HeatedHours, here: NDArray[np.bool_]) -> Floats:
    """The night of working days, from eight to six, has 85 % of what the same day has from nine to six."""
    amount = hours.amount.copy()
    hour = hours.local.hour
    busy, night = (hour >= 9) & (hour < 18), (hour < 6) | (hour >= 20)
    for each in np.unique(hours.day[here & (hours.local.weekday < 5)]):
        now = hours.day == each
        if np.isfinite(amount[now & busy]).any():
            amount[now & night] = np.fmax(amount[now & night], 0.85 * np.nanmean(amount[now & busy]))
    return amount


def fifth_more(hours: HeatedHours, here: NDArray[np.bool_]) -> Floats:
    """A fifth more in every hour."""
    return np.where(here, 1.2, 1.0) * hours.amount


def valve_stuck(hours: HeatedHours, here: NDArray[np.bool_]) -> Floats:
    """Three tenths of what an hour of frost takes, in every hour."""
    return np.asarray(hours.amount + 0.3 * np.nanmean(hours.amount[hours.temp_c < FROSTY_C]) * here)


CHANGES: Mapping[Fault, Callable[[HeatedHours, NDArray[np.bool_]], Floats]] = {
    Fault.REST_HEATED: rest_heated,
    Fault.FIFTH_MORE: fifth_more,
    Fault.SETBACK_LOST: setback_lost,
    Fault.VALVE_STUCK: valve_stuck,
}
DAYS = {Fault.REST_HEATED: 28, Fault.FIFTH_MORE: 42, Fault.SETBACK_LOST: 28, Fault.VALVE_STUCK: 21}
PLANS = tuple(
    Plan(fault, (1.0,), days=days, after_days=JUDGED_FROM_DAY, rest_days=REST_DAYS, grace_s=2 * DAY_S)
    for fault, days in DAYS.items()
)


def cases(meter: str, hours: HeatedHours, plan: Plan, every_days: tuple[int, int] = EVERY_DAYS) -> list[Case]:
    """Where a fault is put: regularly over all its seasons from the first judged day on."""
    summer = plan.fault is Fault.VALVE_STUCK
    every = every_days[summer]
    found: list[Case] = []
    for first in range(plan.after_days, int(hours.day[-1]) - plan.days - plan.rest_days, every):
        place = int(np.argmax(hours.day == first))
        of_year = date.fromordinal(int(hours.local.day[place])).timetuple().tm_yday - 1
        if any(begin <= of_year < end for begin, end in (SUMMER if summer else WINTER)):
            begin_s = int(hours.start_s[place])
            end_s = int(hours.start_s[np.argmax(hours.day == first + plan.days)])
            found.append(Case(meter, f"{meter}+{plan.fault.value}~{len(found) + 1}", 1.0, begin_s, end_s))
    return found


def changed(hours: HeatedHours, case: Case, fault: Fault) -> Read:
    """The hours of the meter with the fault in them, those that are known."""
    amount = CHANGES[fault](hours, (hours.start_s >= case.start_s) & (hours.start_s < case.end_s))
    known = np.isfinite(amount)
    return hours.start_s[known], amount[known]


def _on(grid_s: Seconds, read: Read) -> Floats:
    value = np.full(len(grid_s), np.nan)
    place = (read[0] - grid_s[0]) // HOUR_S
    inside = (place >= 0) & (place < len(grid_s))
    value[place[inside]] = read[1][inside]
    return value
