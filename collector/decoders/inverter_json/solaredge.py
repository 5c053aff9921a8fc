"""SolarEdge monitoring API (V1): the overview, the power flow, and runs of quarter-hours."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from collector.decoders.door import Refused, shown
from collector.decoders.inverter_json.found import Found, Source
from collector.decoders.modbus_json.moments import moment_ms
from plagewatch.metering.readings import Reason

INTERVALS = ("QUARTER_OF_AN_HOUR", "HOUR")


class Field(NamedTuple):
    """A single value: where it stands, its register, and its unit or the path of its unit."""

    path: Sequence[str]
    register: str
    unit: str | Sequence[str]


# lastYearData, lastMonthData and lastDayData begin anew: they are no running totals.
SINGLES: Sequence[Field] = (
    Field(("overview", "lifeTimeData", "energy"), "solar_energy_total", "Wh"),
    Field(("overview", "currentPower", "power"), "power_active", "W"),
    Field(("siteCurrentPowerFlow", "PV", "currentPower"), "power_active", ("siteCurrentPowerFlow", "unit")),
)
# A date is the beginning of its quarter-hour or hour.
RUNS = {"energy": "energy_interval", "power": "power_active"}
TECHNICAL = {"totalEnergy": ("solar_energy_total", "Wh"), "totalActivePower": ("power_active", "W")}
NOT_READ = ("energyDetails", "powerDetails", "meterEnergyDetails", "timeFrameEnergy")


def is_solaredge(content: Mapping[str, Any]) -> bool:
    """Whether a message is one of the answers that are known here."""
    if any(isinstance(content.get(key), dict) for key in ("overview", "siteCurrentPowerFlow", *NOT_READ)):
        return True
    if isinstance(_at(content, ("data", "telemetries")), list):
        return True
    return any(isinstance(content.get(key), dict) and "timeUnit" in content[key] for key in RUNS)


def read(content: Mapping[str, Any], found: Found) -> None:
    """Readings of one answer. Raises Refused."""
    for name in NOT_READ:
        if name in content:
            found.leave(Reason.UNSAID, f"{name}: amounts of chosen periods, not read")
    overview = content.get("overview")
    updated = overview.get("lastUpdateTime") if isinstance(overview, dict) else None
    at_ms = moment_ms(updated, found.received_ms)  # a local time without a zone: then the receipt
    for field in SINGLES:
        unit = field.unit if isinstance(field.unit, str) else _at(content, field.unit)
        found.add(field.register, _at(content, field.path), unit, Source("", at_ms))
    telemetries = _at(content, ("data", "telemetries"))
    if isinstance(telemetries, list):
        _technical(telemetries, found)
    for name, register in RUNS.items():
        run = content.get(name)
        if isinstance(run, dict) and isinstance(run.get("values"), list):
            _run(name, register, run, found)


def _technical(telemetries: Sequence[Any], found: Found) -> None:
    """The technical data of one inverter, each with its moment."""
    without_zone = 0
    for one in telemetries:
        try:
            at_ms = moment_ms(one.get("date"), found.received_ms) if isinstance(one, dict) else None
        except Refused as refused:
            found.left_out.append(refused.left_out)
            continue
        if at_ms is None:
            without_zone += 1
            continue
        for name, (register, unit) in TECHNICAL.items():
            found.add(register, one.get(name), unit, Source("", at_ms))
    if without_zone:
        detail = f"telemetries: {without_zone} of {len(telemetries)}, local time without a zone"
        found.leave(Reason.MALFORMED, detail)


def _run(name: str, register: str, run: Mapping[str, Any], found: Found) -> None:
    booked = run.get("timeUnit") in INTERVALS
    without_zone = 0
    for one in run["values"]:
        if not isinstance(one, dict):
            found.leave(Reason.MALFORMED, f"{name}: {shown(one)}")
            continue
        try:
            at_ms = moment_ms(one.get("date"), found.received_ms)
        except Refused as refused:
            found.left_out.append(refused.left_out)
            continue
        if at_ms is None:
            without_zone += 1
        elif booked:
            found.add(register, one.get("value"), run.get("unit"), Source("", at_ms))
        else:
            found.add_field(f"{name}_{shown(run.get('timeUnit'))}", one.get("value"), Source("", at_ms))
    if without_zone:
        detail = f"{name}: {without_zone} of {len(run['values'])} values, local time without a zone"
        found.leave(Reason.MALFORMED, detail)


def _at(content: object, path: Sequence[str]) -> object:
    for key in path:
        content = content.get(key) if isinstance(content, dict) else None
    return content
