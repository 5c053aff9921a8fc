"""Files of the Belgian Royal Meteorological Institute, every case in its folder; and what is not mixed."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from collector.imports.importing import ImportRefused, Order, dry_run, run
from plagewatch.metering.meters import Site
from plagewatch.metering.weather import Assignment, Source
from plagewatch.store.names import WEATHER, WEATHER_FIELDS
from plagewatch.store.records import registry, weather_sources
from plagewatch.store.weather import sourced_weather

NOW_MS = 1_795_169_702_000
CASES = sorted(path.parent for path in (Path(__file__).parent / "rmi_cases").glob("*/expected.json"))


@pytest.fixture
def records(engine):
    registry.save(engine, [Site("s", "School", latitude=50.8, longitude=4.36), Site("p", "Pool")])
    return engine


def at_s(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case, records, series):
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    report = run(Order(case / "observations.csv", sites={"": "s"}), records, series, NOW_MS)
    points = series.points(WEATHER, {"site": "s"}, 0, 1 << 40)
    assert points.start_s.tolist() == [at_s(row[0]) for row in expected["hours"]]
    for place, name in enumerate(WEATHER_FIELDS, start=1):
        known = [np.nan if row[place] is None else row[place] for row in expected["hours"]]
        assert points.fields[name].tolist() == pytest.approx(known, nan_ok=True), name
    assert (report.format, report.left_out) == ("rmi", expected["left_out"])
    told = weather_sources.fetches(records, "s")
    assert {(one.source, one.station, one.licence) for one in told} == {(Source.FILE, expected["station"], "CC BY 4.0")}
    assert {(one.latitude, one.longitude) for one in told} == {tuple(expected["place"] or (None, None))}
    assert (told[0].start_s, told[-1].end_s) == (points.start_s[0], points.start_s[-1] + 3600)
    provisional = expected["provisional_from"]
    assert [one.start_s for one in told if one.provisional] == ([at_s(provisional)] if provisional else [])
    again = run(Order(case / "observations.csv", sites={"": "s"}), records, series, NOW_MS)
    assert again.new_weather_hours == 0
    assert weather_sources.fetches(records, "s") == told


def written(tmp_path: Path, *codes: str, name: str = "hours.csv") -> Path:
    path = tmp_path / name
    rows = "".join(f"{code},2026-01-01T0{n}:00:00,{n}\n" for code in codes for n in (1, 2))
    path.write_text(f"code,timestamp,temp_dry_shelter_avg\n{rows}", encoding="utf-8")
    return path


def test_where_imported_hours_come_from_travels_with_them(tmp_path, records, series):
    run(Order(written(tmp_path, "6447"), sites={"6447": "s"}), records, series, NOW_MS)
    weather_sources.assign(records, "s", [Assignment("s", Source.OWN)])
    start_s = at_s("2026-01-01T00:00Z")
    found = sourced_weather(records, series, "s", start_s, start_s + 3600)
    assert found.points.fields["temp_c"].tolist() == [1.0]
    (told,) = found.provenance
    assert (told.source, told.site) == (Source.OWN, "s")
    assert [(one.source, one.station, one.start_s, one.end_s) for one in told.origins] == [
        (Source.FILE, "6447", start_s, start_s + 3600)
    ]


def test_stations_go_to_sites_of_their_own(tmp_path, records, series):
    path = written(tmp_path, "6447", "6414")
    with pytest.raises(ImportRefused, match="stations 6447, 6414 would be mixed at site s"):
        run(Order(path, sites={"": "s"}), records, series, NOW_MS)
    assert len(series.points(WEATHER, {"site": "s"}, 0, 1 << 40).start_s) == 0
    report = run(Order(path, sites={"6447": "s", "6414": "p"}), records, series, NOW_MS)
    assert report.new_weather_hours == 4


def test_another_station_does_not_come_into_hours_that_are_there(tmp_path, records, series):
    run(Order(written(tmp_path, "6447"), sites={"": "s"}), records, series, NOW_MS)
    with pytest.raises(ImportRefused, match="site s has hours of station 6447 of this time"):
        run(Order(written(tmp_path, "6414"), sites={"": "s"}), records, series, NOW_MS)


def test_what_is_not_validated_yet_is_told(records, series):
    case = next(case for case in CASES if case.name == "aws_1hour")
    report = run(Order(case / "observations.csv", sites={"": "s"}), records, series, NOW_MS)
    assert "1 rows are not validated by the institute yet" in report.notes[1]


def test_a_dry_run_writes_nothing_of_it(tmp_path, records, series):
    report = dry_run(Order(written(tmp_path, "6447"), sites={"": "s"}), records, series, NOW_MS)
    assert report.new_weather_hours == 2
    assert weather_sources.fetches(records) == []


def test_the_older_format_name_still_reads_it(tmp_path, records, series):
    report = run(Order(written(tmp_path, "6447"), format="weather", sites={"": "s"}), records, series, NOW_MS)
    assert report.new_weather_hours == 2
