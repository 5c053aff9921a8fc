"""Gas in cubic metres as energy, by the calorific value of its station on each day."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from plagewatch.metering.intervals import Intervals
from plagewatch.metering.local_time import local_fields
from plagewatch.metering.meters import CalorificValue


def energy_kwh(volume: Intervals, values: Iterable[CalorificValue], tz: str) -> Intervals:
    """Gross energy (GCV) of gas volumes [m3 -> kWh], interval by interval; coverage and starts stay.

    values: of one station; each holds from its local day until the next one. An interval before the first of them, or
    without any, has no energy that is known. An interval is converted by the value of the day it starts on: for months
    convert the days and roll them up.

    >>> from datetime import date
    >>> day = Intervals.measured(np.array([0]), np.array([1500.0]))
    >>> energy_kwh(day, [CalorificValue("brussels", date(1970, 1, 1), 11.6)], "UTC").amount
    array([17400.])
    """
    known = sorted(values, key=lambda one: one.valid_from)
    factors = np.array([np.nan, *(one.kwh_per_m3 for one in known)])
    first_days = [one.valid_from.toordinal() for one in known]
    factor = factors[np.searchsorted(first_days, local_fields(volume.start_s, tz).day, side="right")]
    part = np.nan_to_num(factor)
    return replace(
        volume,
        amount=volume.amount * factor,
        coverage=np.where(np.isnan(factor), 0.0, volume.coverage),
        interpolated=volume.interpolated * part,
        spread=volume.spread * part,
        estimated=volume.estimated * part,
        manual=volume.manual * part,
    )
