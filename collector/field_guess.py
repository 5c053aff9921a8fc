"""What a number without meaning may count, by the words in its name. A guess is shown to a person, never applied."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from plagewatch.device_preview import Guess
from plagewatch.metering.readings import register_word
from plagewatch.metering.units import UNITS

# The first row of which a word occurs says it: what flows goes before what is counted of it.
MEANINGS: Sequence[tuple[str, frozenset[str]]] = (
    ("co2", frozenset({"co2"})),
    ("humidity", frozenset({"humidity", "hum", "vochtigheid", "humidite", "rh"})),
    ("irradiance", frozenset({"irradiance", "ghi", "instraling", "irradiation", "pyranometer"})),
    ("temperature", frozenset({"temp", "temperature", "temperatuur"})),
    ("gas_volume", frozenset({"gas", "gaz"})),
    ("water_volume", frozenset({"water", "eau", "koudwater", "warmwater"})),
    ("heat_energy_total", frozenset({"heat", "warmte", "chaleur", "thermal", "calorie", "calories"})),
    ("power_active", frozenset({"power", "vermogen", "puissance"})),
    ("energy_export_total", frozenset({"export", "exported", "injection", "injectie", "teruglevering", "reverse"})),
    ("solar_energy_total", frozenset({"pv", "solar", "zon", "solaire", "zonnepanelen"})),
    (
        "energy_import_total",
        frozenset({"energy", "energie", "import", "imported", "electricity", "elektriciteit", "electricite", "kwh"}),
    ),
    ("pulse_count", frozenset({"pulse", "pulses", "impuls", "impulsen", "impulsion", "impulsions"})),
)

# These are no running totals, whatever they count.
NO_TOTAL = frozenset({
    "today", "yesterday", "daily", "day", "hour", "hourly", "minute", "week", "weekly", "month", "monthly", "last",
    "previous", "min", "max", "avg", "mean", "peak", "rssi", "snr", "battery", "batt", "voltage", "volt", "current",
    "ampere", "frequency", "uptime", "status", "error", "alarm", "vandaag", "gisteren", "jour", "hier", "mois",
    "maand", "limit", "setpoint", "tariff", "price",
})  # fmt: skip

UNIT_WORDS: Mapping[str, str] = {  # without `mwh`: once lowered, milli and mega are the same
    "kwh": "kWh",
    "wh": "Wh",
    "m3": "m3",
    "l": "l",
    "liter": "l",
    "litre": "l",
    "liters": "l",
    "litres": "l",
    "dm3": "dm3",
    "w": "W",
    "kw": "kW",
    "ppm": "ppm",
    "c": "°C",
    "degc": "°C",
    "pct": "%",
}
# Where the name says only the unit, or only the pulses, the words of device and topic may say the rest.
BY_UNIT: Mapping[str, str] = {"kWh": "energy_import_total", "W": "power_active", "ppm": "co2", "°C": "temperature"}

_WORD = re.compile(r"[a-z]+[0-9]?")


def guess_of(name: str, around: Iterable[str] = ()) -> Guess | None:
    """What a field may count by its name, and by the names around it (device, topics) where its own says too little.

    >>> guess_of("gasVolume_m3")
    Guess(as_register='gas_volume', unit='m3', words=('gas', 'm3'))
    >>> guess_of("total_wh", ["cellar/pv-inverter"])
    Guess(as_register='solar_energy_total', unit='Wh', words=('pv', 'wh'))
    >>> guess_of("energy_today") is None, guess_of("x7") is None
    (True, True)
    """
    own = _words(name)
    if NO_TOTAL & set(own):
        return None
    unit_word = next((word for word in reversed(own) if word in UNIT_WORDS), "")
    unit = UNIT_WORDS.get(unit_word, "")
    near = [word for text in around for word in _words(text)]
    for words in (own, near):
        for register, meant in MEANINGS:
            said = next((word for word in words if word in meant), "")
            if said and _fits(register, unit):
                return _guess(register, unit, (said, unit_word))
    register = BY_UNIT.get(UNITS[unit].canonical, "") if unit else ""
    return _guess(register, unit, (unit_word,)) if register else None


def _guess(register: str, unit: str, words: Sequence[str]) -> Guess:
    return Guess(register, "1" if register == "pulse_count" else unit, tuple(dict.fromkeys(filter(None, words))))


def _fits(register: str, unit: str) -> bool:
    return not unit or UNITS[unit].canonical == register_word(register).unit


def _words(text: str) -> list[str]:
    # Units first: their capitals begin no word.
    units = re.sub(r"[kK](Wh?)(?![a-z])", lambda found: f" k{found[1].lower()} ", re.sub(r"[mM]Wh(?![a-z])", " ", text))
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", units)
    plain = unicodedata.normalize("NFKD", apart).encode("ascii", "ignore").decode().lower()
    return _WORD.findall(plain)
