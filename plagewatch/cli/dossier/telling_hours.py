"""Labelled hours of electricity as a section of the report: beside the peers, by site and by building."""

from collections.abc import Mapping, Sequence
from math import ceil

import numpy as np

from plagewatch.cli.dossier.electricity import GRID, Electricity, Result
from plagewatch.validation.document import Section, Table, number, within
from plagewatch.validation.pictures import Curve, Panel, Picture, Value, curves, dots
from plagewatch.validation.scoring import average_precision, counts, figures, live_only

POINTS = 200  # of a curve; more cannot be told apart
HOW_SCORED = (
    "An hour is flagged if it lies within a ticket. Labelled hours with at most three others between them are one "
    "event, flagged ones one alarm; an event is found, an alarm right, if they share an hour. F1 is the harmonic mean "
    "of the share that is right and the share that is found; PR-AUC says how well the scores put abnormal hours before "
    "others: 1 at best, the share of abnormal hours by chance. Ranges: 90 % of 1 000 draws of as many buildings out of "
    "these, with repetition. “Chosen without the site”: the setting (of peers: threshold) that is best on all other "
    "sites; the form of the rule had been seen on all of them, so buildings that nobody has looked at may do worse."
)


def of_hours(told: Electricity, goal: Mapping[str, float]) -> Section:
    """Hours, events and alarms of electricity, beside the peers, by site held out and by building."""
    rows = [told.ours, told.ours_held_out, *(one for pair in told.peers for one in pair)]
    live = figures([counts(live_only(meter)) for meter in told.ours.meters.values()])
    ours = told.ours.figures
    parts: list[str | Table | Picture] = [
        HOW_SCORED,
        _beside_peers(rows, goal),
        _picture_of_peers(rows, goal),
        _curves_of([told.ours, *(best for best, _ in told.peers)]),
        f"{ours.found} of {ours.events} events found, {ours.right} of {ours.alarms} alarms right. A ticket comes "
        f"{number(ours.median_delay_h, 0)} h after the event begins (median; 1 h is the least for a rule that waits "
        f"for the reading). Counting only hours that were not over when the ticket came: hour F1 "
        f"{number(live.hour_f1)}, event F1 {number(live.event_f1)}.",
        _plateau(told),
        _by_site(told),
        _by_building(told),
        _picture_of_buildings(told),
    ]
    if told.missing:
        names = "; ".join(f"{peer.name} (package {peer.package})" for peer in told.missing)
        parts.insert(2, f"Rows that are missing because the dependency group `peers` is not installed: {names}.")
    return Section(f"Unusual use of electricity: labelled hours of {told.name}", parts)


def _plateau(told: Electricity) -> str:
    flat = told.plateau
    names = {"pr_auc": "PR-AUC", "hour_f1": "hour F1", "event_f1": "event F1", "alarms": "alarms a year"}
    spans = [
        f"{title} {number(flat.lowest[name], places)} to {number(flat.highest[name], places)}"
        for name, title in names.items()
        for places in (0 if name == "alarms" else 2,)
    ]
    grid = "; ".join(f"{name} {', '.join(f'{value:g}' for value in values)}" for name, values in GRID.items())
    kept = f"{flat.reach_all} of {flat.tried} keep all four goals."
    return f"{flat.tried} settings of the rule were tried ({grid}). Over all of them: {', '.join(spans)}; {kept}"


def _beside_peers(rows: Sequence[Result], goal: Mapping[str, float]) -> Table:
    heads = ["detector", "sees", "setting", "PR-AUC", "hour F1", "event F1", "alarms a year", "CPU s a meter-year"]
    cells = [
        [
            each.name,
            each.sees,
            each.setting,
            within(each.pr_auc, each.ranges.get("pr_auc")),
            within(each.figures.hour_f1, each.ranges.get("hour_f1")),
            within(each.figures.event_f1, each.ranges.get("event_f1")),
            within(each.figures.alarms_per_year, each.ranges.get("alarms_per_year"), 0),
            number(each.cpu_s, 3),
        ]
        for each in rows
    ]
    limits = [f"{goal[name]:.2f}" for name in ("pr_auc", "hour_f1", "event_f1")]
    return Table(heads, [*cells, ["goal here", "past", "", *limits, f"≤ {goal['alarms']:.0f}", ""]], (0, 1), words=3)


def _picture_of_peers(rows: Sequence[Result], goal: Mapping[str, float]) -> Picture:
    names = {"pr_auc": "PR-AUC", "hour_f1": "hour F1", "event_f1": "event F1"}
    panels = [Panel(title, [_value(each, name) for each in rows], goal=goal[name]) for name, title in names.items()]
    labels = [f"{each.name}{'' if _best(each) else ', held out'}" for each in rows]
    title = (
        "Each detector with the 90 % range over buildings; dashed: the goal. Grey: peers, some of which see the future."
    )
    return Picture("detectors", title, dots(labels, panels, ours=2))


def _best(of: Result) -> bool:
    return of.setting != "chosen without the site"


def _value(of: Result, name: str) -> Value:
    value = of.pr_auc if name == "pr_auc" else float(getattr(of.figures, name))
    return Value(value, *of.ranges.get(name, (float("nan"), float("nan"))))


def _curves_of(results: Sequence[Result]) -> Picture:
    lines = []
    for each in results:
        abnormal = np.concatenate([meter.abnormal for meter in each.meters.values()])
        score = np.concatenate([meter.score for meter in each.meters.values()])
        hits = np.cumsum(abnormal[np.argsort(-score, kind="stable")])
        recall, precision = hits / max(int(hits[-1]), 1), hits / np.arange(1, len(hits) + 1)
        place = np.searchsorted(recall, np.linspace(0.01, 1, POINTS))
        lines.append(Curve(each.name, recall[place].tolist(), precision[place].tolist()))
    return Picture(
        "precision-recall", "Precision of the hours with the highest scores, over all buildings.", curves(lines)
    )


def _by_site(told: Electricity) -> Table:
    heads = ["site held out", "setting chosen on the others", "PR-AUC", "hour F1", "event F1", "alarms a year"]
    rows = [
        [each.site, each.setting, number(each.pr_auc), number(each.figures.hour_f1), number(each.figures.event_f1),
         number(each.figures.alarms_per_year, 0)]
        for each in told.held_out
    ]  # fmt: skip
    return Table(heads, rows, words=2)


def _by_building(told: Electricity) -> Table:
    heads = ["building", "site", "labelled hours", "events", "found", "alarms", "right", "PR-AUC", "hour F1",
             "event F1", "delay h", "held out: hour F1", "held out: event F1"]  # fmt: skip
    rows = []
    for name, meter in told.ours.meters.items():
        one, held = counts(meter), figures([counts(told.ours_held_out.meters[name])])
        of_one = figures([one])
        rows.append(
            [name, told.sites[name], str(one.labelled), str(one.events), str(one.found), str(one.alarms),
             str(one.right), number(average_precision(meter.abnormal, meter.score)), number(of_one.hour_f1),
             number(of_one.event_f1), number(of_one.median_delay_h, 0), number(held.hour_f1), number(held.event_f1)]
        )  # fmt: skip
    return Table(heads, rows, words=2)


def _picture_of_buildings(told: Electricity) -> Picture:
    meters = told.ours.meters.values()
    of_each = [figures([counts(meter)]) for meter in meters]
    most = 4.0 * ceil(max([8.0, *(each.alarms_per_year for each in of_each)]) / 4)
    panels = [
        Panel("PR-AUC", [Value(average_precision(meter.abnormal, meter.score)) for meter in meters]),
        Panel("event F1", [Value(each.event_f1) for each in of_each]),
        Panel("alarms a year", [Value(each.alarms_per_year) for each in of_each], most=most),
    ]
    labels = [f"{name}, {told.sites[name]}" for name in told.ours.meters]
    return Picture("buildings", "The rule as it is, building by building.", dots(labels, panels, ours=len(labels)))
