"""The rules of a process: what each of their pulses does."""

from collections.abc import Sequence

from plagewatch import plage_progress
from plagewatch.cli.opening import Stores, now_s
from plagewatch.cli.rooms import Tick
from plagewatch.cli.watching import Watch
from plagewatch.plage.portfolio import Portfolio
from plagewatch.store.records import evaluations
from rules import dispatch, evaluate
from rules.evaluate import EvaluationReport
from rules.learning import Memory
from rules.urgent import Urgent

PLAGE_S = 900
URGENT_S = 1.0


class NotJudgedNow(Exception):
    """The rules could not look at a part of the meters; it is in the log with its trace, and is tried again."""


def _told(report: EvaluationReport | None) -> None:
    if report is not None and report.failed:
        site, why = next(iter(report.failed.items()))
        raise NotJudgedNow(f"{len(report.failed)} sites cannot be judged, the first is {site}: {why}")


def rules_ticks(stores: Stores, portfolio: Portfolio, needs: Sequence[Watch] = ()) -> list[Tick]:
    """Looking for what is abnormal, telling the technicians, following the target."""

    memory = Memory()

    def look() -> None:
        upto_s = now_s()
        report = evaluate.evaluate_due(stores.engine, stores.series, upto_s, memory)
        dispatch.enqueue(stores.engine, upto_s)
        _told(report)

    def follow_target() -> None:
        if not evaluations.pulse(stores.engine, "plage", now_s(), PLAGE_S - 60):
            return  # another worker has just done it
        assessment = plage_progress.assess(stores.engine, stores.series, portfolio, now_s())
        plage_progress.write(stores.series, assessment)

    def learn() -> None:
        _told(evaluate.learn_due(stores.engine, stores.series, now_s()))

    urgent = Urgent(stores.engine, stores.series)

    def look_at_once() -> None:
        if urgent.look(now_s()):
            dispatch.enqueue(stores.engine, now_s())

    return [
        Tick("urgent rules", URGENT_S, look_at_once, needs),
        Tick("rules", 30.0, look, needs),
        Tick("rules at night", 300.0, learn, needs),
        Tick("plage", float(PLAGE_S), follow_target, needs),
    ]
