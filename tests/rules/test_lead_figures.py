"""The rules on a small part of the development sets; a regression breaks these thresholds.

The figures of the whole sets, and what they are worth, come from `plagewatch validate`.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plagewatch.cli.dossier import labelled_sets
from plagewatch.cli.dossier.labelled_sets import LabelledSet
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Carrier, Kind, Meter, Site
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry
from plagewatch.store.series.sqlite import SqliteSeries
from plagewatch.validation import injecting, scoring
from plagewatch.validation.injecting import LEAKS, Read
from plagewatch.validation.scoring import Told
from rules import backtest

BUILDINGS = ("b118", "b121", "b335")
HOUSEHOLDS = 8


def put(engine: Engine, series: SqliteSeries, carrier: Carrier, unit: str, read: dict[str, Read]) -> None:
    for meter, (start_s, amount) in read.items():
        site = Site(meter, meter, timezone="UTC")
        registry.save(engine, [site, Meter(meter, meter, meter, carrier, Kind.INTERVAL, unit, 3600)])
        series.write_intervals(Resolution.HOUR, meter, carrier.value, Intervals.measured(start_s, amount))


def of_set(dev_data: Path, name: str) -> LabelledSet:
    (found,) = labelled_sets.sets_in(dev_data / name)
    return found


def told_of(result: backtest.BacktestResult) -> dict[str, list[Told]]:
    tickets: dict[str, list[Told]] = {}
    for each in result.tickets:
        told = Told(each.rule, each.first_abnormal_s, each.last_abnormal_s, each.opened_s, each.cleared_s)
        tickets.setdefault(each.meter, []).append(told)
    return tickets


@pytest.mark.data
def test_the_electricity_rule_keeps_its_figures(engine: Engine, series: SqliteSeries, dev_data: Path) -> None:
    lead = of_set(dev_data, "lead")
    read = {meter: rows for meter, rows in labelled_sets.readings(lead).items() if meter in BUILDINGS}
    put(engine, series, Carrier.ELECTRICITY, "kWh", read)
    result = backtest.backtest(engine, series)
    tickets, truth = told_of(result), labelled_sets.labels(lead)
    scores = {each.meter: (each.start_s, each.score) for each in result.scores}
    judged = [scoring.judged_meter(read[meter][0], truth[meter], scores[meter], tickets[meter]) for meter in BUILDINGS]
    figures = scoring.figures([scoring.counts(meter) for meter in judged])
    abnormal, score = (np.concatenate([getattr(meter, name) for meter in judged]) for name in ("abnormal", "score"))
    assert scoring.average_precision(abnormal, score) > 0.6
    assert figures.hour_f1 > 0.56
    assert figures.event_f1 > 0.5
    assert figures.alarms_per_year < 12
    assert figures.median_delay_h <= 4


@pytest.mark.data
def test_the_water_rule_keeps_its_figures(engine: Engine, series: SqliteSeries, dev_data: Path) -> None:
    water = of_set(dev_data, "water")
    read = dict(list(labelled_sets.readings(water).items())[:HOUSEHOLDS])
    plan = replace(LEAKS, sizes=(2.0,))
    planned = injecting.cases(read, 3600, plan)
    leaking = {c.twin: (read[c.meter][0], injecting.injected(read[c.meter], c, plan.fault, 1.0, 3600)) for c in planned}
    put(engine, series, Carrier.WATER, "l", read | leaking)
    tickets = told_of(backtest.backtest(engine, series))
    counted = [each for each in injecting.outcomes(planned, tickets, plan) if not each.left_out]
    quiet = [injecting.quiet(meter, read[meter][0], tickets.get(meter, ()), plan.after_days) for meter in read]
    assert sum(each.found_after_days is not None for each in counted) >= 0.8 * len(counted) > 0
    assert sum(each.by_rule.get("night_water", 0) for each in quiet) / sum(each.years for each in quiet) <= 0.5


@pytest.mark.data
def test_nothing_is_told_because_it_is_cold(engine: Engine, series: SqliteSeries, dev_data: Path) -> None:
    amsterdam = of_set(dev_data, "amsterdam")
    runs = labelled_sets.cold_runs(amsterdam)
    meters = {run.meter for run in runs}
    read = {meter: rows for meter, rows in labelled_sets.readings(amsterdam).items() if meter in meters}
    put(engine, series, Carrier.GAS, "m3", read)
    tickets = told_of(backtest.backtest(engine, series))
    disturbed = [run for run in runs if injecting.touching(tickets.get(run.meter, ()), run.start_s, run.end_s, 3600)]
    assert len(runs) == 9
    assert disturbed == []
