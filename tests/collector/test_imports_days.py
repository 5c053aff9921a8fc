"""Opening hours, school holidays and works in a canonical folder."""

from datetime import date
from pathlib import Path

import pytest

from collector.imports.importing import Order, dry_run
from collector.imports.importing import run as run_import
from plagewatch.metering.calendars.entered import MarkedDay, OpeningHours, SchoolYears
from plagewatch.metering.calendars.schools import Community
from plagewatch.metering.meters import Building, Site
from plagewatch.metering.readings import Reason
from plagewatch.metering.works import Works
from plagewatch.store.records import audit, registry
from plagewatch.store.records.calendars import entered_days
from plagewatch.store.records.works import works

NOW_MS = 1_795_169_702_000  # 20 November 2026
ALWAYS = date(1970, 1, 1)
METERS = "meter,site,carrier,kind,unit,interval_s,timezone\nhead,s,electricity,index,kWh,900,Europe/Brussels\n"
HOURS = """site,weekday,open,close,building,valid_from
s,1,08:30,18:00,,
s,6,,,house,2026-09-01
s,7,00:00,24:00,,
"""
SCHOOLS = "site,community,building,valid_from\ns,french,house,2026-08-24\n"


@pytest.fixture
def folder(engine, tmp_path: Path) -> Path:
    registry.save(engine, [Site("s", "Site"), Building("house", "s", "House")])
    return filled(tmp_path / "set", opening_hours=HOURS, school_years=SCHOOLS)


def filled(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in {"meters": METERS, **files}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_a_folder_brings_hours_and_schools_under_its_name(folder, engine, series):
    report = run_import(Order(folder, "canonical"), engine, series, NOW_MS)
    assert (report.left_out, report.tables) == ({}, {"opening_hours": (3, 3), "school_years": (1, 1)})
    by = ("set", "file:set", NOW_MS)
    autumn = date(2026, 9, 1)
    assert entered_days(engine)["s"].opening == [
        OpeningHours("s", 0, 8.5, 18.0, ALWAYS, "", *by),
        OpeningHours("s", 6, 0.0, 24.0, ALWAYS, "", *by),
        OpeningHours("s", 5, 0.0, 0.0, autumn, "house", *by),
    ]
    assert entered_days(engine)["s"].schools == [SchoolYears("s", Community.FRENCH, date(2026, 8, 24), "house", *by)]
    assert {line.subject for line in audit.lines(engine)} >= {"s", "house"}


def test_again_it_changes_nothing_and_a_dry_run_writes_nothing(folder, engine, series):
    order = Order(folder, "canonical")
    told = dry_run(order, engine, series, NOW_MS)
    assert (told.tables, told.left_out) == ({"opening_hours": (3, 3), "school_years": (1, 1)}, {})
    assert entered_days(engine) == {}
    run_import(order, engine, series, NOW_MS)
    for report in (run_import(order, engine, series, NOW_MS), dry_run(order, engine, series, NOW_MS)):
        assert report.tables == {"opening_hours": (3, 0), "school_years": (1, 0)}


@pytest.mark.parametrize("run", [run_import, dry_run])
def test_bad_rows_are_named_and_the_others_stay(folder, engine, series, run):
    hours = HOURS + "s,1,8:30,18:00,cellar,\nelsewhere,1,8:30,18:00,,\ns,8,8:30,18:00,,\ns,,8:30,18:00,,\n"
    hours += "s,1,25:00,18:00,,\ns,1,18:00,8:30,,\ns,1,8:30,,,\ns,1,8:30,18:00,,soon\n"
    schools = SCHOOLS + "s,german,,\ns,flemish,cellar,\n"
    filled(folder, opening_hours=hours, school_years=schools)
    report = run(Order(folder, "canonical"), engine, series, NOW_MS)
    assert report.tables == {"opening_hours": (3, 3), "school_years": (1, 1)}
    assert report.left_out == {Reason.UNKNOWN_DEVICE: 3, Reason.TIME_IMPLAUSIBLE: 1, Reason.MALFORMED: 6}
    told = "\n".join(report.examples)
    for what in ("no building “cellar”", "no site “elsewhere”", "no weekday 8", "german", "25:00", "8:30"):
        assert what in told


def test_a_folder_of_days_alone_needs_no_readings(folder, engine, series):
    (folder / "school_years.csv").unlink()
    report = run_import(Order(folder, "canonical"), engine, series, NOW_MS)
    assert report.samples == 0
    assert len(entered_days(engine)["s"].opening) == 3


def test_works_are_entered_under_the_name_of_the_folder(folder, engine, series):
    told = "building,ended_on,what,source\nhouse,2026-09-04,new boiler,order 7\ncellar,2026-09-04,roof,\nhouse,,roof,\n"
    filled(folder, works=told + "house,2026-09-05,,\n")
    for run in (dry_run, run_import):
        report = run(Order(folder, "canonical"), engine, series, NOW_MS)
        assert report.tables["works"] == (1, 1)
        assert report.left_out == {Reason.UNKNOWN_DEVICE: 1, Reason.MALFORMED: 2}
    assert works(engine) == [Works("house", date(2026, 9, 4), "new boiler", "order 7", "file:set", NOW_MS)]
    assert dry_run(Order(folder, "canonical"), engine, series, NOW_MS).tables["works"] == (1, 0)


def test_a_closing_day_of_one_building_is_not_one_of_the_site(folder, engine, series):
    days = "site,day,kind,building,source\ns,2026-12-24,closed,,\ns,2026-12-28,closed,house,letter\n"
    filled(folder, calendar=days + "s,2026-12-28,closed,cellar,\ns,2026-12-28,closed,house,again\n")
    for run, new in ((dry_run, 2), (run_import, 2), (run_import, 0)):
        report = run(Order(folder, "canonical"), engine, series, NOW_MS)
        assert (report.calendar_days, report.new_calendar_days) == (2, new)
        assert report.left_out == {Reason.UNKNOWN_DEVICE: 1}
    assert entered_days(engine)["s"].marked == [
        MarkedDay("s", date(2026, 12, 24), "closed", "", "", "file:set", NOW_MS),
        MarkedDay("s", date(2026, 12, 28), "closed", "house", "letter", "file:set", NOW_MS),
    ]
