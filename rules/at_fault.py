"""Whose fault an error is: that of the data of some meters, for which no other meter waits, or of a store."""

from plagewatch.store.engine import RECORDS_AWAY
from plagewatch.store.series.protocol import SeriesError


def data_at_fault(error: Exception) -> bool:
    """Whether trying again will not help and judging other meters will.

    >>> data_at_fault(ValueError("no such zone")), data_at_fault(SeriesError("busy", retryable=True))
    (True, False)
    """
    if isinstance(error, SeriesError):
        return not error.retryable
    return not isinstance(error, RECORDS_AWAY)
