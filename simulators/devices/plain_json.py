"""Packets of a plain-JSON datalogger, written from its published format and from nothing else.

Topic `loggers/<device>/readings`; a JSON object with either the values of one moment or frames of evenly spaced ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

LOGGER_WORDS: Mapping[str, str] = {
    "energy_import_total": "electricity_index",
    "energy_export_total": "injection_index",
    "solar_energy_total": "pv_index",
    "gas_volume": "gas_index",
    "water_volume": "water_index",
    "temperature": "outdoor_temperature",
    "irradiance": "irradiance",
}
"""The logger's word for each register that the sample centre has."""

LOGGER_UNITS: Mapping[str, str] = {"kWh": "kWh", "m3": "m3", "°C": "degC", "W/m2": "W/m2"}


@dataclass(frozen=True, slots=True)
class Column:
    """Values of one register at evenly spaced moments. register, unit: the registry's words; None = not read."""

    register: str
    unit: str
    values: Sequence[float | None]


def topic(device: str) -> str:
    """Where the logger publishes."""
    return f"loggers/{device}/readings"


def frames(start_s: int, step_s: int, columns: Sequence[Column]) -> bytes:
    """One packet with a frame for each register, as a logger sends what it gathered in a day.

    >>> frames(1_795_176_000, 900, [Column("water_volume", "m3", [1.0, None])]).decode()
    '{"frames":[{"register":"water_index","unit":"m3","start":"2026-11-20T12:00:00Z","step_s":900,"values":[1.0,null]}]}'
    """
    start = _iso(start_s)
    return orjson.dumps(
        {
            "frames": [
                {
                    "register": LOGGER_WORDS[column.register],
                    "unit": LOGGER_UNITS[column.unit],
                    "start": start,
                    "step_s": step_s,
                    "values": column.values,
                }
                for column in columns
            ]
        }
    )


def moment(at_s: int, columns: Sequence[Column]) -> bytes:
    """One packet with the value of each register at one moment; each column has one value.

    >>> moment(1_795_176_000, [Column("temperature", "°C", [4.5])]).decode()
    '{"at":"2026-11-20T12:00:00Z","registers":{"outdoor_temperature":{"value":4.5,"unit":"degC"}}}'
    """
    registers = {
        LOGGER_WORDS[column.register]: {"value": column.values[0], "unit": LOGGER_UNITS[column.unit]}
        for column in columns
    }
    return orjson.dumps({"at": _iso(at_s), "registers": registers})


def _iso(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
