"""Where gateways put things in their JSON: one row for each published format, then the words that others use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.decoders.tags import tag_words


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to arrange a message.

    marks: keys that must be there. values: where the tags stand; empty = in the object itself. inner: what names a
    device behind the gateway. time: where the moment stands. errors: a map of tags that could not be read.
    good: key of a code that must be one of `GOOD_CODES`. raw: plain register numbers, the key of the first one's.
    nothing: values that stand for none.
    """

    name: str
    marks: Sequence[str]
    values: str
    inner: Sequence[str] = ()
    time: Sequence[str] = ("timestamp", "ts", "time", "t", "at", "datetime")
    errors: str = "errors"
    good: str = ""
    raw: str = ""
    nothing: Sequence[float] = ()


SHAPES: Sequence[Shape] = (
    Shape("EMQX Neuron, values format", ("node", "values"), "values", ("node", "group"), ("timestamp",)),
    Shape("EMQX Neuron, tags format", ("node", "tags"), "tags", ("node", "group"), ("timestamp",)),
    Shape("EMQX Neuron 2.0, values", ("node_name", "values"), "values", ("node_name", "group_name"), ("timestamp",)),
    Shape("EMQX Neuron 2.0, tags", ("node_name", "tags"), "tags", ("node_name", "group_name"), ("timestamp",)),
    Shape("Teltonika data to server", ("ID", "TS", "ST", "VR"), "VR", ("ID",), ("TS",), raw="ST"),
    Shape("Advantech WISE-4000, ADAM-6000", ("s", "t", "q", "c"), "", (), ("t",), good="q", nothing=(9999.9999,)),
    Shape("King Pigeon BL", ("sensorDatas",), "sensorDatas", (), ("time",)),
    Shape("COMET Web Sensor", ("devname", "devsn", "ch"), "ch", (), ("timeunix", "time"), good="synch"),
    Shape("Holdingbyte DTU", ("imei", "data"), "data"),
    Shape("Devtank", ("UNIX", "VALUES"), "VALUES", ("NAME",), ("UNIX",)),
    *(
        Shape(f"others: {key}", (key,), key, ("device", "device_name", "deviceName", "slave", "slave_id", "meter"))
        for key in ("values", "tags", "channels", "registers", "readings", "metrics", "points", "measurements", "data")
    ),
    Shape("others: flat", (), "", ("device", "device_name", "deviceName", "slave", "slave_id", "meter")),
)

GOOD_CODES: Mapping[str, Sequence[object]] = {"q": (192,), "synch": (1, True, "1")}

RECORDS = ("records", "samples", "batch", "history")  # lists of whole messages, each with its own time

NAME_KEYS = ("name", "tag", "flag", "key", "label", "n", "id", "channel", "register", "address")
VALUE_KEYS = ("value", "values", "val", "v", "switcher")
UNIT_KEYS = ("unit", "units", "engUnit", "uom", "u")
ERROR_KEYS = ("error", "err")
QUALITY_KEYS = ("quality", "q", "status", "state")
SCALE_KEYS = ("scale", "factor", "multiplier", "scaling", "decimals", "exponent")
ESTIMATED_KEYS = ("estimated", "is_estimated")
NO_ERRORS = (None, 0, "", "0", False, "ok", "OK", "none", "None")
NO_WORDS = ("no", "false", "0", "off", "disable", "disabled")
OWN_TIME_KEYS = (
    "timestamp",
    "ts",
    "time",
    "datetime",
    "t",
)  # beside a value; `t` only there, elsewhere it may be warmth
NO_VALUES = ("id", "sn", "serial", "imei", "uuid")  # also deep in a message
RUN_NAME_KEYS = ("register", "tag", "channel", "name", "measurement", "key", "type")
REPEATED_KEYS = ("retransmit", "retransmission", "buffered")

GOOD_WORDS = ("good", "ok", "valid", "normal", "online", "measured", "")
BAD_WORDS = ("bad", "error", "invalid", "stale", "uncertain", "timeout", "offline", "fault", "failed", "n/a")
ESTIMATED_WORDS = ("estimated", "estimate", "substituted", "interpolated")
OPC_GOOD = range(192, 256)

# Keys that describe the message or the device: numbers among them are no measurements.
DESCRIBES = tag_words(
    "id imei iccid imsi mac sn devsn serial serial_number seq rssi sig signal lac ci uptime version fw firmware"
    " model cid tz timezone ip port uuid msgid ts timestamp timestamps time timeunix t at datetime date unix"
    " addtime s c q node group device device_name devicename device_id deviceid slave slave_id meter gateway name"
    " unit units metas errors error status type start end from to first last synch acc retransmit retransmission"
    " buffered stamp lat lon latitude longitude"
)

# Last levels of topics that carry states, settings and commands.
NOT_DATA = (
    "status",
    "online",
    "lwt",
    "state",
    "heartbeat",
    "req",
    "request",
    "cmd",
    "command",
    "set",
    "config",
    "settings",
)

# When a run of values begins or ends, and how long a step is: the key says its unit, or the text does (`PT15M`).
FIRST_KEYS = ("start", "first", "from", "start_time", "startTime")
LAST_KEYS = ("end", "last", "to", "end_time", "endTime")
STEP_KEYS: Mapping[str, int] = {
    f"{word}_{unit}": unit_ms
    for word in ("step", "interval")
    for unit, unit_ms in (("ms", 1), ("s", 1_000), ("seconds", 1_000), ("min", 60_000), ("minutes", 60_000))
}
STEP_TEXT_KEYS = ("step", "interval", "period", "resolution")
STAMP_KEY = "stamp"  # `start` or `end`: which end of its interval an amount is stamped with
INTERVAL_REGISTERS = {
    "energy_import_total": "energy_interval",
    "gas_volume": "volume_interval",
    "water_volume": "volume_interval",
}
INTERVAL_WORDS = ("interval", "profile", "delta", "quarter", "15min", "per15min", "increment")
