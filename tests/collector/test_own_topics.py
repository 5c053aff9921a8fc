"""What a broker lets a device publish is what its family reads, under its own name."""

import json
from pathlib import Path

import pytest

from collector.decoders import BY_NAME, FAMILIES, device_of
from collector.own_topics import RESERVED, THROUGH_A_SERVER, TOPICS, any_family, overlap, own_topics

DECODERS = Path(__file__).parents[2] / "collector" / "decoders"
CASES = sorted(DECODERS.glob("*/cases/*/packet.json"))


def speaker(family: str, topic: str) -> str:
    """Who connects for a topic: the device, its edge node, or the application of a network server."""
    match = BY_NAME[family].topic.fullmatch(topic)
    if match is None:
        return ""
    if family in THROUGH_A_SERVER:
        return match["application"]
    device = BY_NAME[family].device(match)
    return "/".join(device.split("/")[:2]) if family == "sparkplug_b" else device


def case_topics() -> list[tuple[str, str, str]]:
    """Family, topic and speaker of the cases; without those behind a bridge's prefix, and commands to a device."""
    found = set()
    for path in CASES:
        family, topic = path.parents[2].name, json.loads(path.read_text(encoding="utf-8"))["topic"]
        who, first = speaker(family, topic), topic.lstrip("/").split("/")[0]
        if who and first in (*RESERVED, who.split("/")[0]) and "CMD" not in topic:
            found.add((family, topic, who))
    return sorted(found)


def allowed(family: str, topic: str, device: str) -> bool:
    topics = own_topics(family if "neuron/" not in topic else "neuron", device).write
    return any(overlap(one, topic) for one in topics)


@pytest.mark.parametrize(("family", "topic", "who"), case_topics())
def test_a_device_may_publish_what_the_cases_of_its_family_came_on(family, topic, who):
    assert allowed(family, topic, who)
    assert not allowed(family, topic, "some/body" if family == "sparkplug_b" else "somebody")


def test_all_families_have_such_cases():
    assert {family for family, _, _ in case_topics()} == {family.name for family in FAMILIES}


def test_every_family_has_its_topics():
    assert set(TOPICS) - {"neuron"} == {family.name for family in FAMILIES}


@pytest.mark.parametrize("name", ["cellar", "campus/cellar", "a0:b1", "Zähler 3"])
def test_by_its_name_alone_a_device_never_speaks_as_another(name):
    """Every topic that it may publish is its own, or nobody's."""
    for topic in any_family(name).write:
        sample = topic.replace("#", "x").replace("+", "x")
        assert device_of(sample) in ("", name) or device_of(sample).startswith(f"{name}/"), topic


@pytest.mark.parametrize("name", ["", "a/", "/a", "a+", "#", "tele", "plagewatch", "loggers/x", "a\0"])
def test_a_name_that_reaches_beyond_itself_is_refused(name):
    with pytest.raises(ValueError, match="cannot be the name|several levels"):
        any_family(name)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a/b/d", False),
        ("a/#", "a/b/c/d", True),
        ("a/+", "a", False),
        ("+/b", "a/+", True),
        ("a/b/#", "a/b", True),
        ("a/b/c", "a/b", False),
    ],
)
def test_filters_overlap_where_a_topic_is_in_both(one, other, both):
    assert overlap(one, other) is overlap(other, one) is both
