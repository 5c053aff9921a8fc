"""A file of any length needs the same memory."""

import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest

from collector.imports.evidence import FLUSH_VALUES
from collector.imports.importing import Order, run
from plagewatch.metering.meters import Carrier, Kind, Meter, Site
from plagewatch.store.records.registry import save

NOW_MS = 1_795_169_702_000
EANS = {"m0": "541448920000000012", "m1": "541448920000000029"}
QUARTERS = 15_000


def canonical(folder, meters):
    folder.mkdir()
    with (folder / "meters.csv").open("w") as file:
        file.write("meter,site,carrier,kind,unit,interval_s,timezone\n")
        file.writelines(f"m{n},s,electricity,interval,kWh,900,UTC\n" for n in range(meters))
    stamps = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * n) for n in range(QUARTERS)]
    texts = [stamp.strftime("%Y-%m-%dT%H:%M:%SZ") for stamp in stamps]
    with (folder / "readings.csv").open("w") as file:
        file.write("meter,start,value\n")
        file.writelines(f"m{n},{text},1.5\n" for n in range(meters) for text in texts)
    return folder


def sibelga(path, meters):
    start = datetime(2025, 1, 1)  # noqa: DTZ001 - what the wall clock shows
    slots = [(start + timedelta(minutes=15 * n)).strftime("%d/%m/%Y;%H:%M") for n in range(QUARTERS)]
    with path.open("w") as file:
        for n in range(meters):
            ean = EANS[f"m{n % 2}"]
            file.writelines(f"{ean};15;Electricity;A+;{slot};1.5;kWh;01\n" for slot in slots)
    return path


def peak_bytes(path, engine, series):
    tracemalloc.start()
    try:
        report = run(Order(path), engine, series, NOW_MS)
        return tracemalloc.get_traced_memory()[1], report
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("make", [canonical, sibelga])
def test_twice_the_rows_need_no_more_memory(tmp_path, engine, series, make):
    assert 4 * QUARTERS > FLUSH_VALUES  # both files are written in several blocks
    save(engine, [Site("s", "s")])
    if make is sibelga:
        meters = (Meter(m, "s", m, Carrier.ELECTRICITY, Kind.INTERVAL, "kWh", 900, ean=e) for m, e in EANS.items())
        save(engine, meters)
    short, report = peak_bytes(make(tmp_path / "short", 4), engine, series)
    assert report.samples >= 2 * QUARTERS
    long, report = peak_bytes(make(tmp_path / "long", 8), engine, series)
    assert (report.left_out.get("malformed"), report.samples) == (None, 8 * QUARTERS - _spring(make))
    assert long < short * 1.2


def _spring(make):
    return 8 * 4 if make is sibelga else 0  # the hour that March leaves out
