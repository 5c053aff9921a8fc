"""The comfort guard: warmth that people are owed comes before any saving."""

from dataclasses import dataclass

import numpy as np

from plagewatch.metering.intervals import Floats
from plagewatch.metering.local_time import local_fields
from rules.detectors.case import Case
from rules.detectors.heat_days import HeatDays
from rules.detectors.verdicts import HOUR_S, Flags, Judgement, MeterHours, NotJudged, Verdicts, unfit

CARE_C = 22.0
"""Where people are cared for, rooms are owed this; no rule advises less."""
FROZEN_C, BAKED_C = -10.0, 60.0  # what no room is: a sensor is broken, or sits elsewhere


@dataclass(frozen=True, slots=True)
class ColdRoom:
    """When a room is too cold for the people in it.

    care_c: below this in a care zone, at any hour [°C]. other_c: elsewhere, in opening hours [°C]; without opening
        hours elsewhere is judged at no hour. hours: so many judged hours in a row make a ticket. margin_c: so much
        colder is forgiven, thermometers differ [K].
    """

    care_c: float = CARE_C
    other_c: float = 18.0
    hours: int = 3
    margin_c: float = 0.5


def judge(case: Case, parameters: ColdRoom) -> Judgement:
    """A verdict for each hour in which warmth is owed; the hours of the case are a room's temperature [°C]."""
    room = case.hours
    refused = unfit(room)
    if refused is not None:
        return refused
    if room.unit not in ("°C", "degC"):
        return NotJudged("no_room", "{hours:.0f} hours that are no temperature.", {"hours": len(room)})
    temp_c = _plausible(room.amount)
    if np.isfinite(temp_c).sum() >= 48 and np.nanmax(temp_c) == np.nanmin(temp_c):
        return NotJudged("never_moves", "The sensor shows {temp_c:g} °C all the time.", {"temp_c": np.nanmax(temp_c)})
    limit_c = parameters.care_c if case.facts.warm else parameters.other_c
    judged = np.isfinite(temp_c) & (np.bool_(case.facts.warm) | _open(case))
    if not judged.any():
        return NotJudged("no_hours", "None of {hours:.0f} hours is one in which warmth is owed.", {"hours": len(room)})
    place = np.flatnonzero(judged)
    cold = temp_c[place] < limit_c - parameters.margin_c
    row = np.arange(1, len(place) + 1)
    run = row - np.maximum.accumulate(np.where(cold, 0, row))
    first = np.arange(len(place)) - np.maximum(run - 1, 0)
    return Verdicts(
        start_s=room.start_s[place],
        since_s=room.start_s[place[first]],
        score=run / parameters.hours,
        abnormal=cold,
        expected=np.full(len(place), limit_c),
        numbers={
            "room_c": temp_c[place],
            "limit_c": np.full(len(place), limit_c),
            "below_c": limit_c - temp_c[place],
            "cold_h": run.astype(np.float64),
        },
    )


def cold_days(case: Case, days: HeatDays) -> Flags:
    """Days on which a room of a care zone was colder than it is owed in some hour; none elsewhere."""
    cold = np.zeros(len(days), np.bool_)
    if not case.facts.warm:
        return cold
    for room in case.others.get("indoor", ()):
        below_s = room.start_s[_plausible(room.amount) < CARE_C - ColdRoom().margin_c]
        day = np.searchsorted(days.start_s, below_s, side="right") - 1
        there = (day >= 0) & (below_s < days.last_s[np.clip(day, 0, None)] + HOUR_S)
        cold[day[there]] = True
    return cold


def _plausible(temp_c: Floats) -> Floats:
    return np.where((temp_c > FROZEN_C) & (temp_c < BAKED_C) & (temp_c != 0), temp_c, np.nan)


def _open(case: Case) -> Flags:
    """Hours that lie wholly in the entered opening hours, an hour after they begin."""
    room, kinds = case.hours, case.days
    if kinds is None:
        return np.zeros(len(room), np.bool_)
    return _in_hours(room, kinds.first_day, kinds.open_from_h, kinds.open_to_h)


def _in_hours(room: MeterHours, first_day: int, from_h: Floats, to_h: Floats) -> Flags:
    fields = local_fields(room.start_s, room.tz)
    place = fields.day - first_day
    there = (place >= 0) & (place < len(from_h))
    place = np.clip(place, 0, len(from_h) - 1)
    return np.asarray(there & (fields.hour >= from_h[place] + 1) & (fields.hour + 1 <= to_h[place]))
