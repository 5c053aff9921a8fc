"""What the devices send, held against the published formats by parsing it here, without any decoder."""

import re
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import orjson
import pytest

from simulators.history import packets
from simulators.live import current
from simulators.profiles import QUARTER_S
from simulators.world import World

DAY_S = 86_400
LOGGER_UNITS = {
    "electricity_index": "kWh",
    "injection_index": "kWh",
    "pv_index": "kWh",
    "gas_index": "m3",
    "water_index": "m3",
    "outdoor_temperature": "degC",
    "irradiance": "W/m2",
}
EMDATA_FIELDS = {f"{phase}_total_act{back}_energy" for phase in "abc" for back in ("", "_ret")}
EM_FIELDS = {f"{p}_{what}" for p in "abc" for what in ("current", "voltage", "act_power", "aprt_power", "pf", "freq")}


def samples(stream) -> dict[tuple[str, str], dict[int, float]]:
    """What packets say: by topic's device and register, the value of each instant."""
    said: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for packet in stream:
        content = orjson.loads(packet.payload)
        if packet.topic.startswith("loggers/"):
            assert re.fullmatch(r"loggers/[A-Za-z0-9._-]+/readings", packet.topic)
            device = packet.topic.split("/")[1]
            for frame in content["frames"]:
                start_s = int(datetime.fromisoformat(frame["start"]).timestamp())
                for place, value in enumerate(frame["values"]):
                    said[device, frame["register"]][start_s + place * frame["step_s"]] = value
        else:
            said[content["src"], "total_act"][content["params"]["ts"]] = content["params"]["emdata:0"]["total_act"]
    return said


def test_history_goes_on_where_it_was_cut(world, now_s):
    start_s, middle_s, end_s = now_s - 9 * DAY_S, now_s - 5 * DAY_S - 4321, now_s - DAY_S
    whole = samples(packets(world, start_s, end_s))
    first, second = samples(packets(world, start_s, middle_s)), samples(packets(world, middle_s, end_s))
    assert set(whole) == set(first) | set(second)
    for key, course in whole.items():
        assert first[key] | second[key] == course
        assert not set(first[key]) & set(second[key])


def test_packets_come_in_order_and_hold_every_quarter_hour(world, now_s):
    start_s = now_s - 40 * 3600
    stream = list(packets(world, start_s, now_s))
    received = [packet.received_ms for packet in stream]
    assert received == sorted(received)
    assert start_s * 1000 <= received[0]
    assert received[-1] <= now_s * 1000
    said = samples(stream)
    full = list(range(-(-start_s // QUARTER_S) * QUARTER_S, now_s, QUARTER_S))
    for device in world.devices:
        keys = [key for key in said if key[0] == device.id]
        assert len(keys) == len(device.registers)
        for key in keys:
            spoken = [at_s for at_s in full if not world.silent(device, np.array([at_s]))[0]]
            assert sorted(said[key]) == spoken


def test_no_packet_tells_what_was_not_yet_read(world, now_s):
    for packet in packets(world, now_s - 3 * DAY_S, now_s):
        content = orjson.loads(packet.payload)
        for frame in content.get("frames", ()):
            last_s = datetime.fromisoformat(frame["start"]).timestamp() + (len(frame["values"]) - 1) * frame["step_s"]
            assert last_s * 1000 <= packet.received_ms
        if "params" in content:
            assert content["params"]["ts"] * 1000 <= packet.received_ms


def test_an_outage_leaves_a_hole_and_the_index_goes_on_behind_it(world):
    outage = next(fault for fault in world.faults if fault.target == "logger-erables")
    said = samples(packets(world, outage.start_s - DAY_S, outage.end_s + DAY_S))
    water = said["logger-erables", "gas_index"]
    before = max(at_s for at_s in water if at_s < outage.start_s)
    after = min(at_s for at_s in water if at_s >= outage.start_s)
    assert before >= outage.start_s - QUARTER_S
    assert 0 <= after - outage.end_s < QUARTER_S
    assert water[after] > water[before]


def test_dataloggers_write_the_published_format(world, now_s):
    stream = [p for p in packets(world, now_s - 2 * DAY_S, now_s) if p.topic.startswith("loggers/")]
    assert len({packet.topic for packet in stream}) == 13
    for packet in stream:
        content = orjson.loads(packet.payload)
        assert list(content) == ["frames"]
        for frame in content["frames"]:
            assert set(frame) == {"register", "unit", "start", "step_s", "values"}
            assert frame["unit"] == LOGGER_UNITS[frame["register"]]
            assert datetime.fromisoformat(frame["start"]).utcoffset() == timedelta(0)
            assert frame["step_s"] == QUARTER_S
            assert 0 < len(frame["values"]) <= 96
            assert all(isinstance(value, float) for value in frame["values"])


def test_a_shelly_notification_has_the_vendors_fields(world, now_s):
    stream = [p for p in packets(world, now_s - DAY_S, now_s) if not p.topic.startswith("loggers/")]
    assert len({packet.topic for packet in stream}) == 3
    for packet in stream:
        content = orjson.loads(packet.payload)
        assert re.fullmatch(r"shellypro3em-[0-9a-f]{12}", content["src"])
        assert packet.topic == f"{content['src']}/events/rpc"
        assert content["dst"] == f"{content['src']}/events"
        assert content["method"] == "NotifyStatus"
        energy = content["params"]["emdata:0"]
        assert set(energy) == EMDATA_FIELDS | {"id", "total_act", "total_act_ret"}
        phases = sum(energy[f"{phase}_total_act_energy"] for phase in "abc")
        assert phases == pytest.approx(energy["total_act"], abs=1e-6)


def live(world: World, device_id: str, at_s: int) -> list[tuple[str, dict[str, Any]]]:
    device = next(device for device in world.devices if device.id == device_id)
    return [(topic, orjson.loads(payload)) for topic, payload in current(world, device, at_s)]


def test_live_values_lie_on_the_course_of_history(world, now_s):
    quarter_s = now_s // QUARTER_S * QUARTER_S
    later_s = quarter_s + 5 * 3600
    history = samples(packets(world, quarter_s, later_s))
    for at_s in (quarter_s + QUARTER_S, quarter_s + 8 * QUARTER_S):
        ((_, said),) = live(world, "logger-siege", at_s)
        assert datetime.fromisoformat(said["at"]).timestamp() == at_s
        assert set(said["registers"]) == {
            "electricity_index",
            "injection_index",
            "gas_index",
            "water_index",
            "pv_index",
        }
        for word, reading in said["registers"].items():
            assert reading == {"value": history["logger-siege", word][at_s], "unit": LOGGER_UNITS[word]}
    ((_, between),) = live(world, "logger-siege", quarter_s + 400)
    course = history["logger-siege", "electricity_index"]
    value = between["registers"]["electricity_index"]["value"]
    assert value <= course[quarter_s + QUARTER_S]


def test_a_live_shelly_tells_power_and_energy_and_its_status(world, now_s):
    shelly_id = next(device.id for device in world.devices if device.id.startswith("shelly"))
    (events, notification), (status, energy) = live(world, shelly_id, now_s)
    assert events == f"{shelly_id}/events/rpc"
    assert status == f"{shelly_id}/status/emdata:0"
    assert notification["params"]["ts"] == now_s
    assert notification["params"]["emdata:0"] == energy
    power = notification["params"]["em:0"]
    assert set(power) > EM_FIELDS
    assert sum(power[f"{phase}_act_power"] for phase in "abc") == pytest.approx(power["total_act_power"], abs=0.2)
    assert 100 < power["total_act_power"] < 60_000


def test_a_silent_logger_says_nothing_live_and_speaks_again_later(world, now_s):
    assert live(world, "logger-ant-parc", now_s) == []
    assert live(world, "logger-ant-parc", now_s + 12 * 3600) != []
