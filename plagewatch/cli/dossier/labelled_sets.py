"""Sets of data with the truth beside them. Only here is the truth opened: no rule, page or mail ever sees it."""

import csv
import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from plagewatch.validation.injecting import Read
from plagewatch.validation.scoring import Labelled

METERS, READINGS = "meters.csv", "readings.csv.gz"
LABELS, COLD_RUNS, WEATHER = "labels.csv.gz", "cold_runs.csv", "weather.csv.gz"


class NoSet(Exception):
    """A folder is no set, or a file of it cannot be read; the sentence says which."""


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """One set. meters: row of meters.csv by meter."""

    name: str
    folder: Path
    meters: Mapping[str, Mapping[str, str]]

    @property
    def carriers(self) -> frozenset[str]:
        """Carriers of its meters."""
        return frozenset(row["carrier"] for row in self.meters.values())

    def step_s(self, meter: str) -> int:
        """Length of a meter's intervals [s]."""
        return int(self.meters[meter]["interval_s"])

    def holds(self, name: str) -> bool:
        """Whether a file lies in it."""
        return (self.folder / name).is_file()


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one meter's time, [start_s, end_s), seconds since 1970 UTC."""

    meter: str
    start_s: int
    end_s: int


def sets_in(folder: Path) -> list[LabelledSet]:
    """The sets in a folder, which may be one itself, in order of name. Raises NoSet where there is none."""
    folders = [folder] if (folder / METERS).is_file() else sorted(each.parent for each in folder.glob(f"*/{METERS}"))
    if not folders:
        raise NoSet(f"{folder} holds no set: neither {METERS} nor a folder with one.")
    return [
        LabelledSet(each.resolve().name, each, {row["meter"]: row for row in rows(each / METERS)}) for each in folders
    ]


def readings(found: LabelledSet) -> dict[str, Read]:
    """Starts [s] and amounts of the intervals of each meter, ascending; what is blank is no reading."""
    return _columns(found.folder / READINGS, "value")


def labels(found: LabelledSet) -> dict[str, Labelled]:
    """The labelled hours of each meter."""
    read = _columns(found.folder / LABELS, "anomaly")
    return {meter: Labelled(start_s, value == 1) for meter, (start_s, value) in read.items()}


def weather(found: LabelledSet, column: str) -> dict[str, Read]:
    """Starts [s] and values of a column of the weather of each site; empty where there is none."""
    return _columns(found.folder / WEATHER, column, "site") if found.holds(WEATHER) else {}


def cold_runs(found: LabelledSet) -> list[Span]:
    """Spells of cold in which a ticket is wrong."""
    return [Span(row["meter"], _seconds(row["start"]), _seconds(row["end"])) for row in rows(found.folder / COLD_RUNS)]


def _columns(path: Path, column: str, of: str = "meter") -> dict[str, Read]:
    starts: dict[str, list[str]] = {}
    values: dict[str, list[float]] = {}
    for row in rows(path):
        if row.get(column):
            starts.setdefault(row[of], []).append(row["start"].removesuffix("Z"))
            values.setdefault(row[of], []).append(float(row[column]))
    read = {name: np.array(texts, "datetime64[s]").astype(np.int64) for name, texts in starts.items()}
    orders = {name: np.argsort(start_s, kind="stable") for name, start_s in read.items()}
    return {name: (read[name][order], np.array(values[name])[order]) for name, order in orders.items()}


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a CSV file, packed or not. Raises NoSet where it cannot be read."""
    try:
        packed = path.suffix == ".gz"
        with (
            gzip.open(path, "rt", newline="", encoding="utf-8")
            if packed
            else path.open(newline="", encoding="utf-8") as file
        ):
            yield from csv.DictReader(file)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise NoSet(f"{path} cannot be read: {error}.") from error


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
