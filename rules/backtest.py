"""The live rules over a stored past: same detectors, same `decide`, tickets in memory instead of in the records."""

import csv
import gzip
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import numpy as np

from plagewatch.metering.intervals import Floats, Resolution, Seconds
from plagewatch.metering.meters import Carrier, Meter
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry
from plagewatch.store.series.protocol import SeriesStore
from plagewatch.tickets.findings import Finding
from plagewatch.tickets.states import LIVING, State, Ticket
from rules import catalogue
from rules.cases import HEATING, ROOMS
from rules.detectors.verdicts import HOUR_S
from rules.estate import Estate
from rules.in_force import with_numbers
from rules.incidents import Change, Clear, Fade, Key, Open, Reopen, Touch, Verify
from rules.read_once import ReadOnce
from rules.rule_counts import RuleCount, counted, told_again
from rules.tracks import Judged, Progress, judge_all
from rules.walk import walk

EVER_S = (-(2**33), 2**33)  # 1697 to 2242: InfluxDB counts nanoseconds in 64 bits


@dataclass(frozen=True, slots=True)
class Scores:
    """One meter's scores by judged hour; both arrays of one length. start_s: seconds since 1970 UTC."""

    meter: str
    start_s: Seconds
    score: Floats


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """Tickets in the order they were opened, and the scores of the rule that judges every hour.

    counts: what each rule did. span_s: (from, to] that was walked through, seconds since 1970 UTC.
    """

    tickets: Sequence[Ticket]
    scores: Sequence[Scores]
    counts: Sequence[RuleCount] = ()
    span_s: tuple[int, int] = (0, 0)


def backtest(
    engine: Engine,
    series: SeriesStore,
    from_s: int | None = None,
    to_s: int | None = None,
    progress: Progress | None = None,
    *,
    rules: Sequence[catalogue.Rule] | None = None,
) -> BacktestResult:
    """What the rules would have said, hour by hour, in (from_s, to_s]; by default over all hours in the store.

    rules: by default those in force in the records. Nothing is written to the records. Hours before from_s are read as
    history. Raises SeriesError where the store does not answer.
    """
    first_s, last_s = _span(engine, series)
    from_s, to_s = first_s if from_s is None else from_s, last_s if to_s is None else to_s
    estate = Estate.read(engine)
    if rules is not None:
        estate = replace(estate, rules=rules)
    judged = judge_all(series, estate, (from_s, to_s), progress)
    book = MemoryBook()
    if progress is not None:
        progress(f"rules: {len(judged.tracks)} tracks, walking {max(to_s - from_s, 0) // HOUR_S} hours")
    walk(judged.tracks, (from_s, to_s), book, lambda tick: tick)
    scores = [
        Scores(track.meter, track.verdicts.start_s[keep], track.verdicts.score[keep])
        for track in judged.tracks
        if track.rule.id == catalogue.UNUSUAL_LOAD.id
        for keep in [(track.verdicts.known_s > from_s) & (track.verdicts.known_s <= to_s)]
    ]
    told = sorted(book.all(), key=lambda ticket: (ticket.opened_s, ticket.id))
    return BacktestResult(told, scores, counted(estate.rules, judged, told, (from_s, to_s)), (from_s, to_s))


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rule would have said of some meters with some numbers; its tickets in the order they were opened.

    judged: meters it could judge. not_judged: meter -> code of why it could not. since_s: its first verdict in the
    span, seconds since 1970 UTC; None where there is none.
    """

    tickets: Sequence[Ticket]
    judged: Collection[str]
    not_judged: Mapping[str, str]
    since_s: int | None


def trials(
    stores: tuple[Engine, SeriesStore],
    meters: Collection[str],
    rule_id: str,
    numbers: Sequence[Mapping[str, float]],
    span_s: tuple[int, int],
) -> list[Trial]:
    """What a rule would have said of some meters in (span_s[0], span_s[1]], once for each set of moved numbers.

    The live code as it stands: meters that share a device with these fall silent with them, a silent meter tells
    nothing else, and what unusual load tells is not told twice. What many buildings have in common stays apart.
    Nothing is written. Raises KeyError for a rule that is not in the catalogue, SeriesError where the store does not
    answer.
    """
    engine, series = stores
    looked_at, wanted = catalogue.rule(rule_id), set(meters)
    estate = _around(Estate.read(engine), wanted, looked_at)
    within_s = span_s[0] - 86_400 * max(each.history_days for each in catalogue.RULES if each.id in _HEARD | {rule_id})
    once = cast(SeriesStore, ReadOnce(series, [meter.id for meter in estate.meters], (within_s, span_s[1])))
    devices = {estate.device_of[meter] for meter in wanted if meter in estate.device_of}
    # A meter that is only compared with is not judged, but those that fall silent together are.
    only = [m for m in estate.meters if m.id in wanted or estate.device_of.get(m.id) in devices]
    said = []
    for moved in numbers:
        rules = [each for each in estate.rules if each.id in _HEARD and each.id != rule_id]
        rules.append(with_numbers(looked_at, moved))
        ordered = sorted(rules, key=lambda each: _ORDER[each.id])
        judged = judge_all(once, replace(estate, rules=ordered), span_s, None, only)
        book = MemoryBook()
        walk(judged.tracks, span_s, book, lambda tick: tick)
        said.append(_trial(judged, book, wanted, rule_id, span_s))
    return said


def tell_again(past: Sequence[Ticket], trial: Trial) -> set[int]:
    """Numbers of those tickets of the past that a trial tells too, of the same meter and cause at the same time."""
    return {ticket.id for ticket in told_again(past, trial.tickets)}


_HEARD = frozenset({catalogue.NO_DATA.id, catalogue.UNUSUAL_LOAD.id})
"""Rules whose word changes what others tell."""
_ORDER = {rule.id: place for place, rule in enumerate(catalogue.RULES)}


def _around(estate: Estate, wanted: Collection[str], rule: catalogue.Rule) -> Estate:
    """The estate of those of the wanted meters that the rule is meant for, and of all that it looks at beside them."""
    mine = [meter for meter in estate.meters if meter.id in wanted and meter.carrier in rule.carriers]
    devices = {estate.device_of[meter.id] for meter in mine if meter.id in estate.device_of}
    seen = {meter.id for meter in mine} | {meter.id for meter in _beside(estate, mine, rule)}
    return replace(estate, meters=[m for m in estate.meters if m.id in seen or estate.device_of.get(m.id) in devices])


def _beside(estate: Estate, mine: Sequence[Meter], rule: catalogue.Rule) -> Iterator[Meter]:
    """Meters at the sites of these that the rule compares them with."""
    sites, need = {meter.site for meter in mine}, catalogue.Need
    parts = {part.sub for meter in mine for part in estate.parts.get(meter.id, ())}
    for meter in estate.meters if rule.needs & {need.ALIKE, need.LOAD, need.PARTS, need.OPPOSITE, need.ROOMS} else ():
        alike = need.ALIKE in rule.needs and meter.carrier in rule.carriers
        load = need.LOAD in rule.needs and meter.carrier is Carrier.ELECTRICITY
        heating = need.OPPOSITE in rule.needs and meter.carrier in HEATING
        room = need.ROOMS in rule.needs and meter.carrier in ROOMS
        if meter.site in sites and (alike or load or heating or room or meter.id in parts):
            yield meter


def _trial(judged: Judged, book: "MemoryBook", wanted: Collection[str], rule_id: str, span_s: tuple[int, int]) -> Trial:
    mine = [track for track in judged.tracks if track.rule.id == rule_id]
    speaks_of = {track.key: {track.meter, *track.covers} & set(wanted) for track in mine}
    told = [ticket for ticket in book.all() if speaks_of.get(ticket.key)]
    known_s = [track.verdicts.known_s for track in mine if track.meter in wanted]
    first_s = [int(each[each > span_s[0]][0]) for each in known_s if (each > span_s[0]).any()]
    return Trial(
        sorted(told, key=lambda ticket: (ticket.opened_s, ticket.id)),
        {track.meter for track in mine if track.meter in wanted},
        {meter: why.code for (rule, meter), why in judged.not_judged.items() if rule == rule_id and meter in wanted},
        min(first_s, default=None),
    )


def write(result: BacktestResult, out: Path) -> None:
    """Write tickets.csv and scores.csv.gz into the folder, which is made; times as `2016-01-01T00:00:00Z`.

    Raises OSError where it cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / "tickets.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["meter", "rule", "urgency", "first_abnormal", "last_abnormal", "opened_at", "cleared_at"])
        for t in result.tickets:
            moments = (t.first_abnormal_s, t.last_abnormal_s, t.opened_s, t.cleared_s)
            rows.writerow([t.meter, t.rule, t.urgency.value, *("" if at is None else _stamp(at) for at in moments)])
    with gzip.open(out / "scores.csv.gz", "wt", compresslevel=6, newline="", encoding="utf-8") as packed:
        packed.write("meter,start,score\n")
        for scores in result.scores:
            starts = np.datetime_as_string(scores.start_s.astype("datetime64[s]"))
            packed.writelines(
                f"{scores.meter},{start}Z,{score:.6g}\n"
                for start, score in zip(starts, scores.score.tolist(), strict=True)
            )


def _stamp(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _span(engine: Engine, series: SeriesStore) -> tuple[int, int]:
    """Start of the first hour of any meter and end of the last one; (0, 0) where there is none."""
    starts = [series.intervals(Resolution.HOUR, meter.id, *EVER_S).start_s for meter in registry.meters(engine)]
    known = [each for each in starts if len(each)]
    if not known:
        return 0, 0
    return min(int(each[0]) for each in known), max(int(each[-1]) for each in known) + HOUR_S


@dataclass(slots=True)
class MemoryBook:
    """Tickets of a back-test. Nobody acknowledges or mends anything in it, so each stays open until it fades."""

    _tickets: dict[int, Ticket] = field(init=False, default_factory=dict)
    _latest: dict[Key, int] = field(init=False, default_factory=dict)
    _living: dict[Key, None] = field(init=False, default_factory=dict)

    def latest(self, key: Key) -> Ticket | None:
        """The living ticket of a key, else the newest one that is over."""
        return self._tickets[self._latest[key]] if key in self._latest else None

    def living(self) -> Iterable[Key]:
        """Keys of all living tickets."""
        return tuple(self._living)

    def all(self) -> Iterable[Ticket]:
        """All tickets ever opened."""
        return self._tickets.values()

    def apply(self, change: Change) -> None:
        """Carry a change out."""
        match change:
            case Open(finding):
                self._keep(_opened(finding, len(self._tickets) + 1))
            case Touch(ticket, finding):
                self._keep(_touched(ticket, finding))
            case Reopen(ticket, finding):
                self._keep(replace(_touched(ticket, finding), state=State.OPEN))
            case Clear(ticket, cleared_s):
                self._keep(replace(ticket, cleared_s=cleared_s))
            case Fade(ticket, cleared_s):
                self._keep(replace(ticket, state=State.FADED, cleared_s=cleared_s))
            case Verify(ticket, cleared_s):
                self._keep(replace(ticket, state=State.VERIFIED, cleared_s=cleared_s))

    def _keep(self, ticket: Ticket) -> None:
        self._tickets[ticket.id] = ticket
        self._latest[ticket.key] = ticket.id
        if ticket.state in LIVING:
            self._living[ticket.key] = None
        else:
            self._living.pop(ticket.key, None)


def _opened(finding: Finding, number: int) -> Ticket:
    found = catalogue.rule(finding.rule)
    return Ticket(
        id=number,
        meter=finding.meter,
        rule=finding.rule,
        cause=finding.cause,
        state=State.OPEN,
        urgency=found.urgency,
        skill=found.skill,
        first_abnormal_s=finding.first_abnormal_s,
        last_abnormal_s=finding.last_abnormal_s,
        opened_s=finding.seen_s,
        score=finding.score,
        numbers=finding.numbers,
    )


def _touched(ticket: Ticket, finding: Finding) -> Ticket:
    return replace(
        ticket,
        last_abnormal_s=finding.last_abnormal_s,
        score=finding.score,
        numbers=finding.numbers,
        cleared_s=None,
    )
