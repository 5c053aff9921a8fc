"""Formulas, sub-meters, deliveries and calorific values in a canonical folder."""

from datetime import date
from pathlib import Path

import pytest

from collector import rollup_job
from collector.imports.importing import ImportRefused, Order, dry_run
from collector.imports.importing import run as run_import
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import CalorificValue, Delivery, SubMeter, VirtualFormula
from plagewatch.metering.readings import Reason
from plagewatch.store.records import audit, registry
from plagewatch.store.records.quarantine import quarantined
from plagewatch.store.records.work import dirty_windows

NOW_MS = 1_795_169_702_000  # 20 November 2026
METERS = """meter,site,carrier,kind,unit,interval_s,timezone
head,s,electricity,interval,kWh,3600,Europe/Brussels
kitchen,s,electricity,interval,kWh,3600,Europe/Brussels
rest,s,electricity,virtual,kWh,,Europe/Brussels
oil,s,oil,delivery,kWh,,Europe/Brussels
gas,s,gas,index,m3,900,Europe/Brussels
"""
READINGS = """meter,start,value
head,2026-03-01T00:00:00Z,5
head,2026-03-01T01:00:00Z,6
kitchen,2026-03-01T00:00:00Z,2
kitchen,2026-03-01T01:00:00Z,1.5
"""
TABLES = {
    "formulas": "meter,formula,valid_from\nrest,[head] - [kitchen],\nrest,[head],2026-05-01\n",
    "sub_meters": "head,sub,valid_from,valid_to\nhead,kitchen,2026-01-01,\n",
    "deliveries": "meter,delivered_on,quantity,unit,document\noil,2026-01-01,2000,l,r1\noil,2026-01-11,940,l,r2\n",
    "calorific_values": "station,valid_from,kwh_per_m3,source\nBrussels H,2026-01-01,11.332,operator\n",
}


def folder_of(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "set"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, engine, series):
    return run_import(Order(folder, "canonical"), engine, series, NOW_MS)


def stored(engine) -> list[object]:
    return [
        *registry.virtual_formulas(engine),
        *registry.sub_meters(engine),
        *registry.deliveries(engine),
        *registry.calorific_values(engine),
    ]


def test_a_folder_brings_all_of_it_and_the_figures_follow(tmp_path, engine, series):
    report = run(folder_of(tmp_path, meters=METERS, readings=READINGS, **TABLES), engine, series)
    assert report.left_out == {}
    assert report.tables == {
        "deliveries": (2, 2),
        "sub_meters": (1, 1),
        "calorific_values": (1, 1),
        "formulas": (2, 2),
    }
    may_ms = day_start_s(date(2026, 5, 1), "Europe/Brussels") * 1000
    assert stored(engine) == [
        VirtualFormula("rest", "[head] - [kitchen]", 0),
        VirtualFormula("rest", "[head]", may_ms),
        SubMeter("head", "kitchen", date(2026, 1, 1)),
        Delivery("oil", date(2026, 1, 1), 2000.0, "l", "r1"),
        Delivery("oil", date(2026, 1, 11), 940.0, "l", "r2"),
        CalorificValue("Brussels H", date(2026, 1, 1), 11.332, "operator"),
    ]
    assert {line.who for line in audit.lines(engine)} == {"file:set"}
    rollup_job.run(engine, series, NOW_MS // 1000)
    assert series.intervals(Resolution.HOUR, "rest", 0, NOW_MS // 1000).amount.tolist() == [3.0, 4.5]
    days = series.intervals(Resolution.DAY, "oil", 0, NOW_MS // 1000)
    assert days.amount[days.known].tolist() == pytest.approx([1000.0] * 10)


def test_a_second_import_changes_nothing(tmp_path, engine, series):
    folder = folder_of(tmp_path, meters=METERS, readings=READINGS, **TABLES)
    run(folder, engine, series)
    rollup_job.run(engine, series, NOW_MS // 1000)
    lines, before = audit.lines(engine), stored(engine)
    report = run(folder, engine, series)
    assert {new for _, new in report.tables.values()} == {0}
    assert (stored(engine), audit.lines(engine), dirty_windows(engine)) == (before, lines, {})


def test_a_dry_run_knows_what_is_there_and_writes_nothing(tmp_path, engine, series):
    folder = folder_of(tmp_path, meters=METERS, readings=READINGS, **TABLES)
    order = Order(folder, "canonical")
    assert {new > 0 for _, new in dry_run(order, engine, series, NOW_MS).tables.values()} == {True}
    assert stored(engine) == []
    run(folder, engine, series)
    assert {new for _, new in dry_run(order, engine, series, NOW_MS).tables.values()} == {0}


def test_a_corrected_file_corrects(tmp_path, engine, series):
    run(folder_of(tmp_path, meters=METERS, readings=READINGS, **TABLES), engine, series)
    rollup_job.run(engine, series, NOW_MS // 1000)
    deliveries = TABLES["deliveries"].replace("940", "470")
    report = run(folder_of(tmp_path, deliveries=deliveries), engine, series)
    assert report.tables["deliveries"] == (2, 1)
    assert [one.quantity for one in registry.deliveries(engine)] == [2000.0, 470.0]
    _, windows = dirty_windows(engine)["oil"]
    first_ms, after_ms = (day_start_s(date(2026, 1, day), "Europe/Brussels") * 1000 for day in (1, 11))
    assert [(window.from_ms, window.to_ms) for window in windows] == [(first_ms, after_ms - 1)]


def test_a_folder_of_tables_alone_is_taken(tmp_path, engine, series):
    report = run(folder_of(tmp_path, meters=METERS, deliveries=TABLES["deliveries"]), engine, series)
    assert (report.samples, report.tables) == (0, {"deliveries": (2, 2)})


def test_a_meter_that_moves_behind_another_one_leaves_the_one_before_in_whatever_order(tmp_path, engine, series):
    rows = "head,sub,valid_from,valid_to\n{}\n"
    first = folder_of(tmp_path, meters=METERS, sub_meters=rows.format("head,kitchen,,"))
    run(first, engine, series)
    moved = folder_of(tmp_path, sub_meters=rows.format("rest,kitchen,2026-06-01,\nhead,kitchen,,2026-06-01"))
    report = run(moved, engine, series)
    assert (report.left_out, report.tables["sub_meters"]) == ({}, (2, 2))
    assert sorted(registry.sub_meters(engine), key=lambda link: link.head) == [
        SubMeter("head", "kitchen", valid_to=date(2026, 6, 1)),
        SubMeter("rest", "kitchen", date(2026, 6, 1)),
    ]


@pytest.mark.parametrize(
    ("table", "row", "reason", "told"),
    [
        ("formulas", "rest,[head] + [gas],", Reason.MALFORMED, "kWh and m3 cannot be added"),
        ("formulas", "rest,[rest],", Reason.MALFORMED, "computed from itself"),
        ("formulas", "head,[kitchen],", Reason.MALFORMED, "readings of its own"),
        ("formulas", "nobody,[kitchen],", Reason.UNKNOWN_DEVICE, "there is no meter"),
        ("formulas", "rest,[head],2026-13-01", Reason.MALFORMED, "is no day like"),
        ("formulas", "rest,[head],some day", Reason.MALFORMED, "is no instant like"),
        ("sub_meters", "head,gas,,", Reason.MALFORMED, "they make no balance"),
        ("sub_meters", "head,,,", Reason.UNKNOWN_DEVICE, "empty"),
        ("sub_meters", "head,kitchen,2026-01-01,2025-01-01", Reason.MALFORMED, "there is no day"),
        ("deliveries", "oil,2026-02-01,much,l,", Reason.NOT_A_NUMBER, "much"),
        ("deliveries", "oil,2026-02-01,-5,l,", Reason.MALFORMED, "must be above 0"),
        ("deliveries", "oil,2026-02-01,5,gallon,", Reason.UNIT_UNKNOWN, "no unit of a delivery"),
        ("deliveries", "oil,2027-02-01,5,l,", Reason.TIME_IMPLAUSIBLE, "cannot have come"),
        ("deliveries", "oil,soon,5,l,", Reason.MALFORMED, "is no day like"),
        ("deliveries", "head,2026-02-01,5,l,", Reason.MALFORMED, "no tank"),
        ("calorific_values", "Brussels H,2026-02-01,1133,", Reason.MALFORMED, "no calorific value of gas"),
        ("calorific_values", ",2026-02-01,11.3,", Reason.MALFORMED, "Name the station"),
    ],
)
def test_a_row_that_is_refused_is_told_kept_and_costs_no_other(tmp_path, engine, series, table, row, reason, told):
    tables = TABLES | {table: f"{TABLES[table]}{row}\n"}
    report = run(folder_of(tmp_path, meters=METERS, readings=READINGS, **tables), engine, series)
    assert report.left_out == {reason: 1}
    line = len(tables[table].splitlines())
    assert f"{table}.csv, line {line}" in report.examples[0]
    assert told in report.examples[0]
    (kept,) = quarantined(engine, 5)
    assert (kept.source, kept.payload) == (f"file:set/{table}.csv:{line}", row.encode())
    assert len(stored(engine)) == 6


def test_a_table_without_its_columns_stops_the_import_before_anything_is_written(tmp_path, engine, series):
    folder = folder_of(tmp_path, meters=METERS, readings=READINGS, deliveries="meter,day\noil,2026-01-01\n")
    with pytest.raises(ImportRefused, match="column `delivered_on` is missing"):
        run(folder, engine, series)
    assert registry.meters(engine) == []


def test_only_the_meters_that_are_asked_for(tmp_path, engine, series):
    folder = folder_of(tmp_path, meters=METERS, readings=READINGS, **TABLES)
    report = run_import(Order(folder, "canonical", only=["oil"]), engine, series, NOW_MS)
    assert set(report.tables) == {"deliveries", "calorific_values"}
    assert report.passed == {"of meters that are not asked for": 4 + 1 + 2}
