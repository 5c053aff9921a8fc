"""A payload without a topic, or under one that nobody knows: its family is told by its marks, or nobody is named."""

import json
from pathlib import Path

import pytest

from collector.inspect import inspect
from plagewatch.metering.readings import Packet

DECODERS = Path(__file__).parents[2] / "collector" / "decoders"

# Only the topic says whose these are: a bare number, or JSON that is not arranged as any maker's is, which reads alike
# in both families.
SAID_BY_THE_TOPIC = {
    "shelly/first_generation_clamp_in_watt_hours",
    "shelly/first_generation_fed_back",
    "shelly/first_generation_info_without_a_clock",
    "shelly/first_generation_one_meter_for_two_relays",
    "shelly/first_generation_phase",
    "shelly/first_generation_relay_in_watt_minutes",
    "shelly/first_generation_relay_power",
    "shelly/first_generation_roller",
    "shelly/first_generation_second_relay",
    "shelly/prefix_of_a_bridge_first_generation",
    "inverter_json/others_by_their_names",
    "modbus_json/a_moment_in_each_folder",
    "modbus_json/no_clock",
    "modbus_json/several_devices_in_a_map",
    "modbus_json/tariffs_in_one_word",
    "modbus_json/the_moment_in_capitals",
}


def measuring() -> list[Path]:
    cases = sorted(path.parent for path in DECODERS.glob("*/cases/*/expected.json"))
    return [case for case in cases if json.loads((case / "expected.json").read_text(encoding="utf-8"))["samples"]]


def payload_of(case: Path) -> tuple[bytes, int]:
    told = json.loads((case / "packet.json").read_text(encoding="utf-8"))
    if "payload_file" in told:
        return (case / told["payload_file"]).read_bytes(), told["received_ms"]
    if "payload_hex" in told:
        return bytes.fromhex(told["payload_hex"]), told["received_ms"]
    return told["payload_text"].encode(), told["received_ms"]


@pytest.mark.parametrize("topic", ["", "some/bridge/nobody/knows"])
@pytest.mark.parametrize("case", measuring(), ids=lambda case: f"{case.parent.parent.name}/{case.name}")
def test_the_payload_alone_says_its_family(case, topic):
    name = f"{case.parent.parent.name}/{case.name}"
    payload, received_ms = payload_of(case)
    seen = inspect(Packet(topic, payload, received_ms))["family"]
    if name in SAID_BY_THE_TOPIC:
        assert seen != "line_protocol"
    else:
        assert seen == case.parent.parent.name
