"""What goes wrong in the sample centre: data with the truth of it, placed relative to the moment history was made."""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.metering.local_time import local_day, zone
from simulators.centre import TIMEZONE

HOUR_S = 3600
DAY_S = 24 * HOUR_S


class FaultKind(StrEnum):
    """What a fault does."""

    LEAK = "leak"  # water that runs day and night
    LEFT_ON = "left_on"  # electricity that is never switched off
    SILENT = "silent"  # a device that sends nothing; its registers go on counting


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in [start_s, end_s). target: a meter, or a device for SILENT. end_s None: it lasts.

    size_per_h: what it adds in an hour [m3 or kWh]; 0 for SILENT.
    """

    kind: FaultKind
    target: str
    start_s: int
    end_s: int | None
    size_per_h: float
    note: str


def faults(anchor_s: int) -> tuple[Fault, ...]:
    """The faults of the sample centre, seen from the moment its history was made [seconds since 1970 UTC]."""
    spring_s = _outage_start_s(anchor_s)
    return (
        Fault(
            FaultKind.LEAK, "mrs-tournesol.water", _full_hour(anchor_s - 6 * DAY_S), None, 0.18, "a toilet that runs on"
        ),
        Fault(
            FaultKind.SILENT,
            "logger-ant-parc",
            anchor_s - 30 * HOUR_S,
            anchor_s + 5 * HOUR_S,
            0.0,
            "no power in the meter cupboard",
        ),
        Fault(
            FaultKind.LEFT_ON,
            "kantoor-west.elec",
            _full_hour(anchor_s - 3 * DAY_S),
            None,
            12.0,
            "ventilation switched to manual",
        ),
        Fault(FaultKind.SILENT, "logger-erables", spring_s, spring_s + 50 * HOUR_S, 0.0, "gateway without network"),
        Fault(
            FaultKind.LEAK,
            "wzc-eik.water",
            _full_hour(anchor_s - 120 * DAY_S),
            _full_hour(anchor_s - 111 * DAY_S),
            0.12,
            "a seeping valve, replaced",
        ),
    )


def added(known: tuple[Fault, ...], meter: str, start_s: Seconds, length_s: int) -> Floats:
    """What faults add to a meter in the intervals of length_s that start at start_s [m3 or kWh]."""
    extra = np.zeros(len(start_s))
    for fault in known:
        if fault.target == meter:
            extra += fault.size_per_h * length_s / HOUR_S * _during(fault, start_s)
    return extra


def silent(known: tuple[Fault, ...], device: str, at_s: Seconds) -> NDArray[np.bool_]:
    """At which instants a device sends nothing."""
    quiet = np.zeros(len(at_s), np.bool_)
    for fault in known:
        if fault.kind is FaultKind.SILENT and fault.target == device:
            quiet |= _during(fault, at_s)
    return quiet


def _during(fault: Fault, at_s: Seconds) -> NDArray[np.bool_]:
    began = at_s >= fault.start_s
    return began if fault.end_s is None else began & (at_s < fault.end_s)


def _full_hour(at_s: int) -> int:
    return at_s // HOUR_S * HOUR_S


def _outage_start_s(anchor_s: int) -> int:
    """Twenty past nine on 14 April: the last one that lies far enough back to be over and done with."""
    today = local_day(anchor_s, TIMEZONE)
    year = today.year if today >= date(today.year, 5, 15) else today.year - 1
    return int(datetime.combine(date(year, 4, 14), time(9, 20), tzinfo=zone(TIMEZONE)).timestamp())
