"""The last seven days beside the seven before, over the hours both have. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import nan

import numpy as np

from plagewatch.metering.comparison import in_common
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.local_time import day_start_s, local_day, utc_offset_s
from plagewatch.metering.meters import Carrier

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Week:
    """One carrier's week. amount: what is known of it [unit]; NaN = nothing.

    both_now, both_before: amounts of this week and the one before over the intervals that both have [unit], NaN = none.
    coverage: share of this week that was measured, 0...1.
    """

    carrier: Carrier
    unit: str
    amount: float
    both_now: float
    both_before: float
    coverage: float

    @property
    def change(self) -> float:
        """Relative change over the intervals both weeks have; NaN where there is nothing to compare with."""
        return self.both_now / self.both_before - 1 if self.both_before > 0 else nan


def days_before_s(until_s: int, days: int, tz: str) -> int:
    """The instant some local days earlier, at the same time on the wall [s].

    >>> monday_s = day_start_s(local_day(1_774_828_800, "Europe/Brussels"), "Europe/Brussels")  # 30 March 2026
    >>> (monday_s - days_before_s(monday_s, 7, "Europe/Brussels")) / 3600
    167.0
    """
    today = local_day(until_s, tz)
    earlier = today - timedelta(days)
    earlier_s = day_start_s(earlier, tz) + until_s - day_start_s(today, tz)
    # On the day of a clock change itself as many seconds after midnight are another time on the wall.
    return earlier_s + _turned_s(until_s, today, tz) - _turned_s(earlier_s, earlier, tz)


def week(carrier: Carrier, unit: str, intervals: Intervals, until_s: int, step_s: int, tz: str) -> Week:
    """The week of one meter that ends at until_s, from its intervals of the two weeks before.

    step_s: length of the intervals; days [86 400] are local ones of 23, 24 or 25 hours. The week is seven local days.

    >>> hours = Intervals.measured(np.arange(336) * 3600, np.repeat([2.0, 3.0], 168))
    >>> this = week(Carrier.GAS, "m3", hours, 336 * 3600, 3600, "UTC")
    >>> this.amount, this.change, this.coverage
    (504.0, 0.5, 1.0)
    """
    from_s = days_before_s(until_s, 7, tz)
    now = intervals.between(from_s, until_s)
    before = intervals.between(days_before_s(until_s, 14, tz), from_s)
    both = in_common(now, before, Resolution.DAY if step_s >= DAY_S else Resolution.HOUR, tz)
    amount = float(now.amount[now.known].sum()) if now.known.any() else nan
    coverage = _covered_s(now, step_s, tz) / (until_s - from_s)
    return Week(carrier, unit, amount, both.now, both.before, min(coverage, 1.0))


def together(weeks: Iterable[tuple[Week, float]]) -> list[Week]:
    """Weeks of several meters added up by carrier and unit, each with the share that counts.

    >>> part = Week(Carrier.WATER, "m3", 4.0, 4.0, 8.0, 1.0)
    >>> together([(part, 1.0), (part, 0.5)])[0].amount
    6.0
    """
    groups: dict[tuple[Carrier, str], list[tuple[Week, float]]] = {}
    for one, share in weeks:
        groups.setdefault((one.carrier, one.unit), []).append((one, share))
    return [_sum(carrier, unit, members) for (carrier, unit), members in groups.items()]


def _sum(carrier: Carrier, unit: str, members: list[tuple[Week, float]]) -> Week:
    shares = np.array([share for _, share in members])
    amounts = np.array([one.amount for one, _ in members])
    known = ~np.isnan(amounts)
    return Week(
        carrier,
        unit,
        float(np.sum(amounts[known] * shares[known])) if known.any() else nan,
        float(sum(one.both_now * share for one, share in members)),
        float(sum(one.both_before * share for one, share in members)),
        float(np.mean([one.coverage for one, _ in members])),
    )


def _turned_s(at_s: int, day: date, tz: str) -> int:
    # How far the clock was turned since the day began.
    offsets_s = utc_offset_s(np.array([day_start_s(day, tz), at_s], np.int64), tz)
    return int(offsets_s[1] - offsets_s[0])


def _covered_s(now: Intervals, step_s: int, tz: str) -> float:
    if step_s < DAY_S or len(now) == 0:
        return float(now.coverage.sum()) * step_s
    ends_s = [day_start_s(local_day(int(start_s), tz) + timedelta(1), tz) for start_s in now.start_s]
    return float(np.sum(now.coverage * (np.array(ends_s) - now.start_s)))
