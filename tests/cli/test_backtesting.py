"""`backtest` over the installation's own store."""

import csv
from pathlib import Path

import numpy as np

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Carrier, Kind, Meter, Site
from plagewatch.store.engine import open_records
from plagewatch.store.records import registry
from plagewatch.store.series.sqlite import SqliteSeries
from rules import evaluate
from tests.rules.invented import HOUR_S, START_S, office_load


def filled(folder: Path) -> None:
    """A store with two bursts of use, told of by the live rules."""
    folder.mkdir()
    load = office_load(110)
    load[2000:2012] *= 3
    load[2400:2412] *= 3
    start_s = START_S + HOUR_S * np.arange(len(load), dtype=np.int64)
    engine = open_records(f"sqlite:///{folder / 'records.db'}")
    series = SqliteSeries(folder / "series.db")
    registry.save(engine, [Site("linde", "De Linde"), Meter("m", "linde", "M", Carrier.ELECTRICITY, Kind.INDEX, "kWh")])
    series.write_intervals(Resolution.HOUR, "m", "electricity", Intervals.measured(start_s, load))
    for upto_h in (100, len(load)):
        evaluate.evaluate_due(engine, series, int(start_s[0]) + HOUR_S * upto_h)
    series.close()
    engine.dispose()


def test_the_store_of_the_installation_and_its_past_tickets(run, tmp_path: Path) -> None:
    filled(tmp_path / "data")
    told = run("backtest", "--store", "--data", "data", "--out", "out")
    assert told.returncode == 0, told.stderr
    assert "unusual_load: 2 tickets on 1 of 1 meters" in told.stdout
    assert "of 2 tickets that were really opened then, 2 again" in told.stdout
    with (tmp_path / "out" / "tickets.csv").open(newline="") as file:
        assert [row["rule"] for row in csv.DictReader(file)] == ["unusual_load", "unusual_load"]


def test_days_and_numbers_that_are_asked_for(run, tmp_path: Path) -> None:
    filled(tmp_path / "data")
    # Hour 2400 is the 100th day from 1 January on: 11 April.
    told = run("backtest", "--store", "--data", "data", "--out", "out", "--from", "2026-04-01", "--to", "2026-05-01")
    assert "unusual_load: 1 tickets" in told.stdout
    strict = run("backtest", "--store", "--data", "data", "--out", "out", "--rules", "unusual_load:deviations=99")
    assert "unusual_load: 0 tickets" in strict.stdout
    assert "no_data" not in strict.stdout
    assert strict.stdout.count("not again: ticket") == 2


def test_what_cannot_be_asked_for_is_refused_with_what_there_is(run, tmp_path: Path) -> None:
    filled(tmp_path / "data")
    for arguments, why in (
        (["--store", "--rules", "no_such_rule"], "There is no rule 'no_such_rule'; there are no_data"),
        (["--store", "--rules", "unusual_load:no=1"], "unusual_load has no number 'no'; it has"),
        (["--store", "--from", "yesterday"], "'yesterday' is no day; write it as 2026-01-01."),
        (["--store", "--from", "2026-02-01", "--to", "2026-02-01"], "--to is the day after the last"),
        ([], "one of the two"),
        (["folder", "--store"], "one of the two"),
    ):
        told = run("backtest", *arguments, "--data", "data", "--out", "out")
        assert told.returncode == 2, arguments
        assert why in told.stderr.replace("\n", " "), (arguments, told.stderr)
