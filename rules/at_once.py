"""Judges a few meters between the looks by the hour."""

from collections.abc import Sequence

import structlog

from plagewatch.metering.meters import Meter
from plagewatch.store.engine import Engine
from plagewatch.store.series.protocol import SeriesStore
from rules.at_fault import data_at_fault
from rules.estate import Estate
from rules.records_book import RecordsBook
from rules.tracks import judge_all
from rules.walk import walk

log = structlog.get_logger()


def judge_now(engine: Engine, series: SeriesStore, part: Estate, only: Sequence[Meter], span_s: tuple[int, int]) -> int:
    """Judge some meters of a unit and let tickets follow; the number of changes.

    Data at fault are told, and left to the look by the hour: no other unit waits for them. Raises SeriesError.
    """
    try:
        judged = judge_all(series, part, span_s, None, only)
        book = RecordsBook(engine, [meter.id for meter in only])
        return walk(judged.tracks, span_s, book, lambda tick: tick)
    except Exception as error:
        if not data_at_fault(error):
            raise
        log.error("meters cannot be judged at once", meters=[one.id for one in only], error=str(error), exc_info=True)
        return 0
