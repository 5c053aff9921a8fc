"""What can be said of a register's samples without looking further than from one to another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats

MOST_OF_A_TURN = 0.1
"""Without a greatest power, a fall is a rollover if it takes less than this part of the register's full scale."""

Places = NDArray[np.int64] | int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples of one device, one at an instant, by time; arrays of one length.

    rate: the most the index can rise [index units per ms], inf where not known. resolution: its smallest step, 0 where
    not known. full_scale: where it rolls over, inf where not known.
    """

    at_ms: NDArray[np.int64]
    value: Floats
    rate: Floats
    resolution: Floats
    full_scale: Floats


def is_break(stretch: Stretch) -> NDArray[np.bool_]:
    """Pairs of neighbouring samples that fall, or rise faster than the meter can."""
    moves, places = np.diff(stretch.value), np.arange(len(stretch.value))
    return np.asarray((moves < 0) | (moves > most_rise(stretch, places[:-1], places[1:])), np.bool_)


def most_rise(stretch: Stretch, earlier: Places, later: Places) -> Floats:
    """The most that the index can have risen from samples to later ones [index units], by their places; inf = unknown.

    An index shows whole steps: the first of them may have been almost full.
    """
    known = np.isfinite(stretch.rate[earlier])
    rate = np.where(known, stretch.rate[earlier], 0.0)
    most = rate * (stretch.at_ms[later] - stretch.at_ms[earlier]) + stretch.resolution[earlier]
    return np.where(known, most * (1 + 1e-9), np.inf)


def is_turn(stretch: Stretch, earlier: Places, later: Places, move: Floats | float) -> NDArray[np.bool_]:
    """Whether a fall by `move` from samples to later ones is the register rolling over."""
    full_scale, most = stretch.full_scale[earlier], most_rise(stretch, earlier, later)
    onward = move + full_scale
    allowed = np.where(np.isfinite(most), most, MOST_OF_A_TURN * full_scale)
    fits = np.isfinite(full_scale) & (onward >= 0) & (onward <= allowed) & (stretch.value[later] < full_scale)
    return np.asarray(fits & (move < 0), np.bool_)


def last_places(value: Floats) -> Floats:
    """The last decimal place that each displayed value uses, at most the sixth.

    >>> last_places(np.array([10.0, 9.9, 0.123456789]))
    array([1.e+00, 1.e-01, 1.e-06])
    """
    step = np.full(np.shape(value), 1e-6)
    for places in range(5, -1, -1):
        step[np.abs(value - np.round(value, places)) < 1e-9] = 10.0**-places
    return step


def telling(value: Floats) -> NDArray[np.bool_]:
    """The samples that tell something: of a register that shows the same again and again, the first and the last.

    >>> telling(np.array([5.0, 0.0, 0.0, 0.0, 5.0]))
    array([ True,  True, False,  True,  True])
    """
    moves = np.diff(value) != 0.0
    tells = np.ones(len(value), np.bool_)
    tells[1:-1] = moves[:-1] | moves[1:]
    return tells


def noise(stretch: Stretch, level: Floats | float, place: Places) -> Floats:
    """The largest step back from a level to the value at a place that is no fall [index units].

    That is one step of the register or, where that is not known, of the finer of the two displays.
    """
    step, value = stretch.resolution[place], stretch.value[place]
    if not np.all(step > 0.0):
        finer = np.minimum(last_places(np.asarray(value)), last_places(np.asarray(level)))
        step = np.where(step > 0.0, step, finer)
    # Far from 0 two decimals next to each other are not exactly one step apart.
    return np.asarray(step * (1 + 1e-6) + 4 * np.spacing(np.abs(value)))
