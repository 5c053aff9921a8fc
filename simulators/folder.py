"""A sample centre's past as a canonical folder with index evidence: what `plagewatch import` and `backtest` read."""

import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import numpy as np

from plagewatch.metering.intervals import Seconds
from plagewatch.metering.meters import Meter, MeterFacts
from simulators import registry, truth
from simulators.centre import TIMEZONE, WEATHER_SITE
from simulators.profiles import QUARTER_S
from simulators.registers import Device, Register
from simulators.weather import LATITUDE_DEG, LONGITUDE_DEG
from simulators.world import World

METER_COLUMNS = ("meter", "site", "carrier", "kind", "unit", "interval_s", "timezone", "country", "latitude",
                 "longitude", "note", "digits", "decimals", "multiplier", "max_power_kw")  # fmt: skip
FOLDER_REGISTERS = {"energy_export_total": "export"}  # all others are the meter's `total`


def write(world: World, out: Path) -> None:
    """Write meters.csv, samples.csv.gz, weather.csv.gz and truth.csv, from the world's start up to its anchor.

    Makes the folder; files of these names are replaced. Raises OSError where it cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    _write_meters(world, out / "meters.csv")
    _write_samples(world, out / "samples.csv.gz")
    _write_weather(world, out / "weather.csv.gz")
    with (out / "truth.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(truth.COLUMNS)
        for meter, start_s, end_s, kind, size in truth.rows(world, world.anchor_s):
            table.writerow((meter, _iso(start_s), _iso(end_s), kind, size))


def _write_meters(world: World, path: Path) -> None:
    entries = registry.entries(world)
    facts = {entry.meter: entry for entry in entries if isinstance(entry, MeterFacts)}
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(METER_COLUMNS)
        for meter in entries:
            if not isinstance(meter, Meter) or meter.site == WEATHER_SITE:
                continue
            known = facts[meter.id]
            table.writerow(
                (meter.id, meter.site, meter.carrier.value, meter.kind.value, meter.unit, meter.interval_s, TIMEZONE,
                 "BE", LATITUDE_DEG, LONGITUDE_DEG, meter.name, known.digits, known.decimals, known.multiplier,
                 known.max_power_kw)
            )  # fmt: skip


def _write_samples(world: World, path: Path) -> None:
    at_s = _quarters(world)
    stamps = np.array([_iso(moment_s) for moment_s in at_s.tolist()])
    with _compressed(path) as file:
        file.write("meter,register,at,value\n")
        for device in world.devices:
            if device.id == f"logger-{WEATHER_SITE}":
                continue
            heard = ~world.silent(device, at_s)
            for register in device.registers:
                file.writelines(_sample_lines(world, register, at_s[heard], stamps[heard].tolist()))


def _sample_lines(world: World, register: Register, at_s: Seconds, stamps: list[str]) -> Iterator[str]:
    head = f"{register.meter},{FOLDER_REGISTERS.get(register.word, 'total')},"
    decimals = register.decimals
    for stamp, value in zip(stamps, world.shown(register, at_s).tolist(), strict=True):
        yield f"{head}{stamp},{value:.{decimals}f}\n"


def _write_weather(world: World, path: Path) -> None:
    at_s = _quarters(world)
    shown = {register.word: world.shown(register, at_s) for register in _station(world).registers}
    hours = len(at_s) // 4
    temp_c = shown["temperature"][: hours * 4].reshape(hours, 4).mean(axis=1).tolist()
    ghi_wm2 = shown["irradiance"][: hours * 4].reshape(hours, 4).mean(axis=1).tolist()
    stamps = [_iso(start_s) for start_s in at_s[: hours * 4 : 4].tolist()]
    lines = [f",{start},{temp:.2f},{ghi:.1f}\n" for start, temp, ghi in zip(stamps, temp_c, ghi_wm2, strict=True)]
    with _compressed(path) as file:
        file.write("site,start,temp_c,ghi_wm2\n")
        # The format knows weather of sites that have meters: all of them have the station's.
        for building in world.buildings:
            file.writelines(building.id + line for line in lines)


def _station(world: World) -> Device:
    return next(device for device in world.devices if device.id == f"logger-{WEATHER_SITE}")


def _quarters(world: World) -> Seconds:
    return np.arange(world.start_s, world.anchor_s, QUARTER_S)


@contextmanager
def _compressed(path: Path) -> Iterator[TextIO]:
    # No time and no name in the file's head: the same world writes the same bytes.
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", 4, raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="") as text,
    ):
        yield text


def _iso(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
