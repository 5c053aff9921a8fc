"""Faults put into meters, replayed by the live rules, and what became of them; and real cold that is no fault."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from plagewatch.cli.dossier import labelled_sets
from plagewatch.cli.dossier.labelled_sets import LabelledSet, Span
from plagewatch.cli.dossier.peers import hour_of_week_past
from plagewatch.cli.dossier.replaying import Replayed
from plagewatch.cli.dossier.twins import Twins
from plagewatch.metering.intervals import Seconds
from plagewatch.validation import heat_faults, invented_roofs
from plagewatch.validation.heat_faults import HeatedHours
from plagewatch.validation.injecting import (
    LOSSES,
    Case,
    Outcome,
    Plan,
    Quiet,
    Read,
    cases,
    injected,
    outcomes,
    quiet,
    summed,
    touching,
)
from plagewatch.validation.invented_roofs import ROOFS, Roof, Weather
from plagewatch.validation.scoring import HOUR_S, Flags, Told
from plagewatch.validation.simple_water import RULES as SIMPLE_RULES

PEER_DEVIATIONS = 3.0
SUN_PLAN = replace(LOSSES, starts=2)
SHORT_PLAN_FROM_DAY, SHORT_PLAN_STARTS = 200, 12


@dataclass(frozen=True, slots=True)
class Injected:
    """What became of injected faults. title: of which meters. beside: the same of simple rules, by name."""

    title: str
    plan: Plan
    outcomes: Sequence[Outcome]
    quiet: Sequence[Quiet]
    replayed: Replayed
    beside: Mapping[str, tuple[Sequence[Outcome], Sequence[Quiet]]]


@dataclass(frozen=True, slots=True)
class Cold:
    """A spell of cold and the rules that told something in it. peer: share of its hours that a calendar would flag."""

    span: Span
    rules: Sequence[str]
    peer: float


def with_faults(
    found: LabelledSet, title: str, plan: Plan, together: int = 1, shuffles: Sequence[int | None] = (None,)
) -> Injected:
    """Every meter as it is, and beside it a twin for each fault.

    together: so many meters are added up first, in the order of each of `shuffles`.
    """
    read = labelled_sets.readings(found)
    step_s = min(found.step_s(meter) for meter in read)
    rows: dict[str, Mapping[str, str]] = {meter: found.meters[meter] for meter in read}
    if together > 1:
        first = next(iter(rows.values()))
        sums = {seed: summed(read, together, step_s, seed) for seed in shuffles}
        read = {(name if seed is None else f"{name}of{seed}"): of for seed, s in sums.items() for name, of in s.items()}
        rows = {name: {**first, "meter": name, "site": name, "note": ""} for name in read}
    planned = cases(read, step_s, plan)
    changed = {case.twin: _with(read[case.meter], case, plan, rows[case.meter]) for case in planned}
    beside = found.folder if together == 1 else None
    replayed = Twins(rows, read, planned, changed, beside).replayed()
    simple = {}
    if "water" in found.carriers:
        row = next(iter(rows.values()))
        for name, rule in SIMPLE_RULES.items():
            told = {meter: rule(*hours, _litre(row), row["timezone"]) for meter, hours in (read | changed).items()}
            simple[name] = outcomes(planned, told, plan), _quiet(read, planned, told, plan)
    still = _quiet(read, planned, replayed.tickets, plan)
    return Injected(title, plan, outcomes(planned, replayed.tickets, plan), still, replayed, simple)


def of_heating(found: LabelledSet, meter: str, every_days: tuple[int, int] = heat_faults.EVERY_DAYS) -> list[Injected]:
    """Faults of heating in copies of a gas meter, all kinds in one go; one site, as no rule compares gas meters."""
    row, read = found.meters[meter], labelled_sets.readings(found)[meter]
    temperatures = labelled_sets.weather(found, "temp_c")[row["site"]]
    hours = HeatedHours.of(read, temperatures, row["timezone"])
    by_plan = [(plan, heat_faults.cases(meter, hours, plan, every_days)) for plan in heat_faults.PLANS]
    changed = {case.twin: heat_faults.changed(hours, case, plan.fault) for plan, each in by_plan for case in each}
    planned = [case for _, each in by_plan for case in each]
    twins = Twins({meter: row}, {meter: read}, planned, changed, found.folder, apart=False)
    replayed = twins.replayed()
    return [
        Injected(
            plan.fault.value,
            plan,
            outcomes(each, replayed.tickets, plan),
            _quiet({meter: read}, each, replayed.tickets, plan),
            replayed,
            {},
        )
        for plan, each in by_plan
    ]


def of_invented_roofs(
    found: LabelledSet, title: str, plan: Plan, roofs: Sequence[Roof] = ROOFS, *, weather: bool
) -> Injected:
    """Losses of plants that are invented under the measured light of a set, each on a site of its own.

    weather: whether the rules are given light, temperatures and the place; without, they have production only.
    """
    ghi, temp_c = (labelled_sets.weather(found, name) for name in ("ghi_wm2", "temp_c"))
    site = next(iter(ghi))
    row = next(row for row in found.meters.values() if row["site"] == site)
    measured = _on_grid(ghi[site], temp_c[site])
    place = float(row["latitude"]), float(row["longitude"])
    read = {roof.name: invented_roofs.made_by(roof, measured, *place, seed) for seed, roof in enumerate(roofs, 1)}
    blank = {} if weather else {"latitude": "", "longitude": ""}
    of_plant = {**row, "carrier": "solar", "unit": "kWh", "note": "", **blank}
    rows = {name: {**of_plant, "meter": name, "site": name} for name in read}  # each for itself, without neighbours
    planned = cases(read, HOUR_S, plan)
    changed = {case.twin: _with(read[case.meter], case, plan, rows[case.meter]) for case in planned}
    beside = found.folder if weather else None
    replayed = Twins(rows, read, planned, changed, beside, weather_of=dict.fromkeys(read, site)).replayed()
    still = _quiet(read, planned, replayed.tickets, plan)
    return Injected(title, plan, outcomes(planned, replayed.tickets, plan), still, replayed, {})


def fitting(plan: Plan, found: LabelledSet) -> Plan:
    """The plan, judged from an earlier day on where the set is too short for it."""
    read = labelled_sets.readings(found)
    longest_days = max((int(start_s[-1] - start_s[0]) // 86_400 for start_s, _ in read.values()), default=0)
    needed_days = plan.after_days + plan.margin_days + plan.days + plan.rest_days
    if longest_days > needed_days:
        return plan
    return replace(plan, after_days=SHORT_PLAN_FROM_DAY, starts=SHORT_PLAN_STARTS)


def in_cold(found: LabelledSet, replayed: Replayed) -> list[Cold]:
    """Which rules told something in each spell of cold, and what a calendar alone makes of it."""
    spans = labelled_sets.cold_runs(found)
    read = labelled_sets.readings(found)
    flagged = {meter: _by_calendar(read[meter]) for meter in {span.meter for span in spans}}
    told = []
    for span in spans:
        start_s, high = flagged[span.meter]
        here = (start_s >= span.start_s) & (start_s < span.end_s)
        rules = sorted({each.rule for each in _of_span(replayed, span, found.step_s(span.meter))})
        told.append(Cold(span, rules, float(high[here].mean()) if here.any() else float("nan")))
    return told


def _with(read: Read, case: Case, plan: Plan, row: Mapping[str, str]) -> Read:
    return read[0], injected(read, case, plan.fault, _litre(row), int(row["interval_s"]))


def _litre(row: Mapping[str, str]) -> float:
    return 0.001 if row["unit"] == "m3" else 1.0


def _quiet(
    read: Mapping[str, Read], planned: Sequence[Case], tickets: Mapping[str, Sequence[Told]], plan: Plan
) -> list[Quiet]:
    """What was told of the untouched meters that have a twin."""
    twinned = {case.meter for case in planned}
    return [
        quiet(meter, start_s, tickets.get(meter, ()), plan.after_days)
        for meter, (start_s, _) in read.items()
        if meter in twinned
    ]


def _on_grid(ghi_wm2: Read, temp_c: Read) -> Weather:
    grid_s = np.arange(min(ghi_wm2[0][0], temp_c[0][0]), max(ghi_wm2[0][-1], temp_c[0][-1]) + 1, HOUR_S)
    columns = []
    for at_s, value in (ghi_wm2, temp_c):
        column = np.full(len(grid_s), np.nan)
        column[(at_s - grid_s[0]) // HOUR_S] = value
        columns.append(column)
    return Weather(grid_s, *columns)


def _by_calendar(read: Read) -> tuple[Seconds, Flags]:
    start_s, amount = read
    grid = np.full((int(start_s[-1]) - int(start_s[0])) // HOUR_S + 1, np.nan)
    grid[(start_s - start_s[0]) // HOUR_S] = amount
    high = hour_of_week_past(int(start_s[0]), grid) >= PEER_DEVIATIONS
    return start_s[0] + HOUR_S * np.arange(len(grid)), high


def _of_span(replayed: Replayed, span: Span, step_s: int) -> Sequence[Told]:
    return touching(replayed.tickets.get(span.meter, ()), span.start_s, span.end_s, step_s)
