"""Which topics a device of each family speaks on, for the access list of a broker: its own, and nobody else's."""

from collections.abc import Mapping
from dataclasses import dataclass

STATUS_ONLY = "shellies/announce"  # every Shelly of the first generation says hello there; nothing is measured


@dataclass(frozen=True, slots=True)
class OwnTopics:
    """Topic filters. write: what the device may publish. read: where its commands come from."""

    write: tuple[str, ...]
    read: tuple[str, ...] = ()

    def __add__(self, other: "OwnTopics") -> "OwnTopics":
        """Both together, each filter once."""
        return OwnTopics(
            tuple(dict.fromkeys((*self.write, *other.write))), tuple(dict.fromkeys((*self.read, *other.read)))
        )


TOPICS: Mapping[str, OwnTopics] = {
    "plain_json": OwnTopics(("loggers/{device}/#",)),
    "modbus_json": OwnTopics(("modbus/{device}/#",)),
    "neuron": OwnTopics(("neuron/{device}", "/neuron/{device}")),  # the other form of the family before
    "inverter_json": OwnTopics(("inverters/{device}/#",)),
    "dsmr_p1": OwnTopics(("dsmr/{device}/#",)),
    "senml": OwnTopics(("senml/{device}/#",)),
    "line_protocol": OwnTopics(("influx/{device}/#",)),
    "shelly": OwnTopics(
        (
            "{device}/events/rpc",
            "{device}/rpc",
            "{device}/status/+",
            "{device}/online",
            "shellies/{device}/#",
            STATUS_ONLY,
        ),
        ("{device}/rpc", "{device}/command/#", "shellies/{device}/#", "shellies/command"),
    ),
    "tasmota": OwnTopics(
        ("tele/{device}/+", "stat/{device}/+", "{device}/tele/+", "{device}/stat/+"),
        ("cmnd/{device}/#", "{device}/cmnd/#", "cmnd/tasmotas/#"),
    ),
    # The device is `<group>/<edge node>`; what hangs on an edge node speaks through it.
    "sparkplug_b": OwnTopics(
        (
            *(f"spBv1.0/{{group}}/{kind}/{{edge}}" for kind in ("NBIRTH", "NDATA", "NDEATH")),
            *(f"spBv1.0/{{group}}/{kind}/{{edge}}/+" for kind in ("DBIRTH", "DDATA", "DDEATH")),
        ),
        ("spBv1.0/{group}/NCMD/{edge}", "spBv1.0/{group}/DCMD/{edge}/+", "spBv1.0/STATE/+"),
    ),
    # A network server speaks for all devices of an application: that is who connects.
    "ttn": OwnTopics(("v3/{device}/devices/#",)),
    "chirpstack": OwnTopics(("application/{device}/#",), ("application/{device}/device/+/command/#",)),
}

RESERVED = frozenset(
    ("loggers", "modbus", "neuron", "inverters", "dsmr", "senml", "influx", "shellies", "tele", "stat", "cmnd")
    + ("spBv1.0", "v3", "application", "plagewatch", "share")
)
"""First levels of the families: no device may have such a name, or it could speak as another."""

THROUGH_A_SERVER = ("ttn", "chirpstack")
DEEP = ("shelly", "tasmota", "neuron")  # whose devices may have names of several levels


def own_topics(family: str, device: str) -> OwnTopics:
    """The topics of a device.

    Raises KeyError for a family that is not there, ValueError for a device that a topic cannot name.

    >>> own_topics("dsmr_p1", "cellar").write
    ('dsmr/cellar/#',)
    >>> own_topics("sparkplug_b", "campus/cellar").write[0]
    'spBv1.0/campus/NBIRTH/cellar'
    """
    topics = TOPICS[family]
    levels = device.split("/")
    if not all(levels) or any(set(level) & set("+#\x00") for level in levels) or levels[0] in RESERVED:
        raise ValueError(f"{device!r} cannot be the name of a device in a topic")
    if family == "sparkplug_b" and len(levels) != 2:
        raise ValueError(f"{device!r} is no edge node; write it as GROUP/EDGE")
    if family not in (*DEEP, "sparkplug_b") and len(levels) != 1:
        # `modbus/a/b` is of the device `a`.
        raise ValueError(f"{device!r} has several levels, which the topics of {family} do not have room for")
    words = {"device": device, "group": levels[0], "edge": levels[-1]}
    return OwnTopics(
        tuple(topic.format_map(words) for topic in topics.write),
        tuple(topic.format_map(words) for topic in topics.read),
    )


def any_family(device: str) -> OwnTopics:
    """The topics that a device may have by its name alone, where nobody said its family. Raises ValueError.

    >>> "senml/cellar/#" in any_family("cellar").write, "senml/campus/cellar/#" in any_family("campus/cellar").write
    (True, False)
    """
    edge = "/".join(device.split("/")[:2])
    made = own_topics("sparkplug_b", edge) if "/" in device else OwnTopics(())
    for family in TOPICS:
        if family in DEEP or ("/" not in device and family not in (*THROUGH_A_SERVER, "sparkplug_b")):
            made += own_topics(family, device)
    return made


def overlap(one: str, other: str) -> bool:
    """Whether there is a topic that both filters cover.

    >>> overlap("loggers/a/#", "loggers/+/readings"), overlap("loggers/a/#", "loggers/b/#"), overlap("a/#", "a")
    (True, False, True)
    """
    left, right = one.split("/"), other.split("/")
    for mine, theirs in zip(left, right, strict=False):
        if "#" in (mine, theirs):
            return True
        if mine != theirs and "+" not in (mine, theirs):
            return False
    longer = max(left, right, key=len)
    return len(left) == len(right) or longer[min(len(left), len(right))] == "#"
