"""LoRaWAN uplinks, SenML packs and line protocol: what no single case can show."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.decoders import decode
from collector.decoders.tags import known_unit
from collector.decoders.uplink_loggers import LOGGERS, NORMALIZED, ROOM
from plagewatch.metering.readings import Behaviour, Packet, register_word

RECEIVED_MS = 1_795_169_702_000
AT = "2026-11-20T10:15:00Z"
AT_MS = 1_795_169_700_000
TTN = "v3/campus@ttn/devices/d/up"
CHIRPSTACK = "application/a/device/70b3d57ed0045a1c/event/up"

fields = st.sampled_from(
    [name for logger in LOGGERS for name in (*logger.has, *logger.rows)]
    + ["history", "timestamp", "data", "bytes", "status", "unit", "value", "date", "label", "CMOD", "battery"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(["PART", "7"])
contents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(fields | st.text(max_size=4), inner)
)


def ttn(said: object, normalized: object = None) -> Packet:
    uplink = {"f_port": 1, "frm_payload": "AQI=", "received_at": AT, "decoded_payload": said}
    return Packet(
        TTN, json.dumps({"uplink_message": {**uplink, "normalized_payload": normalized}}).encode(), RECEIVED_MS
    )


def chirpstack(said: object) -> Packet:
    content = {"deviceInfo": {}, "fPort": 1, "data": "AQI=", "time": AT, "object": said}
    return Packet(CHIRPSTACK, json.dumps(content).encode(), RECEIVED_MS)


@given(contents, contents)
def test_whatever_a_codec_says(said, normalized):
    for packet in (ttn(said, normalized), chirpstack(said)):
        _, decoded = decode(packet)
        for readings in decoded.readings:
            assert register_word(readings.register)
            assert all(type(value) is float and math.isfinite(value) for value in readings.value)
            assert len(readings.value) == (1 if readings.at_ms is None else len(readings.at_ms))


@given(st.dictionaries(st.text(max_size=4), contents, max_size=4))
def test_both_servers_make_the_same_of_a_codec(said):
    told = [
        [(r.register, list(r.at_ms or ()), list(r.value)) for r in decode(p)[1].readings]
        for p in (ttn(said), chirpstack(said))
    ]
    assert told[0] == told[1]


@given(contents)
def test_a_count_survives_whatever_stands_beside_it(said):
    _, decoded = decode(ttn({"gpio_counter_1": 12, "other": said}))
    assert [r.value for r in decoded.readings if r.register == "pulse_count.1"] == [[12.0]]


ROWS = [(logger.name, name, row) for logger in LOGGERS for name, row in logger.rows.items()]
ROWS += [("room", name, row) for name, row in (*ROOM.items(), *NORMALIZED.items())]


@pytest.mark.parametrize(("logger", "name", "row"), ROWS, ids=lambda one: one if isinstance(one, str) else "")
def test_a_row_has_a_unit_of_its_register(logger, name, row):
    unit = known_unit(row.unit)
    assert unit is not None
    assert unit.canonical == register_word(row.register).unit
    assert register_word(row.register).behaviour is not Behaviour.UNSAID


def pack(records: list[dict[str, object]]) -> list[tuple[str, str, tuple[int, ...], tuple[float, ...]]]:
    _, decoded = decode(Packet("senml/d", json.dumps(records).encode(), RECEIVED_MS))
    assert not decoded.left_out
    return sorted((r.device, r.register, tuple(r.at_ms or ()), tuple(r.value)) for r in decoded.readings)


bases = st.fixed_dictionaries(
    {},
    optional={
        "bn": st.sampled_from(["urn:dev:mac:0a0b0c/", "urn:dev:mac:0a0b0d/"]),
        "bt": st.integers(1_795_000_000, 1_795_100_000),
        "bu": st.sampled_from(["kWh", "Wh", "m3"]),
        "bv": st.integers(0, 1000),
    },
)
values = st.fixed_dictionaries(
    {"n": st.sampled_from(["import_total", "water_total", "x"]), "v": st.integers(0, 10_000)},
    optional={"u": st.sampled_from(["kWh", "m3"]), "t": st.integers(1, 60_000)},
)


@given(st.lists(st.tuples(bases, values), max_size=5))
def test_a_pack_is_its_resolved_records(told):
    """RFC 8428, 4.6: base fields put into each record say the same."""
    base: dict[str, object] = {"bn": "urn:dev:mac:0a0b0c/", "bt": 1_795_050_000, "bu": "kWh", "bv": 0}
    packed, resolved = [], []
    for place, (moved, record) in enumerate(told):
        packed.append({**(base if place == 0 else {}), **moved, **record})
        base |= moved
        resolved.append(
            {
                "n": f"{base['bn']}{record['n']}",
                "u": record.get("u", base["bu"]),
                "v": record["v"] + base["bv"],
                "t": record.get("t", 0) + base["bt"],
            }
        )
    assert pack(packed) == pack(resolved)


@given(st.lists(st.text(st.characters(exclude_characters='"', exclude_categories=["Cs"]), max_size=20), max_size=4))
def test_good_lines_survive_whatever_stands_between_them(between):
    lines = [f"meter import_total_kwh=1 {AT_MS}000000", *between, f"meter export_total_kwh=2 {AT_MS}000000"]
    _, decoded = decode(Packet("influx/d", "\n".join(lines).encode(), RECEIVED_MS))
    told = {r.register: list(r.value) for r in decoded.readings if r.device == "d"}
    assert told["energy_import_total"][0] == 1.0
    assert told["energy_export_total"][-1] == 2.0
