"""What was measured, as sections of the report: faults, cold, rules, meters, goals."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

import numpy as np

from plagewatch.cli.dossier.faults import PEER_DEVIATIONS, Cold, Injected
from plagewatch.cli.dossier.goals import Goal, amounts_judged
from plagewatch.cli.dossier.replaying import Replayed
from plagewatch.metering.meters import Carrier
from plagewatch.validation.document import Section, Table, number, percent, within
from plagewatch.validation.injecting import Fault, Outcome, Quiet
from plagewatch.validation.ranges import rate_range, share_range
from rules.catalogue import RULES
from rules.rule_counts import YEAR_H

FOUND_HEADS = ("cases", "left out", "found", "90 % range", "days until the ticket, median")
EVERY_KIND = {"electricity", "gas", "heat", "solar", "water"}
HEAT_FAULTS = {
    Fault.REST_HEATED: "days of rest heated like the Friday before, for 4 weeks",
    Fault.FIFTH_MORE: "a fifth more in every hour, for 6 weeks",
    Fault.SETBACK_LOST: "nights of working days at 85 % of the day, for 4 weeks",
    Fault.VALVE_STUCK: "a valve stuck in summer: 30 % of an hour of frost, for 3 weeks",
}


def of_faults(told: Injected, about: str = "") -> Section:
    """Injected faults found, and tickets of the untouched twins. about: what these meters are."""
    rows: list[list[str]] = []
    ours: list[int] = []
    for size in told.plan.sizes:
        what = f"{size:g} l/h" if told.plan.fault is Fault.LEAK else f"{100 * size:.0f} % of output lost"
        ours.append(len(rows))
        rows.append([what, "these rules", *_found([each for each in told.outcomes if each.case.size == size])])
        for name, (outcomes, _) in told.beside.items():
            rows.append([what, name, *_found([each for each in outcomes if each.case.size == size])])
    heads = ["fault", "told by", *FOUND_HEADS]
    if told.beside:
        table = Table(heads, rows, strong=ours, words=2)
    else:
        heads.pop(1)
        table = Table(heads, [[row[0], *row[2:]] for row in rows])
    carrier = Carrier.WATER if told.plan.fault is Fault.LEAK else Carrier.SOLAR
    number_of = len(told.quiet)
    return Section(
        told.title,
        [
            *([about] if about else []),
            f"Faults were put into {number_of} meter{'s' if number_of > 1 else ''} at random moments, judged from "
            f"day {told.plan.after_days} of each on. Found: a ticket opened after the start and not later than shortly "
            "after the end. A case whose untouched twin stands in alarm meanwhile is left out. "
            f"{_looked(told.replayed)}{_unless_judged(carrier)}",
            table,
            _untouched(told.quiet),
            _of_quiet(told),
        ],
    )


def of_heating(name: str, told: Sequence[Injected]) -> Section:
    """Faults of heating in copies of a gas meter."""
    rows = [[HEAT_FAULTS[each.plan.fault], *_found(each.outcomes)] for each in told]
    first = told[0]
    return Section(
        f"Faults of heating: {name}",
        [
            "Faults were put into copies of the gas of one building at regular moments of its heating seasons (the "
            f"valve: of its summers), judged from day {first.plan.after_days} on. It is the only building and the "
            f"rules were tuned on it: nothing here was held out. {_looked(first.replayed)}",
            Table(["fault", *FOUND_HEADS], rows),
            _untouched(first.quiet),
            _of_quiet(first),
        ],
    )


def of_cold(name: str, told: Sequence[Cold]) -> Section:
    """Spells of cold with tickets in them."""
    disturbed = sum(bool(each.rules) for each in told)
    rows = [
        [
            each.span.meter,
            _stamp(each.span.start_s),
            _stamp(each.span.end_s),
            ", ".join(each.rules) or "none",
            percent(each.peer),
        ]
        for each in told
    ]
    heads = ["meter", "from (UTC)", "to (UTC)", "rules that told something", "hours flagged by a calendar alone"]
    hours = np.array([(each.span.end_s - each.span.start_s) / 3600 for each in told])
    share = np.array([each.peer for each in told])
    known = np.isfinite(share)
    of_calendar = float((share[known] * hours[known]).sum() / hours[known].sum()) if known.any() else float("nan")
    return Section(
        f"Cold that is no fault: {name}",
        [
            f"{disturbed} of {len(told)} spells of cold have a ticket in them; each would be wrong. A profile of the "
            f"hour of the week over 8 weeks, from {PEER_DEVIATIONS:g} deviations on, flags {percent(of_calendar)} of "
            f"these hours.{_unless_judged(Carrier.GAS)}",
            Table(heads, rows, words=4),
        ],
    )


def of_rules(replayed: Mapping[str, Replayed]) -> Section:
    """What each rule did over all sets, and what it cost."""
    rows = [_of_rule(rule.id, rule.carriers, replayed) for rule in RULES]
    heads = ["rule", "looks at", "meters", "meter-years", "tickets", "a meter-year", "CPU s a meter-year", "not judged"]
    costs = [
        [
            name,
            str(_meters(told)),
            number(told.meter_years, 1),
            str(told.number_of_tickets),
            number(sum(told.cost.cpu_s.values()) / told.meter_years, 3) if told.meter_years else "–",
            number(told.cpu_s / told.meter_years, 3) if told.meter_years else "–",
        ]
        for name, told in replayed.items()
    ]
    return Section(
        "What each rule did, and what it cost",
        [
            "All rules of the catalogue, on by default, with one configuration for all sets, on the untouched sets. "
            "“Not judged” counts meters of which a rule says why it cannot speak.",
            Table(heads, rows, words=2),
            "Processor time of all rules together, and of the whole back-test: reading the hours, judging, deciding "
            "hour by hour what opens or ends; only the import is left out.",
            Table(["set", "meters", "meter-years", "tickets", "judging, CPU s a meter-year", "back-test"], costs),
        ],
    )


def of_meters(replayed: Mapping[str, Replayed], years: Mapping[str, Mapping[str, float]]) -> Section:
    """Tickets by meter and rule. years: length of each set's meters."""
    rows, silent = [], []
    for name, told in replayed.items():
        quiet = [meter for meter in years[name] if not told.tickets.get(meter)]
        if quiet:
            silent.append(f"{len(quiet)} of {len(years[name])} meters of {name}")
        for meter, length in years[name].items():
            if tickets := told.tickets.get(meter):
                by_rule = _tallied([{each.rule: 1} for each in tickets])
                said = ", ".join(f"{rule} {number_of}" for rule, number_of in by_rule.items())
                rows.append([name, meter, said, number(length, 1), str(len(tickets)), number(len(tickets) / length, 1)])
    parts: list[str | Table] = ["All tickets of the untouched sets, from the first hour on, by meter."]
    parts.append(Table(["set", "meter", "tickets by rule", "years", "tickets", "a year"], rows, words=3))
    if silent:
        parts.append(f"Without any ticket: {'; '.join(silent)}.")
    return Section("Tickets by building and rule", parts)


def of_goals(goals: Sequence[Goal]) -> Section:
    """What is to be reached, and whether it is."""
    rows = [
        [goal.what, goal.verdict, number(goal.value, goal.places), goal.limit(goal.must), goal.limit(goal.win)]
        for goal in goals
    ]
    missed = [n for n, goal in enumerate(goals) if not goal.kept]
    kept = sum(goal.kept for goal in goals)
    return Section(
        "Goals, in one table",
        [
            f"{kept} of {len(goals)} are kept. Shares are of 1; tickets, events and ranges are explained below, figure "
            "by figure.",
            Table(["figure", "", "measured", "must", "win"], rows, words=2, bad=missed),
        ],
    )


def _of_rule(rule: str, carriers: Iterable[Carrier], replayed: Mapping[str, Replayed]) -> list[str]:
    counts = [count for told in replayed.values() for count in told.counts if count.rule == rule]
    judged_h = sum(told.cost.judged_h.get(rule, 0) for told in replayed.values())
    tickets = sum(count.tickets for count in counts)
    seen_h = sum(told.cost.seen_h.get(rule, 0) for told in replayed.values())
    cpu_s = sum(told.cost.cpu_s.get(rule, 0.0) for told in replayed.values())
    silent = _tallied([count.not_judged for count in counts])
    looks_at = sorted(carrier.value for carrier in carriers)
    return [
        rule,
        "all" if set(looks_at) >= EVERY_KIND else ", ".join(looks_at),
        str(sum(count.meters for count in counts)),
        number(judged_h / YEAR_H, 1),
        str(tickets),
        number(tickets * YEAR_H / judged_h) if judged_h else "–",
        number(cpu_s * YEAR_H / seen_h, 4) if seen_h else "–",
        ", ".join(f"{code} {meters}" for code, meters in silent.items()),
    ]


def _meters(told: Replayed) -> int:
    return max((count.meters + sum(count.not_judged.values()) for count in told.counts), default=0)


def _found(outcomes: Sequence[Outcome]) -> list[str]:
    counted = [each.found_after_days for each in outcomes if not each.left_out]
    found = [days for days in counted if days is not None]
    share = len(found) / len(counted) if counted else float("nan")
    low, high = share_range([days is not None for days in counted])
    return [
        str(len(outcomes)),
        str(len(outcomes) - len(counted)),
        f"{len(found)} = {percent(share)}" if counted else "–",
        f"{percent(low)} to {percent(high)}" if counted else "–",
        number(median(found), 1) if found else "–",
    ]


def _untouched(quiet: Sequence[Quiet]) -> str:
    years = sum(each.years for each in quiet)
    return (
        f"The untouched meters: {number(years, 1)} years, {number(100 * _in_alarm(quiet), 1)} % of that time in alarm."
    )


def _of_quiet(told: Injected) -> Table:
    """Tickets of untouched meters, all and by rule, and of simple rules."""
    years = [each.years for each in told.quiet]
    by_rule = _tallied([each.by_rule for each in told.quiet])
    rows = [_rate("all rules", [each.tickets for each in told.quiet], years, told.quiet)]
    rows += [_rate(f"– {rule}", [each.by_rule.get(rule, 0) for each in told.quiet], years) for rule in by_rule]
    rows += [_rate(name, [each.tickets for each in q], [each.years for each in q], q)
             for name, (_, q) in told.beside.items()]  # fmt: skip
    return Table(["tickets of untouched meters", "number", "a meter-year (90 % range)", "time in alarm"], rows, [0])


def _rate(name: str, tickets: Sequence[int], years: Sequence[float], quiet: Sequence[Quiet] = ()) -> list[str]:
    a_year = sum(tickets) / sum(years) if sum(years) else float("nan")
    alarm = f"{number(100 * _in_alarm(quiet), 1)} %" if quiet else ""
    return [name, str(sum(tickets)), within(a_year, rate_range(tickets, years)), alarm]


def _in_alarm(quiet: Sequence[Quiet]) -> float:
    years = sum(each.years for each in quiet)
    return sum(each.share_in_alarm * each.years for each in quiet) / years if years else float("nan")


def _looked(replayed: Replayed) -> str:
    looked = [count.rule for count in replayed.counts if count.meters]
    return f"Rules that looked: {', '.join(looked) or 'none'}."


def _unless_judged(carrier: Carrier) -> str:
    if amounts_judged(carrier):
        return ""
    return f" No rule judges amounts of {carrier.value} yet: this says only that nothing alarms by mistake."


def _tallied(each: Sequence[Mapping[str, int]]) -> dict[str, int]:
    names = sorted({name for one in each for name in one})
    return {name: sum(one.get(name, 0) for one in each) for name in names}


def _stamp(at_s: int) -> str:
    return str(np.datetime64(at_s, "s")).replace("T", " ")[:16]
