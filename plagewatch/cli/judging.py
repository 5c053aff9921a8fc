"""The rules of a process: what each of their pulses does."""

from collections.abc import Sequence

from plagewatch import plage_progress
from plagewatch.cli.opening import Stores, now_s
from plagewatch.cli.rooms import Tick
from plagewatch.cli.watching import Watch
from plagewatch.plage.portfolio import Portfolio
from plagewatch.store.records import evaluations
from rules import dispatch, evaluate

PLAGE_S = 900


class NotJudgedNow(Exception):
    """The rules could not look at a part of the meters; it is in the log with its trace, and is tried again."""


def rules_ticks(stores: Stores, portfolio: Portfolio, needs: Sequence[Watch] = ()) -> list[Tick]:
    """Looking for what is abnormal, telling the technicians, following the target."""

    def look() -> None:
        upto_s = now_s()
        report = evaluate.evaluate_due(stores.engine, stores.series, upto_s)
        dispatch.enqueue(stores.engine, upto_s)
        if report is not None and report.failed:
            site, why = next(iter(report.failed.items()))
            raise NotJudgedNow(f"{len(report.failed)} sites cannot be judged, the first is {site}: {why}")

    def follow_target() -> None:
        if not evaluations.pulse(stores.engine, "plage", now_s(), PLAGE_S - 60):
            return  # another worker has just done it
        assessment = plage_progress.assess(stores.engine, stores.series, portfolio, now_s())
        plage_progress.write(stores.series, assessment)

    return [Tick("rules", 30.0, look, needs), Tick("plage", float(PLAGE_S), follow_target, needs)]
