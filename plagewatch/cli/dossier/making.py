"""From sets to the whole report: what each set can say is seen from what lies in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from plagewatch.cli.dossier import electricity, faults, goals, telling
from plagewatch.cli.dossier.goals import Goal
from plagewatch.cli.dossier.labelled_sets import COLD_RUNS, LABELS, LabelledSet
from plagewatch.cli.dossier.replaying import Replayed, in_store, replay
from plagewatch.validation.document import Document, Section
from plagewatch.validation.injecting import LEAKS, LEAKS_IN_SUMS, LOSSES

METERS_OF_A_SUM = 8
LEAD = (
    "The rules that watch the meters, on data where somebody knows the truth: what they find, what they tell for "
    "nothing, and what others make of the same data. The same code as in daily use, one configuration for all sets, "
    "looking backwards only. No rule ever reads the truth; only this report does."
)
NOT_HERE = (
    "Savings (CV(RMSE), bias, bands) have no model here yet. Faults of solar plants with measured irradiance, and "
    "sites, years and countries other than those of the sets, are not in the data. Comfort, peaks and tickets of "
    "registers have no labelled data."
)


@dataclass(slots=True)
class Made:
    """A report in the making: its sections, its goals, and what was replayed by set."""

    sections: list[Section] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    replayed: dict[str, Replayed] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """The report and the goals in it."""

    document: Document
    goals: Sequence[Goal]


def make(sets: Sequence[LabelledSet], facts: Mapping[str, str], say: Callable[[str], None]) -> Report:
    """Measure all sets. Raises NoSet or Refused where one cannot be read."""
    made = Made()
    for found in sets:
        say(f"set {found.name}: {len(found.meters)} meters")
        if found.holds(LABELS):
            _hours(found, made, say)
        else:
            with in_store(found.folder) as opened:
                made.replayed[found.name] = replay(opened)
        if found.holds(COLD_RUNS):
            cold = faults.in_cold(found, made.replayed[found.name])
            made.sections.append(telling.of_cold(found.name, cold))
            made.goals += goals.of_cold(cold)
        if found.carriers == {"water"}:
            _leaks(found, made, say)
        if found.carriers == {"solar"}:
            _losses(found, made, say)
    summary = [telling.of_goals(made.goals)] if made.goals else []
    sections = [*summary, *made.sections, telling.of_rules(made.replayed), Section("What is not in here", [NOT_HERE])]
    return Report(Document("Validation of the rules", LEAD, sections, facts), made.goals)


def _hours(found: LabelledSet, made: Made, say: Callable[[str], None]) -> None:
    told = electricity.measure(found, goals.HOURS, say)
    made.replayed[found.name] = told.replayed
    made.sections.append(telling.of_hours(told, goals.HOURS))
    made.goals += goals.of_hours(told)


def _leaks(found: LabelledSet, made: Made, say: Callable[[str], None]) -> None:
    say(f"{found.name}: leaks put in")
    single = faults.with_faults(found, f"Leaks in single meters: {found.name}", LEAKS)
    made.sections.append(telling.of_faults(single))
    made.goals += goals.of_leaks(single, summed=False)
    if len(found.meters) >= METERS_OF_A_SUM:
        title = f"Leaks in sums of {METERS_OF_A_SUM} meters: {found.name}"
        summed = faults.with_faults(found, title, LEAKS_IN_SUMS, METERS_OF_A_SUM)
        made.sections.append(telling.of_faults(summed))
        made.goals += goals.of_leaks(summed, summed=True)


def _losses(found: LabelledSet, made: Made, say: Callable[[str], None]) -> None:
    say(f"{found.name}: losses put in")
    plan = faults.fitting(LOSSES, found)
    told = faults.with_faults(found, f"Losses of solar panels: {found.name}", plan)
    made.sections.append(telling.of_faults(told))
    made.goals += goals.of_losses(told)
