"""What the published payload codecs of LoRaWAN loggers call things. Sources and versions: ttn/README.md.

A row is here because its vendor documents the field. A running total with its unit becomes a register; a bare count is
`pulse_count`; all else that is a number stays `field.<path>`, which nobody books before a person has said what it is.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Row(NamedTuple):
    """A field's register. unit: as the codec documents it. clock: the field that says when it was read, else now."""

    register: str
    unit: str
    clock: str = ""


class Records(NamedTuple):
    """A list of older readings in a field. clock: what each calls its own moment.

    label: the field of a record that names its value in `value`, or the name of the values where a record is a pair
    [moment, value]; empty where a record is an object with the rows' names.
    """

    field: str
    clock: str
    label: str = ""


class Logger(NamedTuple):
    """One codec. has: fields by which it is known, each with a pattern for its text, empty = whatever it holds.

    flags: fields by which the device says that its values are wrong, each with the bits that say so.
    """

    name: str
    has: Mapping[str, str]
    rows: Mapping[str, Row]
    records: Records | None = None
    flags: Mapping[str, int] = {}
    serial: str = ""


ANY_BIT = -1

# What many codecs of room sensors call these, all in the same units (Milesight AM and EM, Elsys ERS, Dragino LHT, ...).
ROOM: Mapping[str, Row] = {
    "temperature": Row("temperature", "°C"),
    "Temperature": Row("temperature", "°C"),
    "air_temperature": Row("temperature", "°C"),
    "TempC_SHT": Row("temperature", "°C"),
    "humidity": Row("humidity", "%"),
    "Humidity": Row("humidity", "%"),
    "air_humidity": Row("humidity", "%"),
    "Hum_SHT": Row("humidity", "%"),
    "co2": Row("co2", "ppm"),
    "CO2": Row("co2", "ppm"),
    "co2_concentration": Row("co2", "ppm"),
}

# What a sensor that is not there gives: the largest and smallest 16-bit number, in tenths or hundredths of a degree.
NO_SENSOR = frozenset({327.67, -327.68, 3276.7, -3276.8})

# The Things Stack's own schema of normalized payloads; every unit stands in it.
NORMALIZED: Mapping[str, Row] = {
    "air.temperature": Row("temperature", "°C"),
    "air.relativeHumidity": Row("humidity", "%"),
    "air.co2": Row("co2", "ppm"),
}

_EM300_DI = {"pulse": Row("pulse_count", "1"), **ROOM}

LOGGERS: tuple[Logger, ...] = (
    Logger(
        "Adeunis Pulse 4, both channels",
        {"type": "0x46 .*", "counterValues": ""},
        {"counterValues.0": Row("pulse_count.a", "1"), "counterValues.1": Row("pulse_count.b", "1")},
        flags={"status.hardwareError": 1},
    ),
    # Further values are older by a period that only the logger's configuration knows: they have no moment.
    *(
        Logger(
            f"Adeunis Pulse 4, channel {channel}",
            {"type": f"0x5{channel} .*", "counterValues": ""},
            {"counterValues.0": Row(f"pulse_count.{channel}", "1")},
            flags={"status.hardwareError": 1},
        )
        for channel in "ab"
    ),
    Logger(
        "Axioma Qalcosonic W1, published by The Things Industries",
        {"payload_format": "AXIOMA_W1.*", "current_volume_m3": ""},
        {"current_volume_m3": Row("water_volume", "m3", "timestamp_unix")},
        flags={"permanent_error": 1},
    ),
    Logger(
        "Axioma Qalcosonic W1, extended packet",
        {"CurrentVolume": "", "CurrentTimestamp": "", "StatusCode": ""},
        {
            "CurrentVolume": Row("water_volume", "m3", "CurrentTimestamp"),
            "LogVolume": Row("water_volume", "m3", "LogTimestamp"),
        },
        flags={"StatusCode": 0x08},
    ),
    # Their `volume` is that of the water in the heating pipes: no water meter.
    Logger(
        "Elvaco CMi41xx heat meter modules",
        {"energy": "", "return_temperature": "", "error_flag": ""},
        {"energy": Row("heat_energy_total", "kWh")},
        flags={"error_flag": ANY_BIT},
        serial="serial",
    ),
    Logger(
        "Elvaco CMi4110",
        {"energy": "", "return_temperature": "", "serial_from_message": ""},
        {"energy": Row("heat_energy_total", "kWh")},
        flags={"error_flag": ANY_BIT},
        serial="serial_from_message",
    ),
    # `pulse1` counts from one message to the next, `pulseAbs1` since the beginning.
    Logger(
        "Elsys ELT",
        {"pulseAbs1": ""},
        {**{f"pulseAbs{number}": Row(f"pulse_count.{number}", "1") for number in (1, 2)}, **ROOM},
    ),
    Logger("Milesight EM300-DI", {"pulse": ""}, _EM300_DI, Records("history", "timestamp")),
    # A message may hold stored values only.
    Logger("Milesight EM300", {"history": "", "battery": ""}, _EM300_DI, Records("history", "timestamp")),
    Logger(
        "Milesight UC300, UC50x",
        {},
        {f"gpio_counter_{number}": Row(f"pulse_count.{number}", "1") for number in range(1, 5)},
    ),
    Logger("Milesight UC511", {}, {f"valve_{number}_pulse": Row(f"pulse_count.{number}", "1") for number in (1, 2)}),
    Logger(
        "Milesight WS52x, WS558",
        {"power_consumption": "", "power_factor": ""},
        {"power_consumption": Row("energy_import_total", "Wh"), "active_power": Row("power_active", "W")},
    ),
    Logger(
        "Milesight sockets, older codec",
        {"power_sum": "", "power": ""},
        {"power_sum": Row("energy_import_total", "Wh"), "power": Row("power_active", "W")},
    ),
    # Totals by `SUM`, or where the codec does not tell; `PART`: the counts begin anew with each message.
    Logger("Dragino CPL03, counts of each message", {"CMOD": "(?!SUM$).*"}, {}),
    Logger("Dragino CPL01", {"TOTAL_PULSE": ""}, {"TOTAL_PULSE": Row("pulse_count", "1")}),
    Logger(
        "Dragino CPL03",
        {},
        {f"{pin}_TOTAL_PULSE": Row(f"pulse_count.{pin.lower()}", "1") for pin in ("PA8", "PA4", "PB15")},
    ),
    Logger("Dragino SW3L", {}, {"Total_pulse": Row("pulse_count", "1")}),
    Logger("Dragino LT-22222-L", {}, {f"Count{number}_times": Row(f"pulse_count.{number}", "1") for number in (1, 2)}),
    Logger(
        "Fludia FM432p",
        {"index": "", "meter_type": "Pulse"},
        {"index": Row("pulse_count", "1")},
        Records("indexes", "moment", label="index"),
    ),
    Logger(
        "nke Watteco Pulse Sens'O",
        {"data": "", "zclheader": ""},
        {f"Index{number}": Row(f"pulse_count.{number}", "1") for number in (1, 2, 3)},
        Records("data", "date", label="label"),
    ),
)
