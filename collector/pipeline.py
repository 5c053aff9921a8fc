"""From the spool to the stores: decode, bind, keep; only then the watermark moves.

The order of the writes is evidence, dirty windows, serial numbers, quarantine, memory, watermark. Each may be done
twice: whatever is killed between two lines, the next drain does the batch again and nothing is lost or counted twice.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from collector.at_fault import attempts, raise_if_stores, told
from collector.drain_report import DrainReport, added
from collector.known import Records, SerialsMet
from collector.planning import Known, Plan, plan
from collector.quarantining import refused
from collector.spool import Spool
from collector.spool_newest import Spooled
from collector.tally import Tally
from collector.writing import Writing
from plagewatch.metering.readings import Packet, Reason
from plagewatch.store.engine import Engine
from plagewatch.store.records.device_memory import remember
from plagewatch.store.records.quarantine import Quarantined, keep
from plagewatch.store.records.serials import note_seen
from plagewatch.store.records.work import mark_dirty
from plagewatch.store.series.protocol import SamplesRefused, SeriesError, SeriesStore

log = structlog.get_logger()

BATCH_PACKETS = 6_000
BATCH_BYTES = 160 << 10
"""About 15 000 readings in frames of a hundred: enough for the database, and their lists are 8 MB and not 100.

6 000 single readings in place of 2 000 cost a fifth less: of each meter more points together, and fewer windows.
"""

AHEAD = 2
"""Batches that are written while the next is decoded: InfluxDB works on each with one of its processors."""

TELL_AGAIN_S = 60.0
"""Packets at fault are told in the log this often; quarantine has each of them."""


@dataclass(frozen=True, slots=True)
class Lane:
    """How a batch is planned, and what is written after its evidence. Live packets and replays have one each."""

    planned: Callable[[Sequence[Spooled]], Plan]
    finish: Callable[[Sequence[Spooled], Plan], None]


@dataclass(frozen=True, slots=True)
class Begun:
    """A batch whose evidence is being written. known: what was known before it was planned."""

    batch: Sequence[Spooled]
    made: Plan
    known: Known
    writing: Writing
    began_s: float


class Pipeline:
    """The door: packets go into the spool at once and from there, batch by batch, into the stores."""

    def __init__(
        self, spool: Spool, series: SeriesStore, engine: Engine, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        """clock_s: by which a drain measures how long it has been at it."""
        self._clock_s = clock_s
        self.spool = spool
        self.series = series
        self.engine = engine
        self.records = Records(engine)
        self.turn = threading.Lock()  # whoever brings a batch into the stores has it
        self.stopping = threading.Event()  # the batch under way is the last one: the others wait in the spool
        self.tally = Tally()
        self._serials = SerialsMet()
        self._place = 0
        self._told_s: float | None = None

    def accept(self, packets: Sequence[Packet]) -> list[int]:
        """Keep packets on disk; once this returns they may be acknowledged. Raises SpoolError: none was kept."""
        return self.spool.append(packets)

    def waiting(self) -> int:
        """How many packets are in the spool and not yet in the stores."""
        return self.spool.waiting()

    def drain(self, now_ms: int) -> DrainReport:
        """Bring everything that is in the spool now into the stores. now_ms: when it begins.

        Stops without an exception where the series store asks to be tried again later (`stopped` says why). Raises
        SpoolError, or the records' own error: the batch under way is then done again by the next drain.
        """
        with self.turn:
            report = DrainReport()
            end = self.spool.last_id()
            place = self.spool.watermark()
            if place < self._place:
                self.records.forget()  # somebody set it back, and mostly for what was bound just now
            began_s = self._clock_s()

            def now() -> int:
                # A backlog takes hours, in which people bind devices and other collectors hear new names of registers.
                return now_ms + int(self._clock_s() - began_s) * 1000

            lane = Lane(lambda batch: self._planned(batch, now()), self._finish_and_note)
            ahead: deque[Begun] = deque()
            try:
                while not report.stopped:
                    while place < end and not self._far_enough(ahead):
                        if not (batch := self.spool.read_after(place, BATCH_PACKETS, BATCH_BYTES)):
                            end = place
                            break
                        place = batch[-1].id
                        ahead.append(self._begun(batch, now()))
                    if not ahead:
                        break
                    report, place = self._settled(ahead, lane, report, place)
            finally:
                self._go_back(ahead)
            return report

    def bring(self, batch: Sequence[Spooled], lane: Lane, report: DrainReport) -> DrainReport:
        """Bring one batch into the stores; the report grown by what it did.

        Where the stores are well and it does not go in, a packet is at fault: it is halved until that one stands alone.
        """
        began_s, written = time.perf_counter(), Plan()
        try:
            made = lane.planned(batch)
            refusals = self._write(made)
            written = made
            made.quarantine += refusals
            self._keep(batch, made, lane.finish, began_s)
        except Exception as error:
            if stopped := self._stopped_by(error):
                return added(report, stopped=stopped)
            if len(batch) == 1:
                return self._set_apart(batch[0], written, error, lane, report)
        else:
            return added(report, len(batch), made)
        self.records.forget()  # what it was planned by may have been taken away meanwhile
        half = len(batch) // 2
        first = self.bring(batch[:half], lane, report)
        return first if first.stopped else self.bring(batch[half:], lane, first)

    def _write(self, made: Plan) -> list[Quarantined]:
        """Write the evidence; the packets of which the store will never take a part. Raises SeriesError."""
        try:
            self.series.write_samples(made.blocks)
        except SamplesRefused as error:
            self.tally.write_errors["refused"] += 1
            return self._refused_of(made, error)
        return []

    def _stopped_by(self, error: Exception) -> str:
        """Why to try again later; empty where a packet is at fault. Raises what is the spool's or the records' own."""
        if isinstance(error, SeriesError):
            self.tally.write_errors["may pass" if error.retryable else "refused"] += 1
            return str(error) if error.retryable else self._trouble()
        raise_if_stores(error, self.engine)
        return self._trouble()

    def _set_apart(
        self, spooled: Spooled, written: Plan, error: Exception, lane: Lane, report: DrainReport
    ) -> DrainReport:
        """Keep of a packet that is at fault what can be kept; at last nothing, as the spool has it."""
        if not isinstance(error, SeriesError):
            self._tell(spooled, error)
        for made in attempts(spooled, error, written, self.records.known):
            try:
                self._keep([spooled], made, lane.finish, time.perf_counter())
            except Exception as again:
                raise_if_stores(again, self.engine)
            else:
                return added(report, 1, made)
        log.error("a packet cannot be kept in quarantine either: only the spool has it", place=spooled.id)
        self.tally.unkept += 1
        self._keep([spooled], Plan(), lane.finish, time.perf_counter())
        return added(report, 1)

    def _tell(self, spooled: Spooled, error: Exception) -> None:
        # Where all packets are at fault the disk must not be filled with it.
        if self._told_s is None or self._clock_s() - self._told_s > TELL_AGAIN_S:
            self._told_s = self._clock_s()
            log.error("a packet cannot be brought into the stores", place=spooled.id, error=told(error), exc_info=error)

    def _keep(
        self,
        batch: Sequence[Spooled],
        made: Plan,
        finish: Callable[[Sequence[Spooled], Plan], None],
        began_s: float,
    ) -> None:
        """Write what comes after the evidence of a batch, the watermark last."""
        mark_dirty(self.engine, made.windows())
        unmet = self._serials.unmet(made.serials)
        note_seen(self.engine, unmet)
        self._serials.note(unmet)
        finish(batch, made)
        self.tally.batches.add(time.perf_counter() - began_s)
        self.tally.stored(len(batch), made.samples, made.unbound)
        self.tally.kept(item.reason for item in made.quarantine)

    def _begun(self, batch: Sequence[Spooled], now_ms: int) -> Begun:
        """Plan a batch and begin to write its evidence. The next one is planned as if this one were written."""
        began_s, known = time.perf_counter(), self.records.known
        try:
            made = self._planned(batch, now_ms)
        except Exception as error:
            return Begun(batch, Plan(), known, Writing(self.series, (), error), began_s)
        self.records.note(made)
        return Begun(batch, made, known, Writing(self.series, made.blocks), began_s)

    def _settled(self, ahead: deque[Begun], lane: Lane, report: DrainReport, place: int) -> tuple[DrainReport, int]:
        """Finish the batch that was begun first; the report, and the place up to which batches are begun."""
        first = ahead[0]
        try:
            first.writing.settle()
            self._keep(first.batch, first.made, self._finish, first.began_s)
        except Exception as error:
            self._go_back(ahead)
            if isinstance(error, SeriesError) and error.retryable:
                self.tally.write_errors["may pass"] += 1
                return added(report, stopped=str(error)), place
            if not isinstance(error, SeriesError):
                raise_if_stores(error, self.engine)
            # Once more and alone, where it can be halved; those behind it are planned again after it.
            return self.bring(first.batch, lane, report), first.batch[-1].id
        ahead.popleft()
        return added(report, len(first.batch), first.made), place

    def _far_enough(self, ahead: Sequence[Begun]) -> bool:
        # What a device's names became must be in the records before they are read again for the next batch.
        last = ahead[-1] if ahead else None
        waits = last is not None and (last.made.memory or last.writing.in_vain)
        return len(ahead) > AHEAD or self.stopping.is_set() or bool(waits)

    def _go_back(self, ahead: deque[Begun]) -> None:
        """Let go of batches that are begun: their packets are done again, their evidence is then written once more."""
        if ahead:
            for begun in ahead:
                begun.writing.wait()
            self.records.go_back(ahead[0].known)
            ahead.clear()

    def _planned(self, batch: Sequence[Spooled], now_ms: int) -> Plan:
        made = plan(batch, self.records.fresh(now_ms))
        if made.homeless and self.records.changed_meanwhile(now_ms):
            made = plan(batch, self.records.known)
        unnamed = any(item.reason is Reason.NO_BIRTH for item in made.quarantine)
        if unnamed and self.records.remembered_meanwhile(now_ms):
            made = plan(batch, self.records.known)
        return made

    def _finish_and_note(self, batch: Sequence[Spooled], made: Plan) -> None:
        self._finish(batch, made)
        self.records.note(made)

    def _finish(self, batch: Sequence[Spooled], made: Plan) -> None:
        keep(self.engine, made.quarantine, self.spool.name)
        remember(self.engine, made.memory)
        self.spool.set_watermark(batch[-1].id)
        self._place = batch[-1].id

    def _refused_of(self, made: Plan, error: SamplesRefused) -> list[Quarantined]:
        """The packets with blocks that the store never takes, each once; what else they said it has."""
        why = {made.told_in[number].id: (made.told_in[number], reason) for number, reason in error.why.items()}
        return [
            refused(spooled, f"the series store refuses a part of it: {reason}", self.records.known.routes)
            for spooled, reason in why.values()
        ]

    def _trouble(self) -> str:
        try:
            self.series.check()
        except SeriesError as error:
            return str(error)
        return ""
