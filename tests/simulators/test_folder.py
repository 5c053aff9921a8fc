import csv
import gzip
from datetime import datetime

import numpy as np
import pytest

from simulators import folder
from simulators.world import World


@pytest.fixture(scope="module")
def written(tmp_path_factory, now_s):
    world = World.make(now_s, months=1, seed=3, buildings=5)
    out = tmp_path_factory.mktemp("folder") / "made"
    folder.write(world, out)
    return world, out


def read(path):
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(content.decode().splitlines()))


def seconds(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).timestamp())


def test_samples_are_the_registers_as_shown(written):
    world, out = written
    rows = read(out / "samples.csv.gz")
    words = {"total": {"energy_import_total", "solar_energy_total", "gas_volume", "water_volume"},
             "export": {"energy_export_total"}}  # fmt: skip
    for row in rows[::1999]:
        register = next(r for r in world.registers() if r.meter == row["meter"] and r.word in words[row["register"]])
        assert float(row["value"]) == world.shown(register, np.array([seconds(row["at"])]))[0]
    assert {row["meter"] for row in rows} == {row["meter"] for row in read(out / "meters.csv")}
    # The silent logger's last hours are no rows.
    last = max(seconds(row["at"]) for row in rows if row["meter"] == "ant-parc.water")
    assert world.anchor_s - 31 * 3600 < last < world.anchor_s - 30 * 3600


def test_meters_weather_and_truth_have_their_columns(written):
    world, out = written
    meters = read(out / "meters.csv")
    assert len(meters) == 5 * 3 + 2
    assert {row["kind"] for row in meters} == {"index"}
    weather = read(out / "weather.csv.gz")
    assert list(weather[0]) == ["site", "start", "temp_c", "ghi_wm2"]
    assert {row["site"] for row in weather} == {row["site"] for row in meters}
    starts = [seconds(row["start"]) for row in weather if row["site"] == "wzc-eik"]
    assert np.diff(starts).tolist() == [3600] * (len(starts) - 1)
    assert all(-20 < float(row["temp_c"]) < 40 for row in weather)
    truth = read(out / "truth.csv")
    assert {(row["meter"], row["kind"]) for row in truth} == {
        ("mrs-tournesol.water", "leak"),
        ("ant-parc.gas", "silent"),
        ("ant-parc.water", "silent"),
    }


def test_the_same_world_writes_the_same_bytes(written, tmp_path):
    world, out = written
    folder.write(world, tmp_path)
    for path in sorted(out.iterdir()):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
