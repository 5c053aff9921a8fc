"""Energy sharing of one quarter-hour: how a producer's injection is divided over members.

By Sibelga and Fluvius: nobody is given more than the offtake, all together not more than the injection, and what is
left stays with the producer and its supplier. Which further rounds the operator computes was only seen in words.
"""

from dataclasses import dataclass

import numpy as np

from plagewatch.metering.intervals import Floats

SMALLEST_KWH = 1e-12


@dataclass(frozen=True, slots=True)
class Shared:
    """What each member is given, and what nobody takes [kWh]."""

    members_kwh: Floats
    residual_kwh: float


def fixed(injection_kwh: float, offtake_kwh: Floats, keys: Floats, *, rounds: int = 1) -> Shared:
    """Division by fixed keys. keys: each member's part, summing to 1.

    rounds: more than one divides what is left over the members still short, their keys scaled to sum to 1 (assumed).

    >>> fixed(10.0, np.array([1.0, 2.0, 4.0, 6.0]), np.full(4, 0.25)).members_kwh
    array([1. , 2. , 2.5, 2.5])
    """
    given = np.zeros(len(offtake_kwh))
    left_kwh = injection_kwh
    for _ in range(rounds):
        short = offtake_kwh - given > SMALLEST_KWH
        weights = np.where(short, keys, 0.0)
        if left_kwh <= SMALLEST_KWH or weights.sum() <= 0.0:
            break
        # The first round goes by the keys as they are, so that a member without use leaves its part undivided.
        weights = keys if not given.any() else weights / weights.sum()
        part = np.minimum(left_kwh * weights, offtake_kwh - given)
        given = given + part
        left_kwh -= float(part.sum())
    return Shared(given, left_kwh)


def prorata(injection_kwh: float, offtake_kwh: Floats) -> Shared:
    """Division in proportion to the members' offtake.

    >>> prorata(20.0, np.array([1.0, 2.0, 4.0, 6.0])).residual_kwh
    7.0
    """
    total_kwh = float(offtake_kwh.sum())
    if total_kwh <= 0.0:
        return Shared(np.zeros(len(offtake_kwh)), injection_kwh)
    given = offtake_kwh * min(1.0, injection_kwh / total_kwh)
    return Shared(given, injection_kwh - float(given.sum()))
