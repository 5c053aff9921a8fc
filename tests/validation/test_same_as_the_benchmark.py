"""Our scorer and the benchmark's own, on the same output."""

import csv
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from plagewatch.cli.dossier import labelled_sets
from plagewatch.cli.dossier.replaying import in_store, replay
from plagewatch.validation import injecting, scoring
from plagewatch.validation.injecting import LEAKS_IN_SUMS, Fault, Plan
from plagewatch.validation.scoring import Told
from rules import backtest

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def benchmarks(dev_data: Path, missing: Callable[[str], None]) -> Path:
    """The folder of the benchmark's own scorer."""
    folder = dev_data.parents[1] / "benchmarks"
    if not (folder / "score.py").is_file():
        missing(f"NO BENCHMARK: {folder.name}/score.py is not beside the development data")
    return folder


@pytest.fixture(scope="module")
def score(benchmarks: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_score", benchmarks / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def same(ours: float, theirs: float | None) -> bool:
    return np.isnan(ours) if theirs is None else ours == pytest.approx(theirs, abs=1e-12)


def test_hours_events_and_alarms(dev_data: Path, score: ModuleType, tmp_path: Path) -> None:
    (lead,) = labelled_sets.sets_in(dev_data / "lead")
    with in_store(lead.folder) as opened:
        backtest.write(backtest.backtest(opened.engine, opened.series), tmp_path)
        replayed = replay(opened)
    theirs: dict[str, Any] = score.hours(str(lead.folder), str(tmp_path))
    read, truth = labelled_sets.readings(lead), labelled_sets.labels(lead)
    judged = {
        meter: scoring.judged_meter(read[meter][0], truth[meter], replayed.scores[meter], replayed.tickets[meter])
        for meter in truth
    }
    for kind, meters in (("", judged), ("live", {m: scoring.live_only(each) for m, each in judged.items()})):
        figures = scoring.figures([scoring.counts(each) for each in meters.values()])
        told = theirs["counting_only_hours_from_opened_at"] if kind else theirs
        assert same(figures.hour_f1, told["hour"]["f1"])
        assert same(figures.hour_precision, told["hour"]["precision"])
        assert same(figures.event_f1, told["event"]["f1"])
        assert same(figures.event_recall, told["event"]["recall"])
        assert same(figures.alarms_per_year, told["alarms_per_building_year"])
        assert same(figures.median_delay_h, told["median_delay_h"])
        assert same(figures.median_first_flag_h, told["median_first_flag_h"])
    for meter, each in judged.items():
        one = scoring.figures([scoring.counts(each)])
        told = theirs["per_meter"][meter]
        assert same(one.hour_f1, told["hour_f1"])
        assert same(one.event_f1, told["event_f1"])
        # Files hold six digits of a score: what is nearly equal may stand in another order there.
        assert scoring.average_precision(each.abnormal, each.score) == pytest.approx(told["pr_auc"], abs=1e-3)
        assert scoring.roc_auc(each.abnormal, each.score) == pytest.approx(told["roc_auc"], abs=1e-3)


def test_leaks_in_sums(dev_data: Path, benchmarks: Path, score: ModuleType, tmp_path: Path) -> None:
    command = ["inject.py", str(dev_data / "water"), str(tmp_path / "set"), "--sum", "8", "--sizes", "10,50"]
    subprocess.run([sys.executable, *command], cwd=benchmarks, check=True, capture_output=True)
    (water,), (theirs,) = labelled_sets.sets_in(dev_data / "water"), labelled_sets.sets_in(tmp_path / "set")
    plan = Plan(Fault.LEAK, LEAKS_IN_SUMS.sizes)
    sums = injecting.summed(labelled_sets.readings(water), 8, 3600)
    planned = injecting.cases(sums, 3600, plan)
    with (tmp_path / "set" / "events.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(case.twin, f"{case.size:g}") for case in planned] == [(row["meter"], row["size"]) for row in rows]
    assert [case.start_s for case in planned] == [score.epoch(row["start"]) for row in rows]
    written = labelled_sets.readings(theirs)
    for case in planned:
        ours = injecting.injected(sums[case.meter], case, Fault.LEAK, 1.0, 3600)
        assert ours == pytest.approx(written[case.twin][1], rel=1e-8)
    tickets = _invented(planned, sums)
    (tmp_path / "out").mkdir()
    _write(tmp_path / "out" / "tickets.csv", tickets)
    told = score.injected(str(tmp_path / "set"), str(tmp_path / "out"), plan.grace_s)
    outcomes = injecting.outcomes(planned, tickets, plan)
    for size in plan.sizes:
        of_size = [each for each in outcomes if each.case.size == size]
        assert sum(each.left_out for each in of_size) == told["sizes"][f"{size:g}"]["left_out"]
        assert sum(each.found_after_days is not None for each in of_size) == told["sizes"][f"{size:g}"]["found"]
    quiet = [injecting.quiet(m, start_s, tickets.get(m, ()), plan.after_days) for m, (start_s, _) in sums.items()]
    years = sum(each.years for each in quiet)
    assert sum(each.tickets for each in quiet) == told["false_tickets"] > 0
    assert years == pytest.approx(told["untouched_years"])
    alarm = sum(each.share_in_alarm * each.years for each in quiet) / years
    assert alarm == pytest.approx(told["share_of_time_in_alarm"])
    assert json.dumps(told)


def _invented(planned: list[injecting.Case], sums: dict[str, injecting.Read]) -> dict[str, list[Told]]:
    """Some tickets in time, some late, some of untouched meters, one of them in the way."""
    tickets: dict[str, list[Told]] = {}
    for number, case in enumerate(planned):
        opened_s = case.start_s + (1 + 7 * (number % 4)) * 86_400
        tickets[case.twin] = [Told("r", opened_s - 3600, opened_s, opened_s, opened_s + 86_400)]
    for number, (meter, (start_s, _)) in enumerate(sums.items()):
        opened_s = int(start_s[0]) + (40 + 30 * number) * 86_400
        tickets[meter] = [Told("r", opened_s - 3600, opened_s, opened_s, opened_s + (30 + number) * 86_400)]
    return tickets


def _write(path: Path, tickets: dict[str, list[Told]]) -> None:
    def stamp(at_s: int) -> str:
        return f"{np.datetime64(at_s, 's')}Z"

    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["meter", "rule", "urgency", "first_abnormal", "last_abnormal", "opened_at", "cleared_at"])
        for meter, of_meter in tickets.items():
            for each in of_meter:
                assert each.cleared_s is not None
                moments = (each.first_s, each.last_s, each.opened_s, each.cleared_s)
                rows.writerow([meter, each.rule, "soon", *map(stamp, moments)])
