"""The live rules: looks at every meter up to a moment and keeps the tickets in step with the verdicts.

Meters are looked at unit by unit (`Estate.units`): workers share the units among them, and one whose data raise an
error keeps no other waiting.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import structlog

from plagewatch.metering.local_time import day_start_s, local_day
from plagewatch.store.engine import Engine
from plagewatch.store.records import evaluations, rule_learnt
from plagewatch.store.records.evaluations import Lease
from plagewatch.store.series.protocol import SeriesStore
from plagewatch.tickets.states import State
from rules import silence
from rules.at_fault import data_at_fault
from rules.catalogue import DEVICE_SILENT
from rules.detectors.verdicts import HOUR_S
from rules.estate import Estate
from rules.learning import Memory, learn
from rules.records_book import RecordsBook
from rules.tracks import Progress, judge_all
from rules.walk import walk

log = structlog.get_logger()

DAY_S = 86_400
LATE_S = 2 * DAY_S
"""Readings this late are still looked at by the live rules [s]."""
SETTLE_S = 300
"""An hour's last readings get this long to arrive before it is looked at [s]."""
NIGHT_ZONE = "Europe/Brussels"
"""Where midnight is when the rules learn what is usual."""
TOGETHER = 100
"""So many units a worker has at once: few enough to share, enough not to ask for each."""


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """What one run did. from_s, to_s: the ticks looked at are those in (from_s, to_s].

    units: how many were looked at here. failed: units that could not be, and why; they stay due.
    """

    from_s: int
    to_s: int
    tracks: int = 0
    changes: int = 0
    not_judged: int = 0
    units: int = 0
    failed: Mapping[str, str] = field(default_factory=dict)

    def and_also(self, other: "EvaluationReport") -> "EvaluationReport":
        """Both runs as one."""
        return EvaluationReport(
            min(self.from_s, other.from_s),
            max(self.to_s, other.to_s),
            self.tracks + other.tracks,
            self.changes + other.changes,
            self.not_judged + other.not_judged,
            self.units + other.units,
            {**self.failed, **other.failed},
        )


def looked_upto_s(engine: Engine) -> int | None:
    """The tick up to which the rules have looked at everything, seconds since 1970 UTC; None where they have not."""
    return evaluations.looked_upto_s(engine)


def evaluate_due(
    engine: Engine, series: SeriesStore, now_s: int, memory: Memory | None = None
) -> EvaluationReport | None:
    """Look at the hours that are over now, and again at those before them, whose readings may have come late.

    None where nothing is due. Several workers may do so at once: each takes units that no other has. The first time it
    looks back as far as readings may be late. Where it was learnt what is usual (`learn_due`) only meters are judged
    at which something may be abnormal, by the rules that look at hours. memory: what this worker saw before. Raises
    SeriesError where the series store does not answer now: what was done until then stays.
    """
    to_s = (now_s - SETTLE_S) // HOUR_S * HOUR_S
    if not evaluations.any_due(engine, to_s):
        return None
    return _Round(engine, series, to_s, memory or Memory()).run()


def learn_due(engine: Engine, series: SeriesStore, now_s: int) -> EvaluationReport | None:
    """Once a night: let all rules judge each unit, those of whole days too, and learn what is usual from now on.

    None where nothing is due. Workers share the units. Raises SeriesError where the series store does not answer now.
    """
    to_s = (now_s - SETTLE_S) // HOUR_S * HOUR_S
    night_s = day_start_s(local_day(to_s, NIGHT_ZONE), NIGHT_ZONE)
    if not evaluations.any_due(engine, night_s, learn=True):
        return None
    return _Round(engine, series, to_s, Memory(), night_s).run()


@dataclass(frozen=True, slots=True)
class _Round:
    """A round over the units that are due. night_s: those not learnt from since then, to learn; None = by the hour."""

    engine: Engine
    series: SeriesStore
    to_s: int
    memory: Memory
    night_s: int | None = None

    def run(self) -> EvaluationReport:
        estate = Estate.read(self.engine)
        units = estate.units()
        evaluations.enrol(self.engine, units.keys())
        report, last = EvaluationReport(self.to_s, self.to_s), ""
        while True:
            # Each once: a unit that fails is due again at the next run, and one that another worker has is theirs.
            with evaluations.lease(self.engine, self.to_s, last, TOGETHER, self.night_s) as leased:
                if not leased.looked_s:
                    return report
                last = max(leased.looked_s)
                try:
                    report = self._look(units, leased, report)
                except BaseException:
                    self.memory.forget_seen(meter.id for meter in estate.meters)
                    raise

    def _look(self, units: Mapping[str, Estate], leased: Lease, report: EvaluationReport) -> EvaluationReport:
        mine = {unit: part for unit in leased.looked_s if (part := units.get(unit)) is not None}
        book = RecordsBook(self.engine, [meter.id for part in mine.values() for meter in part.meters])
        warm = {unit: part for unit, part in mine.items() if unit in leased.learnt and self.night_s is None}
        restless = self._restless(warm, min(leased.looked_s.values(), key=lambda at: at or 0), book)
        for unit, part in mine.items():
            looked_s = leased.looked_s[unit]
            only = restless if unit in warm else None
            from_s = (looked_s or self.to_s) - LATE_S
            look = _Look(from_s, self.to_s, looked_s or 0, only, learns=self.night_s is not None)
            said = look.tried(unit, self.series, part, book)
            report = report.and_also(said)
            if said.failed:
                self.memory.forget_seen(meter.id for meter in part.meters)
                continue
            leased.done.append(unit)
        return report

    def _restless(self, warm: Mapping[str, Estate], looked_s: int | None, book: RecordsBook) -> frozenset[str]:
        """Meters at which something may be abnormal, or whose living tickets wait to hear that they are normal."""
        meters = [meter for part in warm.values() for meter in part.meters]
        if not meters:
            return frozenset()
        self.memory.refresh(self.engine, [meter.id for meter in meters])
        together = replace(next(iter(warm.values())), meters=meters)
        span_s = ((looked_s or self.to_s) - LATE_S, self.to_s)
        found, told = {meter.id for meter in self.memory.restless(self.series, together, span_s)}, set[str]()
        for key in book.living():
            ticket = book.latest(key)
            if ticket is not None and (ticket.cleared_s is None or ticket.state is State.RESOLVED):
                (told if ticket.cause == DEVICE_SILENT else found).add(ticket.meter)
        # Whether a device is silent, or some of its meters are, tell all of them together.
        gap_h = self.memory.gap_h
        quiet = {one.id for one in meters if one.id in found and silence.counts(together, one, gap_h(one.id))}
        found |= {meter.id for meter in silence.witnesses(together, quiet, gap_h)}
        devices = [meter for meter in meters if meter.id in told]
        return frozenset(found | {meter.id for meter in silence.with_their_device(together, devices)})


def evaluate(
    engine: Engine, series: SeriesStore, from_s: int, to_s: int, progress: Progress | None = None
) -> EvaluationReport:
    """Look at every full hour in (from_s, to_s], in order, as it was known then; tickets follow.

    The same span again changes nothing, whoever else looks at the same time. Raises SeriesError where the store does
    not answer; what was applied until then stays, and the marks with it.
    """
    to_s -= to_s % HOUR_S
    estate = Estate.read(engine)
    units = estate.units()
    evaluations.enrol(engine, units.keys())
    looked_s = evaluations.looked_s(engine)
    book = RecordsBook(engine, [meter.id for meter in estate.meters])
    report, judged = EvaluationReport(from_s, to_s), 0
    for unit, part in units.items():
        look = _Look(from_s, to_s, looked_s.get(unit) or 0)
        report = report.and_also(look.at(series, part, book))
        evaluations.set_looked(engine, [unit], to_s)
        judged += len(part.meters)
        if progress is not None and part.meters:
            progress(f"rules: {judged} of {len(estate.meters)} meters judged")
    return report


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the ticks in (from_s, to_s]. looked_s: the last one that was looked at before.

    restless: the only meters that are judged, by the rules that look at hours; None = all are, by all rules. learns:
    whether it is kept what is usual from to_s on.
    """

    from_s: int
    to_s: int
    looked_s: int
    restless: frozenset[str] | None = None
    learns: bool = False

    def at(self, series: SeriesStore, part: Estate, book: RecordsBook) -> EvaluationReport:
        """Judge the meters of a unit and let the tickets follow."""
        only = None
        if self.restless is not None:
            part = replace(part, rules=[rule for rule in part.rules if rule.warm is not None])
            only = [meter for meter in part.meters if meter.id in self.restless]
        judged = judge_all(series, part, (self.from_s, self.to_s), None, only)
        known_s = min(self.looked_s, self.to_s)
        # A tick that was looked at before is news only through late readings: its ticket is opened when that is found.
        changes = walk(judged.tracks, (self.from_s, self.to_s), book, lambda tick: max(tick, known_s))
        if self.learns:
            rule_learnt.save(book.engine, learn(series, part, self.to_s))
        return EvaluationReport(self.from_s, self.to_s, len(judged.tracks), changes, len(judged.not_judged), 1)

    def tried(self, unit: str, series: SeriesStore, part: Estate, book: RecordsBook) -> EvaluationReport:
        """The same; where the data of this unit are at fault, told and left for the next run."""
        try:
            return self.at(series, part, book)
        except Exception as error:
            if not data_at_fault(error):
                raise
            log.error("the rules cannot judge a site", site=unit, error=str(error), exc_info=True)
            return EvaluationReport(self.from_s, self.to_s, failed={unit: f"{type(error).__name__}: {error}"})
