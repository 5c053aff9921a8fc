"""The live rules on a part of the development sets, imported and replayed as `validate` does.

A regression breaks these thresholds.
The figures of the whole sets, and what they are worth, come from `plagewatch validate`: docs/validation.md. A threshold
stands a little below what was measured.
"""

import csv
import gzip
import shutil
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from plagewatch.cli.dossier import electricity, faults, labelled_sets
from plagewatch.cli.dossier.labelled_sets import LABELS, METERS, READINGS, LabelledSet
from plagewatch.cli.dossier.replaying import Replayed, in_store, replay
from plagewatch.validation import scoring
from plagewatch.validation.injecting import LEAKS, Fault, Outcome, Quiet
from plagewatch.validation.invented_roofs import ROOFS
from plagewatch.validation.scoring import Figures
from rules.catalogue import RULES, UNUSUAL_LOAD, Rule

BUILDINGS = ("b118", "b121", "b335")
HOUSEHOLDS = 8
pytestmark = pytest.mark.data


def part_of(source: Path, target: Path, meters: Collection[str], beside: Sequence[str] = ()) -> LabelledSet:
    """A set of some of the meters of another one."""
    target.mkdir()
    with (source / METERS).open(newline="") as file, (target / METERS).open("w", newline="") as kept:
        rows = list(csv.DictReader(file))
        writer = csv.DictWriter(kept, list(rows[0]))
        writer.writeheader()
        writer.writerows(row for row in rows if row["meter"] in meters)
    for name in (READINGS, LABELS):
        if (source / name).is_file():
            with gzip.open(source / name, "rt") as read, gzip.open(target / name, "wt", compresslevel=1) as packed:
                packed.write(next(read))
                packed.writelines(line for line in read if line.partition(",")[0] in meters)
    for name in beside:
        shutil.copy(source / name, target / name)
    (found,) = labelled_sets.sets_in(target)
    return found


def share_found(outcomes: Sequence[Outcome]) -> float:
    counted = [each for each in outcomes if not each.left_out]
    assert counted
    return sum(each.found_after_days is not None for each in counted) / len(counted)


def a_year(quiet: Sequence[Quiet]) -> float:
    return sum(each.tickets for each in quiet) / sum(each.years for each in quiet)


@pytest.fixture(scope="module")
def lead(dev_data: Path, tmp_path_factory: pytest.TempPathFactory) -> LabelledSet:
    return part_of(dev_data / "lead", tmp_path_factory.mktemp("sets") / "lead", BUILDINGS)


def of_electricity(lead: LabelledSet, rules: Sequence[Rule] = RULES) -> tuple[float, Figures, Replayed]:
    with in_store(lead.folder) as opened:
        replayed = replay(opened, rules)
    judged = list(electricity.scored(labelled_sets.readings(lead), labelled_sets.labels(lead), replayed).values())
    told = scoring.figures([scoring.counts(each) for each in judged])
    return electricity.pooled_precision(judged), told, replayed


def keeps_its_figures(pr_auc: float, figures: Figures) -> bool:
    return pr_auc > 0.6 and figures.hour_f1 > 0.56 and figures.event_f1 > 0.5 and figures.alarms_per_year < 12


def test_the_rules_of_electricity_keep_their_figures(lead: LabelledSet) -> None:
    pr_auc, figures, replayed = of_electricity(lead)
    assert keeps_its_figures(pr_auc, figures), (pr_auc, figures)
    assert figures.median_delay_h <= 4
    assert replayed.cost.per_meter_year(UNUSUAL_LOAD.id) < 0.1


@pytest.mark.parametrize("broken", [{"deviations": 30.0}, {"deviations": 4.0}, {"repeats": 2.0}])
def test_these_figures_notice_a_broken_rule(lead: LabelledSet, broken: dict[str, float]) -> None:
    rule = replace(UNUSUAL_LOAD, parameters=replace(UNUSUAL_LOAD.parameters, **broken))
    rules = [rule if each.id == rule.id else each for each in RULES]
    pr_auc, figures, _ = of_electricity(lead, rules)
    assert not keeps_its_figures(pr_auc, figures), (pr_auc, figures)


def test_the_rules_of_water_keep_their_figures(dev_data: Path, tmp_path: Path) -> None:
    (whole,) = labelled_sets.sets_in(dev_data / "water")
    water = part_of(whole.folder, tmp_path / "water", list(whole.meters)[:HOUSEHOLDS])
    told = faults.with_faults(water, "water", replace(LEAKS, sizes=(2.0,)))
    assert share_found(told.outcomes) >= 0.85
    assert a_year(told.quiet) <= 0.5


def test_the_rules_of_water_find_leaks_in_sums_that_are_never_dry(dev_data: Path, tmp_path: Path) -> None:
    (whole,) = labelled_sets.sets_in(dev_data / "water")
    water = part_of(whole.folder, tmp_path / "water", list(whole.meters)[:16])
    told = faults.with_faults(water, "sums", replace(LEAKS, sizes=(10.0,), starts=4), 8)
    assert share_found(told.outcomes) >= 0.75
    assert a_year(told.quiet) <= 1.0


@pytest.fixture(scope="module")
def amsterdam(dev_data: Path) -> LabelledSet:
    (found,) = labelled_sets.sets_in(dev_data / "amsterdam")
    return found


def test_nothing_is_told_because_it_is_cold(amsterdam: LabelledSet) -> None:
    with in_store(amsterdam.folder) as opened:
        replayed = replay(opened)
    told = faults.in_cold(amsterdam, replayed)
    assert len(told) == 9
    assert [each.rules for each in told] == [[]] * 9
    judged = {count.rule for count in replayed.counts if count.meters}
    assert judged >= {"heat_signature", "heat_at_night", "heat_when_warm", "year_on_year"}


def test_faults_of_heating_are_found(amsterdam: LabelledSet) -> None:
    told = faults.of_heating(amsterdam, "amsterdam_gas", every_days=(60, 30))
    found = {each.plan.fault: share_found(each.outcomes) for each in told}
    assert found[Fault.REST_HEATED] >= 0.6, found
    assert found[Fault.FIFTH_MORE] >= 0.6, found
    assert found[Fault.SETBACK_LOST] >= 0.6, found
    assert found[Fault.VALVE_STUCK] >= 0.6, found


@pytest.mark.parametrize(("weather", "least", "most_a_year"), [(True, 0.8, 1.0), (False, 0.0, 1.5)])
def test_losses_of_plants_are_found(amsterdam: LabelledSet, least: float, most_a_year: float, *, weather: bool) -> None:
    plan = replace(faults.SUN_PLAN, sizes=(0.3,))
    told = faults.of_invented_roofs(amsterdam, "roofs", plan, ROOFS[:3], weather=weather)
    assert share_found(told.outcomes) >= least
    assert a_year(told.quiet) <= most_a_year
