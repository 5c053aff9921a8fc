"""What the rules are to reach on development data, and whether they do."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from plagewatch.cli.dossier.electricity import Electricity
from plagewatch.cli.dossier.faults import Cold, Injected
from plagewatch.metering.meters import Carrier
from plagewatch.validation.injecting import Fault
from rules.catalogue import NO_DATA, RULES

HOURS = {"pr_auc": 0.20, "hour_f1": 0.32, "event_f1": 0.42, "alarms": 20.0}
CPU_S = 0.5, 0.1
COLD_MUST_SHARE = 3 / 29  # of the spells of the whole source; those of one set are part of it
FOUND = {(Fault.LEAK, 2.0): (0.90, 0.95), (Fault.LEAK, 10.0): (0.75, 0.85)}
FALSE_SINGLE, FALSE_SUMMED = (0.5, 0.3), (1.0, 0.7)
FALSE_SUN, FALSE_SUN_WITH_WEATHER = (3.0, 1.5), (1.0, 0.5)
LOSSES_WITH_WEATHER = {0.3: (0.95, 1.0), 0.2: (0.60, 0.80)}


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure with what it must be and what would beat all others, if that is said. at_most: limits from above.

    A value that is NaN was not measured.
    """

    what: str
    value: float
    must: float
    win: float | None = None
    at_most: bool = False
    places: int = 2

    @property
    def verdict(self) -> str:
        """In a word.

        >>> Goal("a", 0.5, 0.4, 0.6).verdict, Goal("a", 3, 2, 1, at_most=True).verdict, Goal("a", 0.5, 0.4).verdict
        ('must reached', 'missed', 'reached')
        """
        if not isfinite(self.value):
            return "not measured"
        if not self._reaches(self.must):
            return "missed"
        if self.win is None:
            return "reached"
        return "win reached" if self._reaches(self.win) else "must reached"

    @property
    def kept(self) -> bool:
        """Whether what must be is; a figure that could not be measured breaks nothing."""
        return self.verdict != "missed"

    def limit(self, of: float | None) -> str:
        """A limit as text."""
        return "" if of is None else f"{'≤' if self.at_most else '≥'} {of:.{self.places}f}"

    def _reaches(self, limit: float) -> bool:
        return self.value <= limit if self.at_most else self.value >= limit


def of_hours(told: Electricity) -> list[Goal]:
    """Goals of the labelled hours, as the rule is and held out."""
    goals = []
    for kind, one in (("", told.ours), (", held out", told.ours_held_out)):
        found = {"pr_auc": one.pr_auc, "hour_f1": one.figures.hour_f1, "event_f1": one.figures.event_f1}
        names = {"pr_auc": "PR-AUC", "hour_f1": "hour F1", "event_f1": "event F1"}
        goals += [Goal(f"electricity, {names[name]}{kind}", value, HOURS[name]) for name, value in found.items()]
        alarms = one.figures.alarms_per_year
        goals.append(Goal(f"electricity, alarms a year{kind}", alarms, HOURS["alarms"], at_most=True, places=1))
    return [*goals, Goal("electricity, CPU s a meter-year", told.ours.cpu_s, *CPU_S, at_most=True, places=3)]


def amounts_judged(carrier: Carrier) -> bool:
    """Whether a rule looks at how much is used or made, not only at whether anything is reported."""
    return any(carrier in rule.carriers for rule in RULES if rule.id != NO_DATA.id)


def of_leaks(told: Injected, name: str, size: float, false: tuple[float, float]) -> list[Goal]:
    """Goals of injected leaks. size: the leak that is to be found [l/h]. false: tickets a quiet meter-year."""
    return [
        Goal(f"{name}, {size:g} l/h found", _share_found(told, size), *FOUND[Fault.LEAK, size]),
        Goal(f"{name}, tickets a quiet meter-year", _a_year(told), *false, at_most=True),
    ]


def of_losses(told: Injected, name: str, *, weather: bool) -> list[Goal]:
    """Goals of losses of solar plants; where no rule judges solar, its silence is no merit."""
    quiet = _a_year(told) if amounts_judged(Carrier.SOLAR) else float("nan")
    false = FALSE_SUN_WITH_WEATHER if weather else FALSE_SUN
    found = [
        Goal(f"{name}, {100 * size:.0f} % loss found", _share_found(told, size), *limits)
        for size, limits in (LOSSES_WITH_WEATHER.items() if weather else ())
    ]
    return [*found, Goal(f"{name}, tickets a quiet meter-year", quiet, *false, at_most=True)]


def of_cold(told: Sequence[Cold]) -> list[Goal]:
    """Goals of the spells of cold."""
    return [
        Goal("cold spells with a ticket", sum(bool(c.rules) for c in told), len(told) * COLD_MUST_SHARE, 0, True, 1)
    ]


def _share_found(told: Injected, size: float) -> float:
    counted = [each for each in told.outcomes if each.case.size == size and not each.left_out]
    return sum(each.found_after_days is not None for each in counted) / len(counted) if counted else float("nan")


def _a_year(told: Injected) -> float:
    years = sum(each.years for each in told.quiet)
    return sum(each.tickets for each in told.quiet) / years if years else float("nan")
