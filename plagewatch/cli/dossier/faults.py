"""Faults put into real meters, written as a set of their own, replayed, and what became of them."""

import csv
import gzip
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from plagewatch.cli.dossier import labelled_sets
from plagewatch.cli.dossier.labelled_sets import METERS, READINGS, LabelledSet, Span
from plagewatch.cli.dossier.replaying import Replayed, in_store, replay
from plagewatch.metering.intervals import Floats
from plagewatch.validation.injecting import (
    Case,
    Outcome,
    Plan,
    Quiet,
    Read,
    cases,
    injected,
    outcomes,
    quiet,
    summed,
    touching,
)
from plagewatch.validation.scoring import Told

BESIDE = ("weather.csv.gz", "calendar.csv")


@dataclass(frozen=True, slots=True)
class Injected:
    """What became of injected faults. title: of which meters."""

    title: str
    plan: Plan
    outcomes: Sequence[Outcome]
    quiet: Sequence[Quiet]
    replayed: Replayed


@dataclass(frozen=True, slots=True)
class Cold:
    """A spell of cold and the rules that told something in it."""

    span: Span
    rules: Sequence[str]


def with_faults(found: LabelledSet, title: str, plan: Plan, together: int = 1) -> Injected:
    """Every meter as it is, and beside it a twin for each fault. together: so many meters are added up first."""
    read = labelled_sets.readings(found)
    step_s = min(found.step_s(meter) for meter in read)
    rows = {meter: dict(found.meters[meter]) for meter in read}
    if together > 1:
        first = next(iter(rows.values()))
        read = summed(read, together, step_s)
        rows = {name: {**first, "meter": name, "site": name, "note": ""} for name in read}
    planned = cases(read, step_s, plan)
    with tempfile.TemporaryDirectory(prefix="plagewatch-validate-") as folder:
        _write(Path(folder), rows, read, planned, plan)
        if together == 1:
            _write_beside(found.folder, Path(folder), _sites(rows, planned))
        with in_store(Path(folder)) as opened:
            replayed = replay(opened)
    still = [
        quiet(meter, start_s, replayed.tickets.get(meter, ()), plan.after_days)
        for meter, (start_s, _) in read.items()
        if any(case.meter == meter for case in planned)
    ]
    return Injected(title, plan, outcomes(planned, replayed.tickets, plan), still, replayed)


def fitting(plan: Plan, found: LabelledSet) -> Plan:
    """The plan, judged from an earlier day on where the set is too short for it."""
    read = labelled_sets.readings(found)
    longest_days = max((int(start_s[-1] - start_s[0]) // 86_400 for start_s, _ in read.values()), default=0)
    needed_days = plan.after_days + plan.margin_days + plan.days + plan.rest_days
    if longest_days > needed_days:
        return plan
    return replace(plan, after_days=200, starts=8)


def in_cold(found: LabelledSet, replayed: Replayed) -> list[Cold]:
    """Which rules told something in each spell of cold."""
    return [
        Cold(span, sorted({each.rule for each in _of_span(replayed, span, found.step_s(span.meter))}))
        for span in labelled_sets.cold_runs(found)
    ]


def _of_span(replayed: Replayed, span: Span, step_s: int) -> Sequence[Told]:
    return touching(replayed.tickets.get(span.meter, ()), span.start_s, span.end_s, step_s)


def _sites(rows: Mapping[str, Mapping[str, str]], planned: Sequence[Case]) -> dict[str, str]:
    """New site -> the site whose weather it has."""
    known = {row["site"]: row["site"] for row in rows.values()}
    return known | {case.twin: rows[case.meter]["site"] for case in planned}


def _write(
    folder: Path, rows: Mapping[str, Mapping[str, str]], read: Mapping[str, Read], planned: Sequence[Case], plan: Plan
) -> None:
    """Each twin stands on a site of its own, so that it cannot be compared with its untouched twin; neighbours come."""
    with (
        (folder / METERS).open("w", newline="", encoding="utf-8") as file,
        gzip.open(folder / READINGS, "wt", compresslevel=1, newline="", encoding="utf-8") as packed,
    ):
        meters = csv.DictWriter(file, list(next(iter(rows.values()))))
        meters.writeheader()
        packed.write("meter,start,value\n")
        texts = {meter: np.datetime_as_string(start_s.astype("datetime64[s]")) for meter, (start_s, _) in read.items()}

        def put(meter: str, name: str, site: str, amount: Floats) -> None:
            meters.writerow({**rows[meter], "meter": name, "site": site})
            packed.writelines(
                f"{name},{at}Z,{value:.10g}\n" for at, value in zip(texts[meter], amount.tolist(), strict=True)
            )

        for meter, (_, amount) in read.items():
            put(meter, meter, rows[meter]["site"], amount)
        for case in planned:
            row = rows[case.meter]
            litre = 0.001 if row["unit"] == "m3" else 1.0
            changed = injected(read[case.meter], case, plan.fault, litre, int(row["interval_s"]))
            put(case.meter, case.twin, case.twin, changed)
            for other in read:
                if other != case.meter and rows[other]["site"] == row["site"] and row["carrier"] == "solar":
                    put(other, f"{other}@{case.twin}", case.twin, read[other][1])


def _write_beside(source: Path, folder: Path, sites: Mapping[str, str]) -> None:
    """Weather and calendar of the new sites."""
    for name in BESIDE:
        if not (source / name).is_file():
            continue
        rows = list(labelled_sets.rows(source / name))
        packed = name.endswith(".gz")
        with (
            gzip.open(folder / name, "wt", newline="", encoding="utf-8")
            if packed
            else (folder / name).open("w", newline="", encoding="utf-8") as file
        ):
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            for new, old in sites.items():
                writer.writerows({**row, "site": new} for row in rows if row["site"] == old)
