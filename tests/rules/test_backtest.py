import csv
import gzip
from datetime import datetime
from pathlib import Path

import numpy as np

from plagewatch.metering.meters import Carrier
from plagewatch.store.engine import Engine
from plagewatch.store.records import tickets
from plagewatch.store.series.sqlite import SqliteSeries
from rules import backtest
from tests.rules.conftest import AddMeter
from tests.rules.invented import HOUR_S, START_S, office_load


def test_the_files_are_those_of_the_contract(
    engine: Engine, series: SqliteSeries, add_meter: AddMeter, tmp_path: Path
) -> None:
    load = office_load(100)
    load[2000:2012] *= 3
    load[2200:] *= 3
    add_meter("linde.elec", Carrier.ELECTRICITY, load)
    told: list[str] = []
    result = backtest.backtest(engine, series, progress=told.append)
    backtest.write(result, tmp_path / "out")
    with (tmp_path / "out" / "tickets.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["meter", "rule", "urgency", "first_abnormal", "last_abnormal", "opened_at", "cleared_at"]
    over, living = rows
    assert (over["meter"], over["rule"]) == ("linde.elec", "unusual_load")
    assert over["cleared_at"]
    assert living["cleared_at"] == ""
    for row in rows:
        first, last, opened = (
            datetime.fromisoformat(row[name]).timestamp() for name in ("first_abnormal", "last_abnormal", "opened_at")
        )
        assert first <= last
        assert opened >= first + HOUR_S
    with gzip.open(tmp_path / "out" / "scores.csv.gz", "rt") as packed:
        scores = list(csv.DictReader(packed))
    assert np.isfinite([float(row["score"]) for row in scores]).all()
    assert len({row["start"] for row in scores}) == len(scores)
    assert scores[-1]["start"] == "2026-04-10T22:00:00Z"
    assert told


def test_nothing_is_written_to_the_records(engine: Engine, series: SqliteSeries, add_meter: AddMeter) -> None:
    load = office_load(100)
    load[2000:2012] *= 3
    add_meter("linde.elec", Carrier.ELECTRICITY, load)
    assert backtest.backtest(engine, series).tickets
    assert tickets.tickets(engine) == []


def test_a_part_is_the_same_as_in_the_whole(engine: Engine, series: SqliteSeries, add_meter: AddMeter) -> None:
    load = office_load(130)
    load[2900:2912] *= 3
    add_meter("linde.elec", Carrier.ELECTRICITY, load)
    (whole,) = backtest.backtest(engine, series).tickets
    from_s = START_S + 2800 * HOUR_S
    part = backtest.backtest(engine, series, from_s, from_s + 240 * HOUR_S)
    assert [ticket.opened_s for ticket in part.tickets] == [whole.opened_s]
    (scores,) = part.scores
    assert (scores.start_s[0], len(scores.start_s)) == (from_s, 240)


def test_an_empty_store_gives_empty_files(engine: Engine, series: SqliteSeries, tmp_path: Path) -> None:
    result = backtest.backtest(engine, series)
    backtest.write(result, tmp_path)
    assert (tmp_path / "tickets.csv").read_text().count("\n") == 1
    assert gzip.decompress((tmp_path / "scores.csv.gz").read_bytes()) == b"meter,start,score\n"
