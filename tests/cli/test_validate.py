"""`validate` over invented sets: what is labelled is scored, and the report stands."""

import csv
import gzip
import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tests.rules.invented import HOUR_S, START_S, household_water, office_load

HEAD = [
    "meter",
    "site",
    "carrier",
    "kind",
    "unit",
    "interval_s",
    "timezone",
    "country",
    "latitude",
    "longitude",
    "note",
]


def a_set(folder: Path, carrier: str, unit: str, meters: dict[str, np.ndarray], labels: dict[str, set[int]]) -> None:
    """A set of hourly meters, each on a site of its own; labels: abnormal hours by meter."""
    folder.mkdir(parents=True)
    with (folder / "meters.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEAD)
        rows.writerows([m, f"site of {m}", carrier, "interval", unit, 3600, "UTC", "", "", "", ""] for m in meters)
    at = {m: [f"{np.datetime64(START_S + n * HOUR_S, 's')}Z" for n in range(len(load))] for m, load in meters.items()}
    with gzip.open(folder / "readings.csv.gz", "wt") as packed:
        packed.write("meter,start,value\n")
        packed.writelines(f"{m},{at[m][n]},{v:.6f}\n" for m, load in meters.items() for n, v in enumerate(load))
    if labels:
        with gzip.open(folder / "labels.csv.gz", "wt") as packed:
            packed.write("meter,start,anomaly\n")
            packed.writelines(f"{m},{t},{int(n in labels[m])}\n" for m in labels for n, t in enumerate(at[m]))


def test_a_report_of_two_sets(run, tmp_path: Path) -> None:
    first, second = office_load(90), office_load(90, seed=5)
    first[2000:2012] *= 3
    second[1900:1912] *= 3
    labels = {"one": set(range(2000, 2012)), "two": set(range(1900, 1912))}
    a_set(tmp_path / "sets" / "offices", "electricity", "kWh", {"one": first, "two": second}, labels)
    a_set(tmp_path / "sets" / "taps", "water", "m3", {"tap": household_water(90)}, {})
    told = run("validate", "sets", "--out", "report")
    assert told.returncode == 0, told.stderr + told.stdout
    figures = {each["what"]: each for each in json.loads((tmp_path / "report" / "figures.json").read_text())}
    assert figures["electricity, event F1"] == {"what": "electricity, event F1", "value": 1.0, "verdict": "reached"}
    assert figures["electricity, event F1, held out"]["value"] == 1.0
    assert figures["water single, 2 l/h found"]["value"] == 1.0
    page = (tmp_path / "report" / "validation.html").read_text()
    assert "<script" not in page
    assert page.count("<svg") == 3
    assert "site of one" in page
    text = (tmp_path / "report" / "validation.md").read_text()
    assert "| unusual_load | electricity | 2 |" in text
    assert "| offices | one | unusual_load 1 |" in text
    # The tap is dry every night: no rule tells anything of it as it is, the simple one tells nothing either.
    assert "| no dry hour in 24 h | 0 | 0.00" in text
    assert "Without any ticket: 1 of 1 meters of taps." in text
    assert "lets these rules judge, so nothing is said of them:" in text
    assert ("`peers` is not installed" in text) == (find_spec("camber") is None or find_spec("pyod") is None)
    assert (tmp_path / "report" / "detectors.svg").is_file()


def test_a_goal_that_is_missed_ends_with_1_and_is_marked(run, tmp_path: Path) -> None:
    load = office_load(90)
    load[2000:2012] *= 3
    # What is labelled abnormal is nothing that anybody could see, what can be seen is not labelled.
    labels = {name: set(range(1800, 1812)) for name in ("one", "two")}
    a_set(tmp_path / "offices", "electricity", "kWh", {"one": load, "two": office_load(90, seed=5)}, labels)
    told = run("validate", "offices", "--out", "report")
    assert told.returncode == 1, told.stderr
    assert "missed" in told.stdout
    assert "class=bad" in (tmp_path / "report" / "validation.html").read_text()


def test_a_set_that_cannot_be_read_is_named(run, tmp_path: Path) -> None:
    a_set(tmp_path / "sets" / "offices", "electricity", "kWh", {"one": office_load(60)}, {"one": {1400}})
    (tmp_path / "sets" / "offices" / "labels.csv.gz").write_bytes(b"not packed")
    told = run("validate", "sets", "--out", "report")
    assert told.returncode == 2
    assert "labels.csv.gz cannot be read" in told.stderr


def test_one_site_cannot_be_held_out(run, tmp_path: Path) -> None:
    a_set(tmp_path / "offices", "electricity", "kWh", {"one": office_load(60)}, {"one": {1400}})
    told = run("validate", "offices", "--out", "report")
    assert told.returncode == 2
    assert "to hold one out" in " ".join(told.stderr.split())
