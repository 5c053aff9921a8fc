"""Hours that no use explains: many times the largest of the weeks before is another unit or pulse weight.

Such a meter is a matter of its figures, which other rules tell; nobody is sent to a building because of it.
"""

import numpy as np

from rules.detectors.history import DayGrid, before, quantile
from rules.detectors.verdicts import Flags

TIMES = 100.0
"""So many times the largest hour of a usual day is no use of the building."""
LAST_H = 24
"""Hours after such an hour that are not believed either: the low ones of a day look like use."""


def beyond_use(grid: DayGrid, weeks: int = 8) -> Flags:
    """For each hour of a table whether it, or one of the day before it, is beyond all use; what was before decides.

    weeks: whose days say what is usual; a change is believed once half of them have it.

    >>> table = np.full((40, 24), 5.0)
    >>> table[20, 4] = 5000.0
    >>> day, hour = np.divmod(np.arange(40 * 24), 24)
    >>> flags = beyond_use(DayGrid(table, np.zeros(40, np.bool_), day, hour))
    >>> int(flags.sum()), int(np.argmax(flags)) == 20 * 24 + 4
    (25, True)
    """
    largest = np.fmax.reduce(grid.value, axis=1)
    moving = largest[largest > 0]
    # Nearly every meter: its days are too alike for it. The median of a day of nothing and the least one is half of it.
    if not len(moving) or moving.max() <= TIMES / 2 * moving.min():
        return np.zeros(len(grid.day), np.bool_)
    usual = quantile(before(largest, 7 * weeks), 0.5, least=7)
    beyond = (grid.at_hours(grid.value) > TIMES * usual[grid.day]) & (usual[grid.day] > 0)
    return within(beyond, LAST_H)


def within(flags: Flags, steps: int) -> Flags:
    """Places with a flag, and those at most so many after one.

    >>> within(np.array([False, True, False, False]), 1).tolist()
    [False, True, True, False]
    """
    place = np.arange(len(flags))
    last = np.maximum.accumulate(np.where(flags, place, -steps - 1))
    return np.asarray(place - last <= steps)
