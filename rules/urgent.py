"""Rules that need not wait for an hour to be over look at meters with new figures, within seconds."""

from collections import defaultdict
from dataclasses import dataclass, field, replace

from plagewatch.metering.meters import Meter
from plagewatch.store.engine import Engine
from plagewatch.store.records import rule_news
from plagewatch.store.series.protocol import SeriesStore
from rules import silence
from rules.at_once import judge_now
from rules.cases import QUARTER_S
from rules.detectors.verdicts import HOUR_S
from rules.estate import Estate
from rules.learning import Memory
from rules.set_aside import set_aside

BACK_S = 2 * HOUR_S
"""Ticks so far back are looked at; what comes later than that waits for the look by the hour [s]."""
REGISTRY_S = 60
"""The registry is read anew so often: whoever enters a meter is followed within that time [s]."""


@dataclass(slots=True)
class Urgent:
    """Looks at news, again and again. What a worker knows is kept from look to look."""

    engine: Engine
    series: SeriesStore
    _memory: Memory = field(init=False, default_factory=Memory)
    _estate: Estate | None = field(init=False, default=None)
    _units: dict[str, Estate] = field(init=False, default_factory=dict)
    _unit_of: dict[str, str] = field(init=False, default_factory=dict)
    _read_s: int = field(init=False, default=-REGISTRY_S)
    _silence_s: int | None = field(init=False, default=None)

    def look(self, now_s: int) -> int:
        """Look at the meters with new figures up to now, and when an hour is over at those that have fallen silent.

        The number of changes of tickets. Meters at which nothing can be abnormal are passed over by what was learnt of
        them at night. News is forgotten after its look, so a kill in between only makes it be looked at again. Raises
        SeriesError.
        """
        return self._look_at_news(now_s) + self._look_at_silence(now_s)

    def _look_at_silence(self, now_s: int) -> int:
        hour_s = now_s // HOUR_S * HOUR_S
        changes = 0
        if self._silence_s is not None and hour_s > self._silence_s:
            self._refreshed(now_s)
            changes = silence.look(self.engine, self.series, self._units, hour_s)
        # Whoever has just started hears first what was told while nobody listened.
        self._silence_s = hour_s
        return changes

    def _look_at_news(self, now_s: int) -> int:
        news = rule_news.waiting(self.engine)
        if not news:
            return 0
        estate = self._refreshed(now_s)
        fresh = [meter for meter in estate.meters if meter.id in news]
        estate = replace(estate, set_aside=set_aside(self.engine, fresh))  # may be the very news
        self._memory.refresh(self.engine, [meter.id for meter in fresh])
        upto_s = now_s // QUARTER_S * QUARTER_S
        span_s = (upto_s - BACK_S, upto_s)
        by_unit: dict[str, list[Meter]] = defaultdict(list)
        for meter in self._memory.restless(self.series, replace(estate, meters=fresh), span_s):
            by_unit[self._unit_of[meter.id]].append(meter)
        changes = 0
        try:
            for unit, only in by_unit.items():
                part = replace(self._units[unit], rules=estate.rules, set_aside=estate.set_aside)
                changes += judge_now(self.engine, self.series, part, only, span_s)
            rule_news.done(self.engine, news)
        except BaseException:
            self._memory.forget_seen(news)
            raise
        return changes

    def _refreshed(self, now_s: int) -> Estate:
        """All meters with the rules that need not wait for an hour to be over."""
        if self._estate is None or not 0 <= now_s - self._read_s < REGISTRY_S:
            estate = Estate.read(self.engine)
            self._estate = replace(estate, rules=[rule for rule in estate.rules if rule.hard])
            self._units = estate.units()
            self._unit_of = {meter.id: unit for unit, part in self._units.items() for meter in part.meters}
            self._read_s = now_s
        return self._estate
