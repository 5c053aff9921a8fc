"""Holds what the stores have at the end of a chaos run against what was said, and against the ledger from scratch."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from collector import ledger_check, rollup_job
from collector.index_figures import EVER_MS
from plagewatch.bench.chaos_world import Told, World
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.store.engine import Engine, RecordsError, open_records
from plagewatch.store.records import outbox, quarantine, registry, tickets, work
from plagewatch.store.series.protocol import SeriesError, SeriesStore
from plagewatch.store.series.sqlite import SqliteSeries
from plagewatch.tickets.states import LIVING, Ticket

AWAY = (SeriesError, *RecordsError)
EVER_S = EVER_MS[0] // 1000, EVER_MS[1] // 1000
SAME = 1e-6  # figures carry six decimals
LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was promised. faults: what is not as promised, in sentences."""

    promise: str
    figure: str
    faults: tuple[str, ...]

    def line(self) -> str:
        """The check as one line, with its first faults."""
        kept = "kept" if not self.faults else f"BROKEN ({len(self.faults)}): " + "; ".join(self.faults[:5])
        return f"{self.promise}: {self.figure}, {kept}"


@dataclass(frozen=True, slots=True)
class Ended:
    """What a run left behind."""

    engine: Engine
    series: SeriesStore
    world: World


def wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Whether something came to be in time; a store that does not answer is asked again."""
    end = time.monotonic() + seconds
    while True:
        try:
            if done():
                return True
        except AWAY:
            pass
        if time.monotonic() > end:
            return False
        time.sleep(LOOK_S)


def all_stored(ended: Ended) -> Callable[[], bool]:
    """Whether as many samples are stored as were said; each register is asked until it has them."""
    waiting = dict(ended.world.told)

    def look() -> bool:
        for key, told in tuple(waiting.items()):
            if len(ended.series.samples(*key, *EVER_MS).at_ms) < len(told.at_ms):
                return False
            del waiting[key]
        return True

    return look


def all_made(ended: Ended) -> bool:
    """Whether no window waits for its figures."""
    return not work.dirty_windows(ended.engine, limit_meters=1)


def checks(ended: Ended, folder: Path) -> Iterator[Checked]:
    """All that is promised, held against the stores. folder: where the ledger is made from scratch."""
    yield _evidence(ended)
    yield _figures(ended, folder)
    yield _accounts(ended)
    yield _quarantine(ended)
    yield _one_ticket_each(ended)
    yield _no_ticket_twice(ended)
    yield _told_once(ended)


def _evidence(ended: Ended) -> Checked:
    faults, stored, total = [], 0, 0.0
    for key, told in ended.world.told.items():
        found = ended.series.samples(*key, *EVER_MS)
        stored, total = stored + len(found.at_ms), total + float(found.value.sum())
        said = set(zip(told.at_ms.tolist(), told.value.tolist(), strict=True))
        there = list(zip(found.at_ms.tolist(), found.value.tolist(), strict=True))
        lost, strange, twice = said - set(there), set(there) - said, len(there) - len(set(there))
        if lost or strange or twice:
            faults.append(f"{key[0]}: {len(lost)} lost {sorted(lost)[:2]}, {len(strange)} never said, {twice} twice")
    said_all = sum(len(told.at_ms) for told in ended.world.told.values())
    return Checked("sent = stored", f"{said_all} said, {stored} stored, their sum {total:.3f}", tuple(faults))


def _figures(ended: Ended, folder: Path) -> Checked:
    engine, series = _from_scratch(ended.world, folder)
    faults, compared = [], 0
    for meter in sorted({meter for meter, _ in ended.world.told}):
        for resolution in Resolution:
            here = _known(ended.series.intervals(resolution, meter, *EVER_S))
            there = _known(series.intervals(resolution, meter, *EVER_S))
            compared += len(there)
            if why := _difference(here, there):
                faults.append(f"{meter} {resolution}: {why}")
    series.close()
    engine.dispose()
    return Checked("no interval twice, figures as from scratch", f"{compared} intervals", tuple(faults))


def _from_scratch(world: World, folder: Path) -> tuple[Engine, SqliteSeries]:
    folder.mkdir(parents=True, exist_ok=True)
    engine, series = open_records(f"sqlite:///{folder / 'records.db'}"), SqliteSeries(folder / "series.db")
    registry.save(engine, world.registered())
    series.write_samples([told.all(0) for told in world.told.values()])
    work.mark_dirty(engine, [_whole(told) for told in world.told.values()])
    rollup_job.run(engine, series, 0)
    return engine, series


def _whole(told: Told) -> work.DirtyWindow:
    return work.DirtyWindow(told.meter.id, int(told.at_ms.min()), int(told.at_ms.max()))


def _known(intervals: Intervals) -> Intervals:
    return intervals.where(intervals.known)


def _difference(here: Intervals, there: Intervals) -> str:
    if len(np.unique(here.start_s)) != len(here):
        return "an interval stands twice"
    if not np.array_equal(here.start_s, there.start_s):
        extra, missing = np.setdiff1d(here.start_s, there.start_s), np.setdiff1d(there.start_s, here.start_s)
        return f"{len(missing)} missing {missing[:3].tolist()}, {len(extra)} too many {extra[:3].tolist()}"
    for name in Intervals.__dataclass_fields__:
        off = np.abs(getattr(here, name) - getattr(there, name))
        if len(off) and off.max() > SAME:
            place = int(off.argmax())
            values = getattr(here, name)[place], getattr(there, name)[place]
            return f"{name} at {here.start_s[place]} is {values[0]:g}, from scratch {values[1]:g}"
    return ""


def _accounts(ended: Ended) -> Checked:
    balances = ledger_check.check(ended.engine, ended.series, None)
    faults = tuple(f"{b.meter}: {b.explain()}" for b in balances if not b.balanced)
    return Checked("every account balances", f"{len(balances)} registers", faults)


def _quarantine(ended: Ended) -> Checked:
    counts = quarantine.counts(ended.engine)
    faults = tuple(f"{number} {reason}" for reason, number in counts.items())
    return Checked("nothing came to quarantine", f"{sum(counts.values())} items", faults)


def _one_ticket_each(ended: Ended) -> Checked:
    by_key: dict[tuple[str, str], list[Ticket]] = defaultdict(list)
    for ticket in tickets.tickets(ended.engine):
        by_key[ticket.key].append(ticket)
    faults = []
    for key, state in ended.world.causes.items():
        states = [ticket.state for ticket in by_key[key]]
        if states != [state]:
            faults.append(f"{key[0]} {key[1]}: {[str(each) for each in states]} where one {state} belongs")
    for key, those in by_key.items():
        if key not in ended.world.causes and any(ticket.state in LIVING for ticket in those):
            faults.append(f"{key[0]} {key[1]}: a living ticket without a cause")
    return Checked("one ticket for each cause", f"{len(ended.world.causes)} causes", tuple(faults))


def _no_ticket_twice(ended: Ended) -> Checked:
    all_tickets = sorted(tickets.tickets(ended.engine), key=lambda ticket: (*ticket.key, ticket.first_abnormal_s))
    faults = [
        f"{one.key}: tickets {one.id} and {other.id} tell the same hours"
        for one, other in zip(all_tickets, all_tickets[1:], strict=False)
        if one.key == other.key and other.first_abnormal_s <= one.last_abnormal_s
    ]
    return Checked("no ticket twice", f"{len(all_tickets)} tickets ever", tuple(faults))


def _told_once(ended: Ended) -> Checked:
    rows = Counter((one.item.subject_key, one.item.person) for one in outbox.unsent(ended.engine))
    faults = [f"{subject} to {person}: {number} times" for (subject, person), number in rows.items() if number > 1]
    known = {subject for subject, _ in rows}
    living = tickets.tickets(ended.engine, living_only=True)
    faults += [f"nobody is told of ticket {ticket.id}" for ticket in living if f"ticket:{ticket.id}" not in known]
    return Checked("everybody told once", f"{sum(rows.values())} messages", tuple(faults))
