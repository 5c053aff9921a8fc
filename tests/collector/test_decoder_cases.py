"""Every family, every case in its folder: a new case is a new folder."""

import json
from pathlib import Path

import pytest

from collector.decoders import FAMILIES
from collector.inspect import inspect
from plagewatch.metering.readings import Packet

DECODERS = Path(__file__).parents[2] / "collector" / "decoders"
CASES = sorted(path.parent for path in DECODERS.glob("*/cases/*/packet.json"))


def packet_of(case: Path) -> Packet:
    told = json.loads((case / "packet.json").read_text(encoding="utf-8"))
    if "payload_file" in told:
        payload = (case / told["payload_file"]).read_bytes()
    elif "payload_hex" in told:
        payload = bytes.fromhex(told["payload_hex"])
    else:
        payload = told["payload_text"].encode()
    return Packet(told["topic"], payload, told["received_ms"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.parent.name}/{case.name}")
def test_case(case: Path):
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    seen = inspect(packet_of(case))
    assert seen["family"] == case.parent.parent.name
    for sample in expected["samples"]:
        # Wh / 1000 may differ from the decimal in the last bit.
        sample["value"] = pytest.approx(sample["value"], rel=1e-14)
    assert seen["samples"] == expected["samples"]
    assert sorted(left["reason"] for left in seen["left_out"]) == sorted(expected["left_out"])
    assert all(left["detail"] for left in seen["left_out"])


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_family_is_complete(family):
    folder = DECODERS / family.name
    assert (folder / "README.md").stat().st_size > 1000
    assert [case for case in CASES if case.parent.parent == folder]
    assert family.topic.fullmatch(family.sample_topic)


def test_no_case_stands_outside_the_families():
    assert {case.parent.parent.name for case in CASES} == {family.name for family in FAMILIES}
