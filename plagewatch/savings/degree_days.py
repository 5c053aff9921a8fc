"""Heating degree days, in the ways used in Belgium."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WEIGHTS = (0.6, 0.3, 0.1)
"""Of the day, the day before and the one before that, in equivalent degree days (in use since 1993, see Synergrid)."""


class Method(StrEnum):
    """How days count. The two equivalent readings agree while all three days are below the base."""

    PLAIN = "plain"
    EQUIVALENT_A = "equivalent_a"  # temperatures are weighted, then cut at the base
    EQUIVALENT_B = "equivalent_b"  # each day is cut at the base, then the degree days are weighted


def degree_days(mean_temp_c: Floats, base_c: float, method: Method = Method.PLAIN) -> Floats:
    """Heating degree days of each day [K·d].

    mean_temp_c: daily mean outdoor temperature, one value per consecutive local day [°C]; NaN = not measured.
    base_c: 16.5 (gas sector, Synergrid newsletter 16) or 15 (RMI) [°C].

    A day without a temperature stays NaN: a missing day is never a warm day. Equivalent degree days need the two days
    before, so the first two of the result are NaN as well.

    >>> degree_days(np.array([5.0, 18.0, np.nan]), base_c=16.5)
    array([11.5,  0. ,  nan])
    >>> degree_days(np.array([18.0, 20.0, 10.0]), 16.5, Method.EQUIVALENT_A).round(2)
    array([nan, nan, 2.7])
    """
    if method is Method.EQUIVALENT_A:
        return np.maximum(0.0, base_c - _weighted(mean_temp_c))
    plain = np.maximum(0.0, base_c - mean_temp_c)
    return plain if method is Method.PLAIN else _weighted(plain)


def bridge(mean_temp_c: Floats, longest_days: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Temperatures with short gaps filled on a straight line between their neighbours, and which days were filled.

    A gap longer than longest_days, or at either end, stays NaN.

    >>> bridge(np.array([4.0, np.nan, 6.0, np.nan, np.nan]), 1)
    (array([ 4.,  5.,  6., nan, nan]), array([False,  True, False, False, False]))
    """
    missing = np.isnan(mean_temp_c)
    filled = mean_temp_c.copy()
    days = np.arange(len(mean_temp_c))
    edges = np.flatnonzero(np.diff(np.concatenate(([False], missing, [False])).astype(np.int8)))
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        if first > 0 and after < len(days) and after - first <= longest_days:
            gap = slice(first, after)
            filled[gap] = np.interp(days[gap], (first - 1, after), (mean_temp_c[first - 1], mean_temp_c[after]))
    return filled, missing & ~np.isnan(filled)


def _weighted(values: Floats) -> Floats:
    today, before, earlier = WEIGHTS
    result = np.full(len(values), np.nan)
    result[2:] = today * values[2:] + before * values[1:-1] + earlier * values[:-2]
    return result
