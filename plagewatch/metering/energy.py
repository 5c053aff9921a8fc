"""Gas in cubic metres as energy, by the calorific value of its station on each day."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from plagewatch.metering.intervals import Intervals
from plagewatch.metering.local_time import local_fields
from plagewatch.metering.meters import CalorificValue
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.tickets.texts import N_

LEAST_KWH_PER_M3, MOST_KWH_PER_M3 = 5.0, 15.0
"""Far around what burns in a gas network (methane 11.1 kWh/m3, EN ISO 6976): beyond it a comma or a unit is wrong."""


def check_value(value: CalorificValue) -> None:
    """Raise EditRefused where nobody's gas can have such a calorific value.

    >>> from datetime import date
    >>> check_value(CalorificValue("brussels", date(2026, 1, 1), 1150.0))
    Traceback (most recent call last):
    plagewatch.metering.refused.EditRefused: 1150 kWh/m³ is no calorific value of gas: it is between 5 and 15.
    """
    if not value.station.strip():
        raise EditRefused(Refusal.NAME, N_("Name the station."))
    if not LEAST_KWH_PER_M3 <= value.kwh_per_m3 <= MOST_KWH_PER_M3:
        text = N_("%(value)s kWh/m³ is no calorific value of gas: it is between %(least)s and %(most)s.")
        limits = {"least": LEAST_KWH_PER_M3, "most": MOST_KWH_PER_M3}
        raise EditRefused(Refusal.CALORIFIC_VALUE, text, value=value.kwh_per_m3, **limits)


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
