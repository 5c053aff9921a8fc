"""The report in short, and what it cannot say."""

from collections.abc import Mapping, Sequence
from statistics import median

from plagewatch.cli.dossier.electricity import Electricity
from plagewatch.cli.dossier.faults import Cold, Injected
from plagewatch.cli.dossier.replaying import Replayed
from plagewatch.validation.document import Points, Section, number, percent
from plagewatch.validation.injecting import Outcome
from rules.catalogue import RULES

LABELLED = frozenset({"unusual_load", "night_water", "heat_signature", "heat_at_night", "heat_when_warm", "solar_loss"})
"""Rules of whose tickets somebody knows here whether they are right."""


def of_hours(told: Electricity) -> str:
    """Electricity in two sentences."""
    ours, held = told.ours.figures, told.ours_held_out.figures
    return (
        f"Electricity: a building gets {number(ours.alarms_per_year, 0)} alarms a year. "
        f"{percent(ours.event_precision)} of them meet an hour that people have labelled abnormal, and "
        f"{percent(ours.event_recall)} of the labelled events are found, half of them within "
        f"{number(ours.median_delay_h, 0)} h. With numbers chosen without the site it is "
        f"{number(held.alarms_per_year, 0)} alarms, {percent(held.event_precision)} and {percent(held.event_recall)}."
    )


def of_cold(told: Sequence[Cold]) -> str:
    """Cold in a sentence."""
    return f"Cold that is no fault: tickets in {sum(bool(c.rules) for c in told)} of {len(told)} spells."


def of_heating(told: Sequence[Injected]) -> str:
    """Faults of heating in a sentence."""
    counted = [each for one in told for each in one.outcomes if not each.left_out]
    quiet = told[0].quiet
    return (
        f"Faults of heating put into one building's gas: {_share(counted)} found; the same gas untouched has "
        f"{sum(each.tickets for each in quiet)} tickets in {number(sum(each.years for each in quiet), 1)} years."
    )


def of_faults(told: Injected, what: str, size: float) -> str:
    """Injected faults in a sentence."""
    counted = [each for each in told.outcomes if each.case.size == size and not each.left_out]
    days = [each.found_after_days for each in counted if each.found_after_days is not None]
    years = sum(each.years for each in told.quiet)
    a_year = sum(each.tickets for each in told.quiet) / years if years else float("nan")
    after = f", half of them within {number(median(days), 0)} days" if days else ""
    return f"{what}: {_share(counted)} found{after}; {number(a_year)} tickets a meter-year without a fault."


def not_here(replayed: Mapping[str, Replayed]) -> Section:
    """What the data cannot say, rule by rule where that can be seen from what was replayed."""
    judged = {count.rule for told in replayed.values() for count in told.counts if count.meters}
    never = [rule.id for rule in RULES if rule.id not in judged]
    unlabelled = [rule.id for rule in RULES if rule.id in judged - LABELLED]
    parts = [
        "Savings (CV(RMSE), bias, bands) have no model here yet, so their figures are missing.",
        "Irradiance was measured at one place only and no plant stands there: solar figures with weather are those of "
        "invented plants. Neighbouring plants, strings and snow on real roofs with weather are not in the data.",
        "Heating is one building. Cold is labelled in one of its winters.",
        "Sites, years and countries other than those of the sets are not in the data; nobody has labelled Brussels "
        "buildings. Where a figure was tuned on the very data that it is measured on, its section says so.",
    ]
    if unlabelled:
        parts.append(
            f"Nobody knows here whether tickets of these rules are right; only their number is told: "
            f"{', '.join(unlabelled)}."
        )
    if never:
        parts.append(f"No meter here lets these rules judge, so nothing is said of them: {', '.join(never)}.")
    return Section("What is not in here", [Points(parts)])


def _share(counted: Sequence[Outcome]) -> str:
    found = sum(each.found_after_days is not None for each in counted)
    return f"{found} of {len(counted)} ({percent(found / len(counted) if counted else float('nan'))})"
