"""Weather files: our own columns, and the open data of the Royal Meteorological Institute with its published names."""

import numpy as np
import pytest

from collector.imports.importing import ImportRefused, Order, run
from plagewatch.metering.meters import Site
from plagewatch.metering.readings import Reason
from plagewatch.store.names import WEATHER
from plagewatch.store.records.registry import save

NOW_MS = 1_795_169_702_000
NEW_YEAR_S = 1_767_225_600  # 2026-01-01T00:00Z


@pytest.fixture
def registry(engine):
    save(engine, [Site("s", "School"), Site("p", "Pool")])
    return engine


def imported(tmp_path, text, registry, series, **sites):
    path = tmp_path / "weather.csv"
    path.write_text(text, encoding="utf-8")
    return run(Order(path, sites={name.strip("_"): site for name, site in sites.items()}), registry, series, NOW_MS)


def hours(series, site, field="temp_c"):
    points = series.points(WEATHER, {"site": site}, 0, 1 << 40)
    return dict(zip(((points.start_s - NEW_YEAR_S) // 3600).tolist(), points.fields[field].tolist(), strict=True))


def test_our_own_columns_name_their_site(tmp_path, registry, series):
    text = (
        "site,start,temp_c,ghi_wm2\ns,2026-01-01T00:00:00Z,1,0\np,2026-01-01T00:00:00Z,2,\nx,2026-01-01T00:00:00Z,3,\n"
    )
    report = imported(tmp_path, text, registry, series)
    assert (report.format, report.new_weather_hours, report.left_out) == ("weather", 2, {Reason.UNKNOWN_DEVICE: 1})
    assert (hours(series, "s"), hours(series, "s", "ghi_wm2"), hours(series, "p")) == ({0: 1.0}, {0: 0.0}, {0: 2.0})
    assert imported(tmp_path, text, registry, series).new_weather_hours == 0


RMI = "FID,the_geom,code,timestamp,precip_quantity,temp_dry_shelter_avg,humidity_rel_shelter_avg,"
RMI += "short_wave_from_sky_avg\n"


def test_ten_minutes_of_the_institute_end_at_their_stamp(tmp_path, registry, series):
    # The mean over the ten minutes before 01:00 belongs to the hour from 00:00 on.
    rows = "".join(
        f"aws.{n},POINT (50.8 4.36),6447,2026-01-01T{n // 6:02}:{n % 6 * 10:02}:00,0,{n},80,\n" for n in range(1, 13)
    )
    report = imported(tmp_path, RMI + rows, registry, series, _="s")
    assert hours(series, "s") == {0: 3.5, 1: 9.5}  # means of 1 to 6 and of 7 to 12
    assert hours(series, "s", "humidity_pct") == {0: 80.0, 1: 80.0}
    assert np.isnan(hours(series, "s", "ghi_wm2")[0])
    assert "end of what they are the mean of" in report.notes[0]


def test_a_file_of_several_stations_needs_each_site(tmp_path, registry, series):
    text = f"{RMI}a,,6447,2026-01-01T01:00:00,0,1,,\nb,,6414,2026-01-01T01:00:00,0,9,,\n"
    report = imported(tmp_path, text, registry, series, _6447="s")
    assert (hours(series, "s"), report.left_out) == ({0: 1.0}, {Reason.UNKNOWN_DEVICE: 1})
    assert "there is no site 6414: say which with --site 6414=SITE" in report.examples[0]


def test_what_another_source_measured_stays(tmp_path, registry, series):
    imported(tmp_path, "site,start,temp_c,ghi_wm2\ns,2026-01-01T00:00:00Z,1,250\n", registry, series)
    imported(tmp_path, "site,start,temp_c\ns,2026-01-01T00:00:00Z,2\n", registry, series)
    assert (hours(series, "s"), hours(series, "s", "ghi_wm2")) == ({0: 2.0}, {0: 250.0})


def test_daily_means_fill_their_day_and_bad_cells_cost_themselves(tmp_path, registry, series):
    text = "code,timestamp,temp_avg\n6447,2026-01-01T00:00:00,5\n6447,2026-01-02T00:00:00,cold\n6447,2026-01-03,7\n"
    report = imported(tmp_path, text, registry, series, _="s")
    found = hours(series, "s")
    assert [found[hour] for hour in (0, 23, 48, 71)] == [5.0, 5.0, 7.0, 7.0]
    assert np.isnan(found[24])
    assert report.left_out == {Reason.NOT_A_NUMBER: 1}


def test_months_are_too_coarse(tmp_path, registry, series):
    text = "site,start,temp_c\ns,2026-01-01T00:00:00Z,1\ns,2026-02-01T00:00:00Z,1\n"
    with pytest.raises(ImportRefused, match="daily is the coarsest"):
        imported(tmp_path, text, registry, series)
