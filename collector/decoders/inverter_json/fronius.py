"""Fronius Solar API V1: what the push service sends and what the requests answer."""

from collections.abc import Mapping
from typing import Any

from collector.decoders.door import Refused, plausible, shown
from collector.decoders.inverter_json.found import Found, Source
from collector.decoders.modbus_json.moments import decimal, moment_ms
from plagewatch.metering.readings import Reason

# Fields with a unit of their own (CommonInverterData, CumulationInverterData). DAY_ENERGY and YEAR_ENERGY begin anew.
INVERTER: Mapping[str, str] = {"TOTAL_ENERGY": "solar_energy_total", "PAC": "power_active"}

# Fields whose unit stands in the documentation only.
FLOW_INVERTER = {"E_Total": ("solar_energy_total", "Wh"), "P": ("power_active", "W")}
FLOW_SITE = {
    "E_Total": ("solar_energy_total", "Wh"),
    "P_PV": ("power_active", "W"),
    "P_Grid": ("power_active.grid", "W"),
}
METER: Mapping[str, tuple[str, str]] = {
    "EnergyReal_WAC_Sum_Consumed": ("energy_import_total", "Wh"),
    "EnergyReal_WAC_Sum_Produced": ("energy_export_total", "Wh"),
    "SMARTMETER_ENERGYACTIVE_CONSUMED_SUM_F64": ("energy_import_total", "Wh"),
    "SMARTMETER_ENERGYACTIVE_PRODUCED_SUM_F64": ("energy_export_total", "Wh"),
    "PowerReal_P_Sum": ("power_active", "W"),
    "SMARTMETER_POWERACTIVE_MEAN_SUM_F64": ("power_active", "W"),
    **{f"EnergyReal_WAC_Phase_{n}_Consumed": (f"energy_import_total.l{n}", "Wh") for n in (1, 2, 3)},
    **{f"EnergyReal_WAC_Phase_{n}_Produced": (f"energy_export_total.l{n}", "Wh") for n in (1, 2, 3)},
    **{f"PowerReal_P_Phase_{n}": (f"power_active.l{n}", "W") for n in (1, 2, 3)},
}
DEVICE_KEYS = ("DeviceId", "DeviceIndex")  # V1, V0
HEATER_MARK = "CodeOfState"  # an Ohmpilot: it answers like a meter and has the number 0 too
LOCATION_KEYS = ("Meter_Location_Current", "SMARTMETER_VALUE_LOCATION_U16")
GRID_LOCATION = 0  # also where a meter does not tell its place
GENERATOR_LOCATION = 3  # a meter at another generator: what it produces is no injection

# Channels of an archive that are readings; the others of energy are amounts whose stamp is not said.
ARCHIVE: Mapping[str, str] = {
    "EnergyReal_WAC_Plus_Absolute": "energy_import_total",
    "EnergyReal_WAC_Minus_Absolute": "energy_export_total",
    "PowerReal_PAC_Sum": "power_active",
}


def is_fronius(content: Mapping[str, Any]) -> bool:
    """Whether a message has the two parts of every Fronius answer; some bridges pass on the second one only."""
    return isinstance(content.get("Head", {}), dict) and isinstance(content.get("Body"), dict)


def read(content: Mapping[str, Any], found: Found) -> None:
    """Readings of one answer. Raises Refused where the device reports an error instead of data."""
    head, body = content.get("Head", {}), content["Body"]
    status = head.get("Status")
    code = status.get("Code") if isinstance(status, dict) else None
    if "Head" in content and code != 0:
        raise Refused(Reason.FLAGGED, f"Head.Status.Code = {shown(code)}")
    at_ms = moment_ms(head.get("Timestamp"), found.received_ms)
    data = body["Data"] if isinstance(body.get("Data"), dict) else body
    arguments = head["RequestArguments"] if isinstance(head.get("RequestArguments"), dict) else {}
    if isinstance(data.get("Inverters"), dict):
        _flow(data, found, at_ms)
    elif any(isinstance(part, dict) and isinstance(part.get("Data"), dict) for part in data.values()):
        _archive(data, arguments, found)
    else:
        asked = next((str(arguments[key]) for key in DEVICE_KEYS if key in arguments), "")
        _common(data, asked, found, at_ms)
        _meters(data, asked or "0", found, at_ms)


def _common(data: Mapping[str, Any], device_id: str, found: Found, at_ms: int | None) -> None:
    for name, register in INVERTER.items():
        field = data.get(name)
        if not isinstance(field, dict):
            continue
        values = field["Values"] if isinstance(field.get("Values"), dict) else {device_id: field.get("Value")}
        for channel, value in values.items():
            found.add(register, value, field.get("Unit"), Source(channel, at_ms))


def _flow(data: Mapping[str, Any], found: Found, at_ms: int | None) -> None:
    # Rounded otherwise than TOTAL_ENERGY of the same inverter: a series of its own, lest the two go to and fro.
    parts = {f"flow_{channel}": (part, FLOW_INVERTER) for channel, part in data["Inverters"].items()}
    for channel, (part, fields) in {**parts, "flow": (data.get("Site"), FLOW_SITE)}.items():
        for name, (register, unit) in fields.items():
            if isinstance(part, dict):
                found.add(register, part.get(name), unit, Source(channel, at_ms))


def _meters(data: Mapping[str, Any], device_id: str, found: Found, at_ms: int | None) -> None:
    whole = any(name in data for name in METER)
    for channel, meter in {device_id: data}.items() if whole else data.items():
        if not isinstance(meter, dict):
            continue
        details = meter.get("Details")
        serial = details.get("Serial") if isinstance(details, dict) else None
        own_ms = moment_ms(meter.get("TimeStamp"), found.received_ms) or at_ms
        kind = "ohmpilot" if HEATER_MARK in meter else "meter"
        source = Source(f"{kind}_{channel}", own_ms, serial if isinstance(serial, str) and serial else None)
        location = next((decimal(meter[key]) for key in LOCATION_KEYS if key in meter), GRID_LOCATION)
        for name, (register, unit) in METER.items():
            if location == GENERATOR_LOCATION:
                register = register.replace("energy_export_total", "solar_energy_total")
            if location is None and register.startswith("energy_export"):
                found.add_field(name, meter.get(name), source)  # fed back or produced, the meter does not say
            else:
                found.add(register, meter.get(name), unit, source)


def _archive(data: Mapping[str, Any], arguments: Mapping[str, Any], found: Found) -> None:
    for node, part in data.items():
        if not isinstance(part, dict) or not isinstance(part.get("Data"), dict):
            continue
        start_ms = moment_ms(part.get("Start"), found.received_ms)
        if start_ms is None:
            found.leave(Reason.MALFORMED, f"{node}: Start = {shown(part.get('Start'))}, no moment with its zone")
            continue
        for name, field in part["Data"].items():
            if isinstance(field, dict) and isinstance(field.get("Values"), dict):
                detail = arguments.get("SeriesType") == "Detail"
                _series(ARCHIVE.get(name) if detail else None, name, field, found, Source(str(node), start_ms))


def _series(register: str | None, name: str, field: Mapping[str, Any], found: Found, source: Source) -> None:
    assert source.at_ms is not None
    serial = source.channel.partition(":")[2] or None
    for offset, value in field["Values"].items():
        seconds = decimal(offset)
        at_ms = None if seconds is None else source.at_ms + round(seconds * 1000)
        if at_ms is None or not plausible(at_ms, found.received_ms):
            found.leave(Reason.TIME_IMPLAUSIBLE, f"{name}: {shown(offset)} seconds after the start")
            continue
        at = Source(source.channel, at_ms, serial)
        if register is None:
            found.add_field(name, value, at)
        else:
            found.add(register, value, field.get("Unit"), at)
