"""SunSpec points by their names: inverters (models 101 to 103, 111 to 113, 701), meters (201 to 204, 211 to 214)."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from collector.decoders.door import Refused, shown
from collector.decoders.inverter_json.found import Found, Source
from collector.decoders.modbus_json.moments import decimal, moment_ms
from plagewatch.metering.readings import Reason


class Point(NamedTuple):
    """A point: the name of its scale factor, its register (None: shown only), whether it is a running total."""

    scale: str
    register: str | None
    total: bool = True


def _meter(names: Mapping[str, str], scale: str) -> dict[str, Point]:
    return {name: Point(scale, register) for name, register in names.items()}


_IMPORT, _EXPORT = "energy_import_total", "energy_export_total"

POINTS: Mapping[str, Point] = {
    # The Alliance's names.
    "WH": Point("WH_SF", "solar_energy_total"),
    "W": Point("W_SF", "power_active", total=False),
    "TotWhInj": Point("TotWh_SF", "solar_energy_total"),
    **_meter({"TotWhImp": _IMPORT, "TotWhExp": _EXPORT}, "TotWh_SF"),
    **_meter({f"TotWhImpPh{phase}": f"{_IMPORT}.l{n}" for n, phase in ((1, "A"), (2, "B"), (3, "C"))}, "TotWh_SF"),
    **_meter({f"TotWhExpPh{phase}": f"{_EXPORT}.l{n}" for n, phase in ((1, "A"), (2, "B"), (3, "C"))}, "TotWh_SF"),
    # SolarEdge's names for the same points (SunSpec logging technical note).
    "I_AC_Energy_WH": Point("I_AC_Energy_WH_SF", "solar_energy_total"),
    "I_AC_Power": Point("I_AC_Power_SF", "power_active", total=False),
    **_meter({"M_Imported": _IMPORT, "M_Exported": _EXPORT}, "M_Energy_W_SF"),
    "M_AC_Power": Point("M_AC_Power_SF", None, total=False),
    # The names of the solaredge_modbus library, which many bridges to MQTT pass on.
    "energy_total": Point("energy_total_scale", "solar_energy_total"),
    "power_ac": Point("power_ac_scale", "power_active", total=False),
    **_meter({"import_energy_active": _IMPORT, "export_energy_active": _EXPORT}, "energy_active_scale"),
}
# A meter's W is positive in one make where it is negative in another: nobody can say the direction from here.
METER_POINTS = ("TotWhImp", "TotWhExp")
FLOAT_MODELS = (111, 112, 113, 211, 212, 213, 214)  # values as they are, without scale factors
INTEGER_MODELS = (1, 101, 102, 103, 201, 202, 203, 204, 701)  # 1: a dump without blocks, which begins with it
MODEL_KEYS = ("ID", "C_SunSpec_DID", "model_id", "DID")
SERIAL_KEYS = ("SN", "C_SerialNumber", "c_serialnumber")
TIME_KEYS = ("timestamp", "ts", "time", "Timestamp")

UNIT_KEYS = ("unit", "units")
NOT_IMPLEMENTED_16 = (0x8000, -0x8000, 0xFFFF)
NOT_IMPLEMENTED_32 = (0x8000_0000, -0x8000_0000, 0xFFFF_FFFF)
MAX_RAW = 2**64
MAX_DEPTH = 5


def is_sunspec(content: object) -> bool:
    """Whether points stand anywhere in a message: a running total, or any point beside its scale factor."""
    models = content.get("models") if isinstance(content, dict) else None
    whole = isinstance(models, list) and any(isinstance(model, dict) and "ID" in model for model in models)
    return whole or any(True for _ in _blocks(content, "", 0))


def read(content: object, found: Found) -> None:
    """Readings of all blocks of points in a message."""
    told = next((content[key] for key in TIME_KEYS if key in content), None) if isinstance(content, dict) else None
    at_ms = moment_ms(told, found.received_ms)
    used: set[str] = set()
    for channel, block in _blocks(content, "", 0):
        serial = next((block[key] for key in SERIAL_KEYS if isinstance(block.get(key), str)), None)
        for name, point in POINTS.items():
            register = f"{channel}/{point.register or name}"
            if name not in block:
                continue
            if register in used:
                found.add_field(f"{channel}_{name}" if channel else name, block[name], Source("", at_ms))
                continue
            used.add(register)
            try:
                _point(name, point, block, found, Source(channel, at_ms, serial))
            except Refused as refused:
                found.left_out.append(refused.left_out)


def _blocks(content: object, channel: str, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Blocks of points with the whole way to them: where one of two falls silent, the other must not become it."""
    if depth > MAX_DEPTH:
        return
    if isinstance(content, list):
        for place, one in enumerate(content):
            yield from _blocks(one, f"{channel}_{place}".strip("_"), depth + 1)
    elif isinstance(content, dict):
        model = next((content[key] for key in MODEL_KEYS if key in content), None)
        measures = not isinstance(model, int) or model in (*INTEGER_MODELS, *FLOAT_MODELS)
        if measures and any(name in content and (p.total or p.scale in content) for name, p in POINTS.items()):
            yield channel, content
        for key, inner in content.items():
            if isinstance(inner, (dict, list)):
                yield from _blocks(inner, f"{channel}_{key}".strip("_"), depth + 1)


def _point(name: str, point: Point, block: Mapping[str, Any], found: Found, source: Source) -> None:
    if block[name] is None:
        return
    if isinstance(block[name], dict):
        _with_its_unit(name, point, block, found, source)
        return
    raw = decimal(block[name])
    if raw is None or abs(raw) > MAX_RAW:
        raise Refused(Reason.NOT_A_NUMBER, f"{name} = {shown(block[name])}")
    if not _implemented(raw, point):
        return
    scaled = _scaled(raw, name, point, block)
    if scaled is None or point.register is None or _is_power_of_a_meter(name, block):
        found.add_field(name, raw if scaled is None else scaled, source)
    else:
        found.add(point.register, scaled, "Wh" if point.total else "W", source)


def _with_its_unit(name: str, point: Point, block: Mapping[str, Any], found: Found, source: Source) -> None:
    """A point as value and unit: somebody has scaled it and says so."""
    unit, value = next((block[name][key] for key in UNIT_KEYS if key in block[name]), None), block[name].get("value")
    if unit is None or point.register is None or _is_power_of_a_meter(name, block):
        found.add_field(name, value, source)
    elif not (point.total and value == 0):
        found.add(point.register, value, unit, source)


def _is_power_of_a_meter(name: str, block: Mapping[str, Any]) -> bool:
    return name == "W" and any(key in block for key in METER_POINTS)


def _implemented(raw: float, point: Point) -> bool:
    # An accumulator that a device does not have is 0 in SunSpec; no counter of ours is read before it first counted.
    return raw not in ((0, *NOT_IMPLEMENTED_32) if point.total else NOT_IMPLEMENTED_16)


def _scaled(raw: float, name: str, point: Point, block: Mapping[str, Any]) -> float | None:
    """The value in Wh or W; None where the scale factor is not there, or the value cannot be one that needs it."""
    if next((block[key] for key in MODEL_KEYS if key in block), None) in FLOAT_MODELS:
        return raw
    factor = decimal(block.get(point.scale))
    if factor is None:
        return None
    exponent = _signed_16(factor)
    if factor != int(factor) or not -10 <= exponent <= 10:
        raise Refused(Reason.NOT_A_NUMBER, f"{point.scale} = {shown(block[point.scale])}")
    if raw != int(raw):
        return raw if exponent == 0 else None  # a register is a whole number: somebody has scaled this one already
    whole = int(raw) if point.total else _signed_16(raw)
    return float(whole * 10**exponent) if exponent >= 0 else whole / 10**-exponent


def _signed_16(value: float) -> int:
    """A 16-bit number whose sign may have been lost on the way.

    >>> _signed_16(65534.0), _signed_16(-2.0), _signed_16(5.0)
    (-2, -2, 5)
    """
    whole = int(value)
    return whole - 0x1_0000 if 0x8000 <= whole <= 0xFFFF else whole
