"""Canonical folders: all that is right is taken, all that is not is told with file, line and column."""

import gzip
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.imports.evidence import Block, Bookkeeper
from collector.imports.importing import ImportRefused, Order, dry_run
from collector.imports.importing import run as run_import
from collector.imports.rehearsal import rehearsal
from collector.imports.weather_hours import TooCoarse, hourly
from plagewatch.metering.meters import Carrier, Kind, Meter, MeterFacts, Site, Swap
from plagewatch.metering.readings import Reason
from plagewatch.store.names import WEATHER, WEATHER_FIELDS
from plagewatch.store.records import audit
from plagewatch.store.records.calendars import entered_days
from plagewatch.store.records.life_cycle import By, MeterEditor
from plagewatch.store.records.quarantine import quarantined
from plagewatch.store.records.registry import (
    facts_of,
    meter,
    meters,
    save,
    sites,
    swaps_of,
)
from plagewatch.store.records.work import dirty_windows, done
from plagewatch.store.series.sqlite import SqliteSeries

NOW_MS = 1_795_169_702_000
METERS = "meter,site,carrier,kind,unit,interval_s,timezone,country,latitude,longitude,note"


def folder_of(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "set"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, engine, series):
    return run_import(Order(folder, "canonical"), engine, series, NOW_MS)


def evidence(series, meter_id, register):
    found = series.samples(meter_id, register, 0, 1 << 50)
    return list(zip(found.at_ms.tolist(), found.value.tolist(), strict=True))


def windows(engine):
    return sorted({(w.meter, w.from_ms, w.to_ms) for _, found in dirty_windows(engine).values() for w in found})


def test_intervals_in_litres_become_cubic_metres_with_their_site_and_meter(tmp_path, engine, series):
    folder = folder_of(
        tmp_path,
        meters=f"{METERS}\nw,home,water,interval,l,3600,UTC,ES,38.35,-0.48,a household",
        readings="meter,start,value\nw,2016-03-01T02:00:00Z,250\nw,2016-03-01T03:00:00Z,0\n",
    )
    report = run(folder, engine, series)
    assert (report.sites, report.meters, report.samples, report.left_out) == (1, 1, 2, {})
    assert (report.first_ms, report.last_ms) == (1_456_797_600_000, 1_456_801_200_000)
    assert evidence(series, "w", "volume_interval") == [(1_456_797_600_000, 0.25), (1_456_801_200_000, 0.0)]
    assert sites(engine) == [Site("home", "home", "", "UTC", 38.35, -0.48)]
    assert meter(engine, "w") == Meter("w", "home", "w", Carrier.WATER, Kind.INTERVAL, "m3", 3600, note="a household")
    assert windows(engine) == [("w", 1_456_797_600_000, 1_456_801_200_000)]


INDEX = f"{METERS},digits,decimals,multiplier,max_power_kw"


def test_contracted_power_is_a_fact_of_its_own(tmp_path, engine, series):
    meters = f"{METERS},contracted_kw\ne,s,electricity,index,kWh,,,,,,,180.5\ng,s,gas,index,m3,,,,,,,\n"
    run(folder_of(tmp_path, meters=meters, samples="meter,register,at,value\n"), engine, series)
    assert facts_of(engine, "e") == [MeterFacts("e", contracted_kw=180.5)]
    assert facts_of(engine, "g") == []


def test_index_registers_speak_our_words_and_keep_facts_and_swaps(tmp_path, engine, series):
    folder = folder_of(
        tmp_path,
        meters=f"{INDEX}\ne,s,electricity,index,kWh,,,,,,,6,1,40,250\nw,s,water,index,l,,,,,,,8,0,,\n"
        "g,s,gas,index,m3,,,,,,,,,,\np,s,solar,index,kWh,,,,,,,,,,",
        samples="meter,register,at,value\ne,day,2026-01-01T00:00:00Z,1.5\ne,night,2026-01-01T00:00:00Z,2\n"
        "e,export,2026-01-01T00:00:00Z,3\ne,total,2026-01-01T00:00:00.250Z,4\nw,total,2026-01-01T00:00:00Z,12345\n"
        "g,total,2026-01-01T00:00:00Z,7\np,total,2026-01-01T00:00:00Z,8\np,total,2026-01-01T00:00:00Z,9\n",
        swaps="meter,register,at,last_index,first_index,serial,digits\nw,total,2026-02-01T00:00:00Z,20000,10,SN1,7\n",
    )
    report = run(folder, engine, series)
    assert (report.samples, report.swaps, report.left_out) == (8, 1, {})
    start = 1_767_225_600_000
    assert {register: evidence(series, "e", register) for register in series.registers("e")} == {
        "energy_import_day": [(start, 1.5)],
        "energy_import_night": [(start, 2.0)],
        "energy_export_total": [(start, 3.0)],
        "energy_import_total": [(start + 250, 4.0)],
    }
    assert evidence(series, "w", "water_volume") == [(start, 12.345)]
    assert evidence(series, "p", "solar_energy_total") == [(start, 8.0), (start, 9.0)]  # a contradiction keeps both
    assert facts_of(engine, "e") == [MeterFacts("e", 0, 6, 1, 40.0, 250.0)]
    # 8 digits of litres roll over at 100 000 m3: 5 digits, and 3 decimals, of m3.
    assert facts_of(engine, "w") == [MeterFacts("w", 0, 5, 3, 1.0, None)]
    assert swaps_of(engine, "w") == [Swap("w", "water_volume", 1_769_904_000_000, 20.0, 0.01, "SN1", 4)]
    assert facts_of(engine, "g") == []
    assert sites(engine)[0].timezone == "Europe/Brussels"


def test_bad_rows_are_counted_by_reason_kept_with_their_line_and_the_rest_is_taken(tmp_path, engine, series):
    folder = folder_of(
        tmp_path,
        meters=f"{METERS}\nm,s,electricity,interval,kWh,3600,UTC,,,,\nx,s,steam,interval,kWh,3600,UTC,,,,\n"
        "y,s,gas,interval,therm,3600,UTC,,,,\nz,s,gas,interval,m3,often,UTC,,,,\nt,s,gas,interval,m3,3600,Mars/Dome,,,,\n",
        readings="meter,start,value\nm,2016-01-01T00:00:00Z,1\nm,2016-01-01T01:00:00Z,abc\nm,2016-01-01T02:00:00Z,nan\n"
        "m,2016-01-01T03:00:00Z,\nm,2016-01-01T04:00:00Z,1_0\nm,yesterday,1\nm,2016-01-01T05:00:00,1\n"
        "m,1999-12-31T23:00:00Z,1\nm,2099-01-01T00:00:00Z,1\nq,2016-01-01T00:00:00Z,1\nm\n\nm,2016-01-01T06:00:00Z,2\n",
    )
    report = run(folder, engine, series)
    assert report.samples == 2
    assert report.left_out == {
        Reason.MALFORMED: 5,
        Reason.UNIT_UNKNOWN: 1,
        Reason.NOT_A_NUMBER: 5,
        Reason.TIME_IMPLAUSIBLE: 2,
        Reason.UNKNOWN_DEVICE: 1,
    }
    assert [value for _, value in evidence(series, "m", "energy_interval")] == [1.0, 2.0]
    assert "readings.csv, line 3, column value: not_a_number: abc" in report.examples
    kept = {item.source: item for item in quarantined(engine)}
    assert kept["file:set/readings.csv:11"].device == "q"
    assert kept["file:set/readings.csv:3"].payload == b"m,2016-01-01T01:00:00Z,abc"
    assert kept["file:set/readings.csv:3"].detail == "column value: abc"
    assert len(kept) == 14


def test_unknown_registers_are_told(tmp_path, engine, series):
    folder = folder_of(
        tmp_path,
        meters=f"{METERS}\ng,s,gas,index,m3,,,,,,",
        samples="meter,register,at,value\ng,night,2026-01-01T00:00:00Z,1\ng,gas_volume,2026-01-01T00:00:00Z,2\n",
        swaps="meter,register,at,last_index,first_index\ng,day,2026-02-01T00:00:00Z,2,1\n",
    )
    report = run(folder, engine, series)
    assert (report.samples, report.swaps, report.left_out) == (1, 0, {Reason.UNKNOWN_REGISTER: 2})


def test_a_second_import_changes_nothing(tmp_path, engine, series):
    folder = folder_of(
        tmp_path,
        meters=f"{INDEX}\ne,s,electricity,index,kWh,,,,,,,6,1,,",
        samples="meter,register,at,value\ne,total,2026-01-01T00:00:00Z,1\ne,total,2026-01-01T01:00:00Z,oops\n",
        swaps="meter,register,at,last_index,first_index,serial,digits\ne,total,2026-02-01T00:00:00Z,2,1,,\n",
        calendar="site,day,kind\ns,2026-01-01,holiday\ns,2026-01-01,holiday\n",
        weather="site,start,temp_c\ns,2026-01-01T00:00:00Z,3\n",
    )

    def everything():
        points = series.points(WEATHER, {"site": "s"}, 0, 1 << 40)
        registry = sites(engine), meter(engine, "e"), facts_of(engine, "e"), swaps_of(engine, "e")
        temp_c = points.fields["temp_c"].tolist()
        return (
            evidence(series, "e", "energy_import_total"),
            quarantined(engine),
            registry,
            temp_c,
            entered_days(engine),
        )

    first_report, first = run(folder, engine, series), everything()
    assert windows(engine)
    for ids, _ in dirty_windows(engine).values():
        done(engine, ids)
    again = run(folder, engine, series)
    assert (again.samples, again.left_out) == (first_report.samples, first_report.left_out)
    assert (again.new_samples, again.new_meters, again.new_facts, again.new_swaps) == (0, (), 0, 0)
    assert (again.new_weather_hours, again.new_calendar_days) == (0, 0)
    assert everything() == first
    assert windows(engine) == []
    assert len(first[1]) == 1
    assert [(one.day, one.kind, one.who) for one in first[4]["s"].marked] == [
        (date(2026, 1, 1), "holiday", f"file:{folder.name}")
    ]


def test_what_people_entered_stays(tmp_path, engine, series):
    ours = Meter("e", "s", "Main meter", Carrier.ELECTRICITY, Kind.INTERVAL, "kWh", 900, installation="cellar")
    save(engine, [Site("s", "The house", "north"), ours])
    folder = folder_of(
        tmp_path,
        meters=f"{METERS}\ne,s,electricity,interval,kWh,3600,UTC,,,,",
        readings="meter,start,value\ne,2026-01-01T00:00:00Z,1\n",
    )
    assert run(folder, engine, series).samples == 1
    assert (meter(engine, "e"), sites(engine)) == (ours, [Site("s", "The house", "north")])


def test_a_meter_that_is_something_else_in_the_registry_is_refused_with_its_rows(tmp_path, engine, series):
    save(engine, [Site("s", "s"), Meter("e", "s", "e", Carrier.GAS, Kind.INTERVAL, "m3")])
    folder = folder_of(
        tmp_path,
        meters=f"{METERS}\ne,s,electricity,interval,kWh,3600,UTC,,,,",
        readings="meter,start,value\ne,2026-01-01T00:00:00Z,1\n",
    )
    report = run(folder, engine, series)
    assert (report.samples, report.left_out) == (0, {Reason.MALFORMED: 1, Reason.UNKNOWN_DEVICE: 1})
    assert "meters.csv, line 2, column meter" in report.examples[0]


def test_changed_facts_and_late_swaps_make_the_figures_old(tmp_path, engine, series):
    samples = "meter,register,at,value\ne,total,2026-01-01T00:00:00Z,1\ne,total,2026-03-01T00:00:00Z,2\n"
    folder = folder_of(tmp_path, meters=f"{INDEX}\ne,s,electricity,index,kWh,,,,,,,6,,,", samples=samples)
    run(folder, engine, series)
    for ids, _ in dirty_windows(engine).values():
        done(engine, ids)
    folder_of(
        tmp_path,
        meters=f"{INDEX}\ne,s,electricity,index,kWh,,,,,,,5,,,",
        samples="meter,register,at,value\n",
        swaps="meter,register,at,last_index,first_index\ne,total,2026-02-01T00:00:00Z,1,0\n",
    )
    run(folder, engine, series)
    whole = ("e", 1_767_225_600_000, NOW_MS)  # of what comes in just now, nobody can tell yet
    assert windows(engine) == [whole, ("e", 1_769_904_000_000, 1_769_904_000_000)]


def test_facts_and_swaps_of_a_file_are_audited_and_leave_what_people_entered(tmp_path, engine, series):
    folder = folder_of(
        tmp_path,
        meters=f"{INDEX}\ne,s,electricity,index,kWh,,,,,,,6,,,",
        samples="meter,register,at,value\ne,total,2026-01-01T00:00:00Z,1\n",
        swaps="meter,register,at,last_index,first_index\ne,total,2026-02-01T00:00:00Z,1,0\n",
    )
    run(folder, engine, series)
    told = [(line.who, line.what) for line in audit.lines(engine, "e")]
    assert told == [(f"file:{folder.name}", "swap_declared"), (f"file:{folder.name}", "facts_entered")]
    editor = MeterEditor(engine, series, By("cell", NOW_MS))
    swap, facts = swaps_of(engine, "e")[0], facts_of(engine, "e")[0]
    editor.declare_swap(replace(swap, who="tech", serial="77", photo="a" * 64, note="seal broken"))
    editor.enter_facts(replace(facts, max_power_kw=40.0, source="contract"))
    report = run(folder, engine, series)
    assert (report.new_facts, report.new_swaps) == (0, 0)
    assert (swaps_of(engine, "e")[0].note, facts_of(engine, "e")[0].max_power_kw) == ("seal broken", 40.0)
    assert len(audit.lines(engine, "e")) == 4


def test_an_unknown_interval_is_learnt_from_the_readings(tmp_path, engine, series):
    rows = "".join(f"e,2026-01-01T{hour:02}:00:00Z,1\n" for hour in (0, 1, 2, 5, 6))
    folder = folder_of(
        tmp_path,
        meters=f"{METERS}\ne,s,electricity,interval,kWh,,UTC,,,,",
        readings=f"meter,start,value\n{rows}",
    )
    run(folder, engine, series)
    learnt = meter(engine, "e")
    assert learnt is not None
    assert learnt.interval_s == 3600


READINGS = "meter,start,value\ne,2026-01-01T00:00:00Z,1\n"
MONTHLY = "site,start,temp_c\ns,2026-01-01T00:00:00Z,1\ns,2026-02-01T00:00:00Z,1\n"
METER = f"{METERS}\ne,s,electricity,interval,kWh,3600,UTC,,,,"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"readings": READINGS}, r"meters.csv is missing"),
        ({"meters": METER}, r"neither readings.csv.gz nor samples.csv.gz"),
        ({"meters": METER, "readings": "meter,value\ne,1\n"}, r"readings.csv, line 1: column `start` is missing"),
        ({"meters": "", "readings": READINGS}, r"meters.csv, line 1: column `meter` is missing; .* nothing"),
        ({"meters": METER, "readings": READINGS, "weather": "site,start\n"}, r"weather.csv, line 1: column `temp_c`"),
        (
            {"meters": METER, "readings": READINGS, "weather": MONTHLY},
            r"weather.csv, column start: site s: 31.0 days between rows",
        ),
    ],
    ids=["no meters", "no values", "no start", "empty meters", "no temperature", "monthly weather"],
)
def test_what_cannot_be_imported_is_one_clear_error(tmp_path, engine, series, files, told):
    with pytest.raises(ImportRefused, match=told):
        run(folder_of(tmp_path, **files), engine, series)


def test_a_folder_that_is_none_is_told(tmp_path, engine, series):
    with pytest.raises(ImportRefused, match="is no folder"):
        run(tmp_path / "nowhere", engine, series)


def test_a_cut_off_archive_is_told_with_its_line(tmp_path, engine, series):
    folder = folder_of(tmp_path, meters=METER)
    whole = gzip.compress(b"meter,start,value\n" + b"e,2026-01-01T00:00:00Z,1\n" * 50_000)
    (folder / "readings.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImportRefused, match=r"readings.csv.gz, line \d+: cannot be read"):
        run(folder, engine, series)


def test_scoring_files_are_never_opened(tmp_path, engine, series):
    folder = folder_of(tmp_path, meters=METER, readings=READINGS)
    for name in ("labels.csv.gz", "events.csv", "cold_runs.csv", "outages.csv", "inject.json"):
        (folder / name).mkdir()  # opening any of them would fail
    assert run(folder, engine, series).samples == 1


def test_weather_is_hourly_in_the_store_whatever_the_source_gives(tmp_path, engine, series):
    folder = folder_of(
        tmp_path,
        meters=f"{METER}\nf,day,electricity,interval,kWh,3600,UTC,,,,",
        readings=READINGS,
        weather="site,start,temp_c,ghi_wm2,wind_ms,humidity_pct\n"
        "s,2026-01-01T00:00:00Z,1,,5,80\ns,2026-01-01T00:15:00Z,2,10,5,\ns,2026-01-01T00:30:00Z,,20,5,82\n"
        "s,2026-01-01T01:00:00Z,cold,30,5,\nnowhere,2026-01-01T00:00:00Z,1,1,1,1\n"
        "day,2026-01-01T00:00:00Z,5,,,\nday,2026-01-02T00:00:00Z,6,,,\n",
    )
    report = run(folder, engine, series)
    assert report.weather_hours == 2 + 48
    assert report.left_out == {Reason.NOT_A_NUMBER: 1, Reason.UNKNOWN_DEVICE: 1}
    points = series.points(WEATHER, {"site": "s"}, 0, 1 << 40)
    assert points.start_s.tolist() == [1_767_225_600, 1_767_229_200]
    table = np.array([points.fields[name] for name in WEATHER_FIELDS])
    np.testing.assert_array_equal(table, [[1.5, np.nan], [15.0, 30.0], [81.0, np.nan]])
    daily = series.points(WEATHER, {"site": "day"}, 0, 1 << 40)
    assert daily.fields["temp_c"].tolist() == [5.0] * 24 + [6.0] * 24


def test_a_daily_mean_fills_its_local_day_of_23_or_25_hours():
    starts = np.array([0, 23, 47, 72, 96 + 48]) * 3600  # 23 h, 24 h, 25 h, then a day that is missing
    points = hourly(starts, {"temp_c": np.arange(5.0)})
    assert points.fields["temp_c"].tolist() == [0.0] * 23 + [1.0] * 24 + [2.0] * 25 + [3.0] * 24 + [4.0] * 24
    assert len(np.unique(points.start_s)) == len(points.start_s)
    with pytest.raises(TooCoarse):
        hourly(np.array([0, 30 * 86_400]), {"temp_c": np.array([1.0, 2.0])})


@given(
    st.lists(st.tuples(st.integers(0, 96), st.floats(-30, 40) | st.just(float("nan"))), min_size=1, max_size=60),
    st.randoms(),
)
def test_hours_do_not_depend_on_the_order_of_rows(rows, chance):
    def made(ordered):
        starts = np.array([quarter * 900 for quarter, _ in ordered])
        return hourly(starts, {"temp_c": np.array([value for _, value in ordered])})

    shuffled = list(rows)
    chance.shuffle(shuffled)
    first, second = made(rows), made(shuffled)
    assert first.start_s.tolist() == second.start_s.tolist()
    np.testing.assert_allclose(first.fields["temp_c"], second.fields["temp_c"], atol=1e-9)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "samples"), [("amsterdam", 52_308), ("lead", 87_763), ("school", 8_747), ("solar", 8_596)]
)
def test_the_development_sets_are_taken_whole(dev_data, engine, series, name, samples):
    report = run(dev_data / name, engine, series)
    assert (report.samples, report.left_out) == (samples, {})


def test_a_row_with_a_stray_quote_or_too_many_cells_is_refused_alone(tmp_path, engine, series):
    folder = folder_of(
        tmp_path,
        meters=f'{METERS}\n"e","s",electricity,interval,kWh,3600,UTC,,,,"two\nlines"\n',
        readings='meter,start,value\ne,2026-01-01T00:00:00Z,1\n"e,2026-01-01T01:00:00Z,2\ne,2026-01-01T02:00:00Z,3\n'
        "e,2026-01-01T03:00:00Z,4,5\ne,2026-01-01T04:00:00Z,6\n",
    )
    report = run(folder, engine, series)
    assert [value for _, value in evidence(series, "e", "energy_interval")] == [1.0, 3.0, 6.0]
    assert report.left_out == {Reason.MALFORMED: 2}
    assert report.examples == (
        "readings.csv, line 3: malformed: a quote is opened and not closed",
        "readings.csv, line 5: malformed: the row has 4 cells of 3",
    )
    there = meter(engine, "e")
    assert there is not None
    assert there.note == "two\nlines"


def test_a_wrong_ean_is_told_and_loses_no_reading(tmp_path, engine, series):
    header = f"{METERS},ean"
    folder = folder_of(
        tmp_path,
        meters=f'{header}\na,s,electricity,interval,kWh,3600,UTC,,,,,="541448920708672023"\n'
        "b,s,electricity,interval,kWh,3600,UTC,,,,,123456879123456789\n",
        readings="meter,start,value\na,2026-01-01T00:00:00Z,1\nb,2026-01-01T00:00:00Z,2\n",
    )
    report = run(folder, engine, series)
    assert (report.samples, report.left_out) == (2, {Reason.MALFORMED: 1})
    assert report.examples == (
        "meters.csv, line 3, column ean: malformed: 123456879123456789 is no EAN code: after its first 17 digits comes "
        "7, not 9; b is taken without it",
    )
    eans = {found.id: found.ean for found in meters(engine)}
    assert eans == {"a": "541448920708672023", "b": None}


def test_what_is_half_new_marks_only_what_is_new(tmp_path, engine, series):
    rows = "meter,start,value\n" + "".join(f"e,2026-01-01T{hour:02}:00:00Z,{hour}\n" for hour in range(4))
    run(folder_of(tmp_path, meters=METER, readings=rows), engine, series)
    for ids, _ in dirty_windows(engine).values():
        done(engine, ids)
    report = run(folder_of(tmp_path, meters=METER, readings=f"{rows}e,2026-01-01T04:00:00Z,4\n"), engine, series)
    assert (report.samples, report.new_samples) == (5, 1)
    assert windows(engine) == [("e", 1_767_240_000_000, 1_767_240_000_000)]


def test_another_value_for_an_instant_is_told_and_kept(tmp_path, engine, series):
    run(folder_of(tmp_path, meters=METER, readings=READINGS), engine, series)
    both = f"{READINGS}e,2026-01-01T00:00:00Z,2\ne,2026-01-01T00:00:00Z,2\n"
    report = run(folder_of(tmp_path, meters=METER, readings=both), engine, series)
    account = report.accounts["e", "energy_interval"]
    assert (account.new, account.known, account.contradicting) == (1, 2, 1)
    assert [value for _, value in evidence(series, "e", "energy_interval")] == [1.0, 2.0]


def stores_as_bytes(tmp_path: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(tmp_path.glob("*.db*")) if not path.name.endswith("-shm")}


def test_a_dry_run_says_what_would_change_and_writes_nothing(tmp_path, engine, series):
    run(folder_of(tmp_path, meters=METER, readings=READINGS), engine, series)
    before, marked = stores_as_bytes(tmp_path), windows(engine)
    folder = folder_of(
        tmp_path,
        meters=f"{METER}\nf,s,gas,interval,m3,3600,UTC,,,,",
        readings=f"{READINGS}e,2026-01-01T01:00:00Z,2\ne,2026-01-01T01:00:00Z,2\nf,2026-01-01T00:00:00Z,1\nx,,1\n",
        weather="site,start,temp_c\ns,2026-01-01T00:00:00Z,3\n",
        calendar="site,day,kind\ns,2026-01-01,holiday\n",
    )
    told = dry_run(Order(folder), engine, series, NOW_MS)
    assert told.format == "canonical"
    assert told.new_meters == ("f",)
    assert {key: (found.new, found.known) for key, found in told.accounts.items()} == {
        ("e", "energy_interval"): (1, 2),
        ("f", "volume_interval"): (1, 0),
    }
    assert (told.left_out, told.new_weather_hours, told.new_calendar_days) == ({Reason.UNKNOWN_DEVICE: 1}, 1, 1)
    assert (stores_as_bytes(tmp_path), windows(engine)) == (before, marked)
    assert run(folder, engine, series) == told


def test_a_dry_run_knows_its_own_repeats_across_blocks(engine, series):
    save(engine, [Site("s", "s"), Meter("e", "s", "e", Carrier.ELECTRICITY, Kind.INTERVAL, "kWh", 900)])
    block = Block("e", "energy_interval", [0, 900_000], [1.0, 2.0])
    with rehearsal(engine, series) as (scratch, overlay):
        books = Bookkeeper(scratch, overlay, "file:x", NOW_MS)
        books.take([block])
        books.take([block])
    account = books.accounts["e", "energy_interval"]
    assert (account.new, account.known) == (2, 2)
    assert evidence(series, "e", "energy_interval") == []


class Dies(Exception):
    """What stands for a process that is killed."""


class KilledAfterTheWrite(SqliteSeries):
    """The real store of a process that is killed as soon as its evidence is written."""

    def write_samples(self, blocks) -> None:
        super().write_samples(blocks)
        raise Dies


def test_who_is_killed_after_the_write_leaves_the_figures_marked(tmp_path, engine):
    rows = "meter,start,value\ne,2026-01-01T00:00:00Z,1\n"
    folder = folder_of(tmp_path, meters=METER, readings=rows)
    killed = KilledAfterTheWrite(tmp_path / "killed.db")
    with pytest.raises(Dies):
        run(folder, engine, killed)
    killed.close()
    again = SqliteSeries(tmp_path / "killed.db")
    assert run(folder, engine, again).new_samples == 0  # what is there already marks nothing
    assert windows(engine) == [("e", 1_767_225_600_000, 1_767_225_600_000)]
    again.close()
