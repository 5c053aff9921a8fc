"""A set of our own beside a real one: meters as they are, and a twin of each with a fault in it, as files to import."""

import csv
import gzip
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from plagewatch.cli.dossier import labelled_sets
from plagewatch.cli.dossier.labelled_sets import METERS, READINGS
from plagewatch.cli.dossier.replaying import Replayed, in_store, replay
from plagewatch.validation.injecting import Case, Read

BESIDE = ("weather.csv.gz", "calendar.csv")


@dataclass(frozen=True, slots=True)
class Twins:
    """What is written: rows of meters.csv and readings by meter, cases and the readings of their twins.

    beside: folder whose weather and calendar count, None = none. apart: whether each twin stands on a site of its own,
    where it cannot be compared with its untouched twin; neighbours of a plant come along. weather_of: site -> the site
    whose weather it has, where that is another one.
    """

    rows: Mapping[str, Mapping[str, str]]
    read: Mapping[str, Read]
    planned: Sequence[Case]
    changed: Mapping[str, Read]
    beside: Path | None = None
    apart: bool = True
    weather_of: Mapping[str, str] = field(default_factory=dict)
    _texts: dict[bytes, list[str]] = field(init=False, default_factory=dict)

    def replayed(self) -> Replayed:
        """What the live rules say of all of them."""
        with self._written() as folder, in_store(folder) as opened:
            return replay(opened)

    @contextmanager
    def _written(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="plagewatch-validate-") as name:
            folder = Path(name)
            with (
                (folder / METERS).open("w", newline="", encoding="utf-8") as file,
                gzip.open(folder / READINGS, "wt", compresslevel=1, newline="", encoding="utf-8") as packed,
            ):
                meters = csv.DictWriter(file, list(next(iter(self.rows.values()))))
                meters.writeheader()
                packed.write("meter,start,value\n")
                for row, read in self._meters():
                    meters.writerow(row)
                    packed.writelines(self._lines(row["meter"], read))
            if self.beside is not None:
                _write_beside(self.beside, folder, self._sites())
            yield folder

    def _meters(self) -> Iterator[tuple[Mapping[str, str], Read]]:
        for meter, read in self.read.items():
            yield self.rows[meter], read
        for case in self.planned:
            row = self.rows[case.meter]
            yield {**row, "meter": case.twin, "site": case.twin if self.apart else row["site"]}, self.changed[case.twin]
            if self.apart and row["carrier"] == "solar":
                for other in self.read:
                    if other != case.meter and self.rows[other]["site"] == row["site"]:
                        beside = {**self.rows[other], "meter": f"{other}@{case.twin}", "site": case.twin}
                        yield beside, self.read[other]

    def _lines(self, meter: str, read: Read) -> Iterator[str]:
        key = read[0].tobytes()  # twins mostly have the hours of their meter
        if key not in self._texts:
            self._texts.clear()
            self._texts[key] = np.datetime_as_string(read[0].astype("datetime64[s]")).tolist()
        for at, value in zip(self._texts[key], read[1].tolist(), strict=True):
            yield f"{meter},{at}Z,{value:.10g}\n"

    def _sites(self) -> dict[str, str]:
        """Site -> the site whose weather it has."""
        known = {row["site"]: self.weather_of.get(row["site"], row["site"]) for row in self.rows.values()}
        if not self.apart:
            return known
        return known | {case.twin: known[self.rows[case.meter]["site"]] for case in self.planned}


def _write_beside(source: Path, folder: Path, sites: Mapping[str, str]) -> None:
    """Weather and calendar of the new sites."""
    for name in BESIDE:
        if not (source / name).is_file():
            continue
        rows = list(labelled_sets.rows(source / name))
        packed = name.endswith(".gz")
        with (
            gzip.open(folder / name, "wt", compresslevel=1, newline="", encoding="utf-8")
            if packed
            else (folder / name).open("w", newline="", encoding="utf-8") as file
        ):
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            for new, old in sites.items():
                writer.writerows({**row, "site": new} for row in rows if row["site"] == old)
