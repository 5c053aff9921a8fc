"""From the spool to the stores: decode, bind, keep; only then the watermark moves.

The order of the writes is evidence, dirty windows, serial numbers, quarantine, memory, watermark. Each may be done
twice: whatever is killed between two lines, the next drain does the batch again and nothing is lost or counted twice.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from collector.known import Records, SerialsMet
from collector.planning import Known, Plan, plan, refused
from collector.spool import Spool, Spooled
from collector.tally import Tally
from collector.writing import Writing
from plagewatch.metering.readings import Ask, Packet, Reason
from plagewatch.store.engine import Engine
from plagewatch.store.records.device_memory import remember
from plagewatch.store.records.quarantine import Quarantined, keep
from plagewatch.store.records.serials import note_seen
from plagewatch.store.records.work import mark_dirty
from plagewatch.store.series.protocol import SamplesRefused, SeriesError, SeriesStore

BATCH_PACKETS = 2_000
BATCH_BYTES = 192 << 10
"""About 15 000 readings in frames of a hundred: enough for the database, and their lists are 8 MB and not 100."""

AHEAD = 2
"""Batches that are written while the next is decoded: InfluxDB works on each with one of its processors."""


@dataclass(frozen=True, slots=True)
class DrainReport:
    """What one drain did. samples: values handed to the series store, repeats among them. quarantined: items kept.

    unbound: values of known devices in registers that feed no meter. asks: what is to be published, so that devices say
    what decoders need. stopped: why it ended before the spool did, to be tried again; empty where it did not.
    """

    packets: int = 0
    samples: int = 0
    quarantined: int = 0
    unbound: int = 0
    asks: tuple[Ask, ...] = ()
    stopped: str = ""


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
        """Bring one batch into the stores; the report grown by what it did."""
        began_s = time.perf_counter()
        made = lane.planned(batch)
        try:
            self.series.write_samples(made.blocks)
        except SamplesRefused as error:
            self.tally.write_errors["refused"] += 1
            made.quarantine += self._refused_of(made, error)
        except SeriesError as error:
            self.tally.write_errors["may pass" if error.retryable else "refused"] += 1
            if error.retryable or (trouble := self._trouble()):
                return _added(report, stopped=str(error) if error.retryable else trouble)
            if len(batch) > 1:  # the store is well, so a packet is at fault: halve until it stands alone
                half = len(batch) // 2
                first = self.bring(batch[:half], lane, report)
                return first if first.stopped else self.bring(batch[half:], lane, first)
            made = self._refused(batch[0], error)
        return self._kept(batch, made, lane.finish, _added(report, len(batch), made), began_s)

    def _kept(
        self,
        batch: Sequence[Spooled],
        made: Plan,
        finish: Callable[[Sequence[Spooled], Plan], None],
        report: DrainReport,
        began_s: float,
    ) -> DrainReport:
        """Write what comes after the evidence of a batch, the watermark last."""
        mark_dirty(self.engine, made.windows())
        unmet = self._serials.unmet(made.serials)
        note_seen(self.engine, unmet)
        self._serials.note(unmet)
        finish(batch, made)
        self.tally.batches.add(time.perf_counter() - began_s)
        self.tally.stored(len(batch), made.samples, made.unbound)
        self.tally.kept(item.reason for item in made.quarantine)
        return report

    def _begun(self, batch: Sequence[Spooled], now_ms: int) -> Begun:
        """Plan a batch and begin to write its evidence. The next one is planned as if this one were written."""
        began_s, known = time.perf_counter(), self.records.known
        made = self._planned(batch, now_ms)
        self.records.note(made)
        return Begun(batch, made, known, Writing(self.series, made.blocks), began_s)

    def _settled(self, ahead: deque[Begun], lane: Lane, report: DrainReport, place: int) -> tuple[DrainReport, int]:
        """Finish the batch that was begun first; the report, and the place up to which batches are begun."""
        first = ahead[0]
        try:
            first.writing.settle()
        except SeriesError as error:
            self._go_back(ahead)
            if error.retryable:
                self.tally.write_errors["may pass"] += 1
                return _added(report, stopped=str(error)), place
            # Once more and alone, where it can be halved; those behind it are planned again after it.
            return self.bring(first.batch, lane, report), first.batch[-1].id
        report = _added(report, len(first.batch), first.made)
        report = self._kept(first.batch, first.made, self._finish, report, first.began_s)
        ahead.popleft()
        return report, place

    def _far_enough(self, ahead: Sequence[Begun]) -> bool:
        # What a device's names became must be in the records before they are read again for the next batch.
        return len(ahead) > AHEAD or self.stopping.is_set() or bool(ahead and ahead[-1].made.memory)

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

    def _refused(self, spooled: Spooled, error: SeriesError) -> Plan:
        detail = f"the series store refuses it: {error}"
        return Plan(quarantine=[refused(spooled, detail, self.records.known.routes)])

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


def _added(report: DrainReport, packets: int = 0, made: Plan | None = None, stopped: str = "") -> DrainReport:
    made = made or Plan()
    known = {ask.topic for ask in report.asks}
    asks = {ask.topic: ask for ask in made.asks if ask.topic not in known}
    return DrainReport(
        report.packets + packets,
        report.samples + made.samples,
        report.quarantined + len(made.quarantine),
        report.unbound + made.unbound,
        (*report.asks, *asks.values()),
        stopped,
    )
