"""Proof under faults: what the broker acknowledged is stored exactly, whoever is killed and whatever is cut.

Broker, InfluxDB, PostgreSQL, collectors and rule workers are killed with SIGKILL and come back; the links between them
are cut, frozen and reset; clocks of collectors are set. The order of faults comes from a seed.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from collector import rollup_job
from plagewatch.bench.chaos_publisher import REMEMBERED_S, Publisher
from plagewatch.bench.chaos_verdict import Checked, Ended, all_made, all_stored, checks, wait_until
from plagewatch.bench.chaos_world import LIVE_S, World
from plagewatch.bench.cluster import FAKETIME, Cluster, Supervised, cluster
from plagewatch.store.engine import RecordsError
from plagewatch.store.records import evaluations, registry, work
from rules import dispatch
from rules.evaluate import SETTLE_S

HOUR_S = 3600
SAVED_S = 2.5  # sessions stand on the broker's disk after this
STEPS_S = (3600, -3600, 0, 86, -7200)
LOOK_AGAIN_S = 4.0
KILLS = ("broker", "InfluxDB", "PostgreSQL", "collector", "rules")
LINKS = ("publisher-broker", "collector-broker", "influxdb", "postgresql")
KINDS = (
    *(("kill", name) for name in KILLS),
    *((how, name) for how in ("cut", "freeze", "reset") for name in LINKS),
    ("step", "clock"),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, at_s after the begin. which: of several of a kind. lasts_s: how long it is down, cut or frozen."""

    at_s: float
    how: str
    what: str
    which: int
    lasts_s: float

    def line(self) -> str:
        """The fault as one line."""
        lasts = "" if self.how in ("reset", "step") else f" for {self.lasts_s:.1f} s"
        named = f"{self.what} {self.which}" if self.what in ("collector", "rules", "clock") else self.what
        return f"{self.at_s:6.1f} s  {self.how} {named}{lasts}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is like. fault_every_s: how long from one fault to the next, on average.

    plain: meters that only bring load. each: meters of each fault. per_s: messages a second. remembered_s: see
    `Publisher`. given: these faults and no others. settle_s: the longest that each step to rest may take.
    """

    seconds: float
    seed: int = 1
    collectors: int = 1
    workers: int = 2
    plain: int = 100
    each: int = 2
    per_s: float = 100.0
    fault_every_s: float = 4.0
    remembered_s: float = REMEMBERED_S
    kinds: Sequence[tuple[str, str]] = KINDS
    given: Sequence[Fault] = ()
    settle_s: float = 180.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run showed. seconds: until all was stored and judged, from the end of the load on."""

    faults: Sequence[Fault]
    messages: int
    sent: int
    repeated: int
    connections: int
    seconds: float
    checked: Sequence[Checked]

    @property
    def kept(self) -> bool:
        """Whether everything is as promised."""
        return not any(one.faults for one in self.checked)

    def line(self) -> str:
        """The load and the faults as one line."""
        kinds = Counter(fault.how for fault in self.faults)
        counted = ", ".join(f"{number} {how}" for how, number in sorted(kinds.items()))
        return (
            f"{self.messages} messages in {self.sent} packets over {self.connections} connections, "
            f"{len(self.faults)} faults ({counted}), at rest after {self.seconds:.0f} s"
        )


def schedule(plan: Plan) -> list[Fault]:
    """The faults of a run, each kind in turn in an order of chance.

    >>> [fault.line() for fault in schedule(Plan(9, seed=1, kinds=(("kill", "broker"), ("reset", "influxdb"))))]
    ['   4.0 s  kill broker for 0.1 s']
    """
    if plan.given:
        return list(plan.given)
    rng = np.random.default_rng(plan.seed)
    made: list[Fault] = []
    at_s = 0.0
    turn: list[int] = []
    while True:
        at_s += float(rng.uniform(0.5, 1.5)) * plan.fault_every_s
        if at_s > plan.seconds - 1 or not plan.kinds:
            return made
        turn = turn or rng.permutation(len(plan.kinds)).tolist()
        how, what = plan.kinds[turn.pop()]
        several = {"collector": plan.collectors, "clock": plan.collectors, "rules": plan.workers}
        which = int(rng.integers(several.get(what, 1)))
        made.append(Fault(at_s, how, what, which, float(rng.exponential(1.0))))


def run(folder: Path, plan: Plan, tell: Callable[[str], None]) -> Outcome:
    """A whole run in a folder, which keeps the evidence. Raises services.NoService, TimeoutError."""
    faults = [fault for fault in schedule(plan) if FAKETIME or fault.how != "step"]
    if not FAKETIME:
        tell("NO CLOCK STEPS: install faketime (Debian package `faketime`)")
    now_s = int(time.time())
    world = _world(now_s, plan)
    rng = np.random.default_rng(plan.seed)
    with cluster(folder, plan.collectors, plan.workers) as made:
        engine, series = made.stores()
        ended = Ended(engine, series, world)
        _fill(ended, now_s)
        for one in (*made.collectors, *made.workers):
            one.start()
        made.wait_for_collectors(90)
        time.sleep(SAVED_S)
        publisher = Publisher(made.links["publisher-broker"].port, world.messages(rng), plan.per_s, plan.remembered_s)
        tell(f"{len(publisher.messages)} messages at {plan.per_s:g}/s, {len(faults)} faults")
        publisher.start()
        with _looked_at_again(ended):
            for fault in _in_time(faults):
                tell(fault.line())
                _inflict(made, fault)
            begun = time.monotonic()
            settled = _at_rest(ended, publisher, plan.settle_s, tell)
        _last_look(made, ended, plan.settle_s)
        tell(f"judged {time.monotonic() - begun:.1f} s after the load")
        publisher.stop()
        checked = [*checks(ended, folder / "scratch"), *([] if settled else [_restless(plan.settle_s)])]
        series.close()
        engine.dispose()
    counted = publisher.counted
    return Outcome(
        faults,
        len(publisher.messages),
        counted.sent,
        counted.repeated,
        counted.connections,
        time.monotonic() - begun,
        checked,
    )


def _restless(settle_s: float) -> Checked:
    return Checked("quiet in the end", f"after {settle_s:g} s", ("it did not come to rest",))


def _at_rest(ended: Ended, publisher: Publisher, seconds: float, tell: Callable[[str], None]) -> bool:
    """Wait until all is acknowledged, stored and made into figures; False where it is not in time."""
    begun = time.monotonic()
    steps = {
        "acknowledged": lambda: publisher.done,
        "stored": all_stored(ended),
        "made into figures": lambda: all_made(ended),
    }
    for what, done in steps.items():
        if not wait_until(done, seconds):
            tell(f"not all is {what} after {time.monotonic() - begun:.1f} s")
            return False
        tell(f"all is {what} {time.monotonic() - begun:.1f} s after the load")
    return True


def _world(now_s: int, plan: Plan) -> World:
    """A world whose messages last as long as the run does."""
    speaking = 0.7 * plan.plain + 2.6 * plan.each  # a third of them in frames; those with a fault too
    step_s = max(1, round(LIVE_S * speaking / (plan.seconds * plan.per_s)))
    return World.make(now_s, plan.plain, plan.each, step_s, plan.seed)


def _fill(ended: Ended, now_s: int) -> None:
    registry.save(ended.engine, ended.world.registered())
    before = [told.before(now_s * 1000) for told in ended.world.told.values()]
    ended.series.write_samples([block for block in before if len(block.at_ms)])
    windows = [work.DirtyWindow(one.meter, min(one.at_ms), max(one.at_ms)) for one in before if len(one.at_ms)]
    work.mark_dirty(ended.engine, windows)
    rollup_job.run(ended.engine, ended.series, now_s)


def _in_time(faults: Sequence[Fault]) -> Iterator[Fault]:
    begun = time.monotonic()
    for fault in faults:
        time.sleep(max(0.0, begun + fault.at_s - time.monotonic()))
        yield fault


def _inflict(made: Cluster, fault: Fault) -> None:
    """Do it; what is cut or frozen is mended by a timer, so that the next fault may come on top."""
    if fault.how == "step":
        made.clocks[fault.which].write_text(f"{STEPS_S[int(fault.lasts_s * 1000) % len(STEPS_S)]:+d}\n")
    elif fault.how == "kill":
        _named(made, fault).kill(fault.lasts_s)
    else:
        link = made.links[fault.what]
        {"cut": link.cut, "freeze": link.freeze, "reset": link.reset}[fault.how]()
        if fault.how != "reset":
            timer = threading.Timer(fault.lasts_s, link.mend)
            timer.daemon = True
            timer.start()


def _named(made: Cluster, fault: Fault) -> Supervised:
    one = {"broker": made.broker, "InfluxDB": made.database, "PostgreSQL": made.records}
    several = {"collector": made.collectors, "rules": made.workers}
    return one[fault.what] if fault.what in one else several[fault.what][fault.which]


@contextmanager
def _looked_at_again(ended: Ended) -> Iterator[None]:
    """Let the rules find that a new hour is over again and again: a run is shorter than one."""
    stopping = threading.Event()

    def again() -> None:
        while not stopping.wait(LOOK_AGAIN_S):
            try:
                evaluations.look_again(ended.engine, _tick_s() - HOUR_S)
            except RecordsError:
                continue  # they are away, which is what this is about

    thread = threading.Thread(target=again, name="hours", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(60)


def _last_look(made: Cluster, ended: Ended, seconds: float) -> None:
    """Have the rules look at all that is there now, as they would at the next full hour."""

    def ask() -> bool:
        evaluations.look_again(ended.engine, _tick_s() - HOUR_S)
        return True

    wait_until(ask, seconds)
    made.workers[0].kill(0.0)  # it looks as soon as it is back
    wait_until(lambda: (evaluations.looked_upto_s(ended.engine) or 0) >= _tick_s(), seconds)
    # Who is to be told is noted by a worker after its look.
    dispatch.enqueue(ended.engine, int(time.time()))


def _tick_s() -> int:
    return (int(time.time()) - SETTLE_S) // HOUR_S * HOUR_S
