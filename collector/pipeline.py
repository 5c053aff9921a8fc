"""From the spool to the stores: decode, bind, keep; only then the watermark moves.

The order of the writes is evidence, dirty windows, quarantine, watermark. Each may be done twice: whatever is killed
between two lines, the next drain does the batch again and nothing is lost or counted twice.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from collector.bindings import BindingTable
from collector.planning import Plan, plan, refused
from collector.spool import Spool, Spooled
from plagewatch.metering.meters import Binding
from plagewatch.metering.readings import Packet
from plagewatch.store.engine import Engine
from plagewatch.store.records.quarantine import keep
from plagewatch.store.records.registry import bindings
from plagewatch.store.records.work import mark_dirty
from plagewatch.store.series.protocol import SeriesError, SeriesStore

BATCH_PACKETS = 2_000
BINDINGS_STAY_FRESH_MS = 5_000
HOMELESS_WAIT_MS = 2_000  # a device that nobody bound sends all the time


@dataclass(frozen=True, slots=True)
class DrainReport:
    """What one drain did. samples: values handed to the series store, repeats among them. quarantined: items kept.

    unbound: values of known devices in registers that feed no meter. stopped: why it ended before the spool did, to be
    tried again; empty where it did not.
    """

    packets: int = 0
    samples: int = 0
    quarantined: int = 0
    unbound: int = 0
    stopped: str = ""


class Pipeline:
    """The door: packets go into the spool at once and from there, batch by batch, into the stores."""

    def __init__(self, spool: Spool, series: SeriesStore, engine: Engine) -> None:
        self._spool = spool
        self._series = series
        self._engine = engine
        self._bindings: list[Binding] = []
        self._table = BindingTable(())
        self._table_read_ms: int | None = None
        self._place = 0
        self._told: set[tuple[str, str]] = set()
        self._draining = threading.Lock()

    def accept(self, packets: Sequence[Packet]) -> list[int]:
        """Keep packets on disk; once this returns they may be acknowledged. Raises SpoolError: none was kept."""
        return self._spool.append(packets)

    def waiting(self) -> int:
        """How many packets are in the spool and not yet in the stores."""
        return self._spool.waiting()

    def drain(self, now_ms: int) -> DrainReport:
        """Bring everything that is in the spool now into the stores.

        Stops without an exception where the series store asks to be tried again later (`stopped` says why). Raises
        SpoolError, or the records' own error: the batch under way is then done again by the next drain.
        """
        with self._draining:
            report = DrainReport()
            end = self._spool.last_id()
            place = self._spool.watermark()
            if place < self._place:
                self._table_read_ms = None  # a replay, and mostly of what somebody has just bound
            while place < end and not report.stopped:
                batch = self._spool.read_after(place, BATCH_PACKETS)
                if not batch:
                    break
                place = batch[-1].id
                report = self._handle(batch, now_ms, report)
            return report

    def _handle(self, batch: Sequence[Spooled], now_ms: int, report: DrainReport) -> DrainReport:
        made = self._planned(batch, now_ms)
        try:
            self._series.write_samples(made.blocks)
        except SeriesError as error:
            if error.retryable or (trouble := self._trouble()):
                return _added(report, stopped=str(error) if error.retryable else trouble)
            if len(batch) > 1:  # the store is well, so a packet is at fault: halve until it stands alone
                half = len(batch) // 2
                first = self._handle(batch[:half], now_ms, report)
                return first if first.stopped else self._handle(batch[half:], now_ms, first)
            made = Plan(quarantine=[refused(batch[0], f"the series store refuses it: {error}")])
        mark_dirty(self._engine, made.windows())
        keep(self._engine, made.quarantine)
        self._told |= made.told
        self._spool.set_watermark(batch[-1].id)
        self._place = batch[-1].id
        return _added(report, len(batch), made)

    def _planned(self, batch: Sequence[Spooled], now_ms: int) -> Plan:
        read_ms = self._table_read_ms
        if read_ms is None or not 0 <= now_ms - read_ms < BINDINGS_STAY_FRESH_MS:
            self._read_bindings(now_ms)
        made = plan(batch, self._table, self._told)
        young = self._table_read_ms is not None and 0 <= now_ms - self._table_read_ms < HOMELESS_WAIT_MS
        if made.homeless and not young and self._read_bindings(now_ms):  # somebody has bound it a moment ago
            made = plan(batch, self._table, self._told)
        return made

    def _read_bindings(self, now_ms: int) -> bool:
        found = bindings(self._engine)
        self._table_read_ms = now_ms
        if found == self._bindings:
            return False
        self._bindings, self._table = found, BindingTable(found)
        self._told = {pair for pair in self._told if not self._table.binds(*pair)}
        return True

    def _trouble(self) -> str:
        try:
            self._series.check()
        except SeriesError as error:
            return str(error)
        return ""


def _added(report: DrainReport, packets: int = 0, made: Plan | None = None, stopped: str = "") -> DrainReport:
    made = made or Plan()
    return DrainReport(
        report.packets + packets,
        report.samples + made.samples,
        report.quarantined + len(made.quarantine),
        report.unbound + made.unbound,
        stopped,
    )
