"""What a person sees of a device before claiming it, and what its fields may be."""

import json

import pytest

from collector.field_guess import guess_of
from collector.preview import payload_shown, preview, template_of
from plagewatch.metering.readings import Reason
from plagewatch.store.records.quarantine import Quarantined
from plagewatch.store.records.topic_routes import TopicRoute

NOW_MS = 1_795_169_702_000
MINUTE_MS = 60_000


def kept(place: int, topic: str, payload: object, device: str = "d") -> Quarantined:
    packed = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    received_ms = NOW_MS + place * MINUTE_MS
    return Quarantined(received_ms, f"mqtt:{topic}", device, Reason.UNKNOWN_DEVICE, "", packed, place)


def reading(value: float, at_ms: int | None = None) -> dict[str, object]:
    return {
        "at": None if at_ms is None else at_ms / 1000,
        "registers": {"gas_index": {"value": value, "unit": "m3"}, "moon": {"value": 1, "unit": "m3"}},
    }


def test_registers_values_and_what_could_not_be_read():
    packets = [kept(place, "loggers/d/readings", reading(place)) for place in range(8)]
    seen = preview("d", packets, [], {})
    (gas,) = seen.registers
    assert (gas.register, gas.unit, gas.number, gas.first_ms) == ("gas_volume", "m3", 8, NOW_MS)
    assert gas.newest == tuple((NOW_MS + place * MINUTE_MS, float(place)) for place in (7, 6, 5, 4, 3))
    assert (seen.families, seen.topics) == (["plain_json"], ["loggers/d/readings"])
    assert [("moon" in detail) for detail in seen.left_out] == [True]
    assert seen.guesses == []


def test_a_clock_that_was_not_set_yet_does_not_say_when_it_began():
    year_2000_ms = 946_700_000_000
    packets = [
        kept(0, "loggers/d/readings", reading(1, year_2000_ms)),
        kept(1, "loggers/d/readings", reading(2, NOW_MS)),
    ]
    assert preview("d", packets, [], {}).registers[0].first_ms == NOW_MS
    only_old = [kept(0, "loggers/d/readings", reading(1, year_2000_ms))]
    assert preview("d", only_old, [], {}).registers[0].first_ms == year_2000_ms


def test_an_unknown_topic_shows_what_the_best_family_would_read():
    body = {"registers": {"gas_index": {"value": 5, "unit": "m3"}}}
    packets = [kept(place, "site/hall-17/data", body, "site/hall-17/data") for place in range(3)]
    seen = preview("site/hall-17/data", packets, [], {})
    assert (seen.guesses[0].family, seen.guesses[0].template) == ("plain_json", "site/{device}/data")
    assert [one.register for one in seen.registers] == ["gas_volume"]
    said = preview("hall-17", packets, [TopicRoute("site/{device}/data", "plain_json")], {})
    assert (said.families, said.guesses, [one.number for one in said.registers]) == (["plain_json"], [], [3])


def test_a_route_that_is_not_usable_does_not_hide_the_device():
    packets = [kept(0, "loggers/d/readings", reading(1))]
    assert preview("d", packets, [TopicRoute("loggers/{device}/readings", "gone")], {}).registers


def test_bytes_that_nobody_can_read_are_shown_as_bytes():
    seen = preview("x/y", [kept(0, "x/y", b"\xff\x00\x01", "x/y")], [], {})
    assert (seen.registers, seen.guesses) == ([], [])
    assert seen.payload is not None
    assert (seen.payload.text, seen.payload.is_text, seen.payload.bytes) == ("ff 00 01", False, 3)


def test_a_message_cannot_steer_the_screen_and_is_cut():
    shown = payload_shown(kept(0, "t", "a\u202eb\x1b[2J<script>\nc".encode() + b"x" * 5_000))
    assert shown.text.startswith("a\\u202eb\\u001b[2J<script>\nc")
    assert shown.cut
    assert not set(shown.text) & {"\u202e", "\x1b"}
    assert payload_shown(kept(0, "t", b"\x00\x01\x02a")).is_text is False
    assert payload_shown(kept(0, "t", bytes(range(128, 256)) * 9)).cut


def test_no_payload_fails():
    for payload in (b"", b"{", b"[]", b"\x00" * 2000, b"1", b'{"a":' * 500):
        for topic in ("loggers/d/readings", "x/y", "spBv1.0/g/DDATA/e/d", "modbus/d/data"):
            assert preview("d", [kept(0, topic, payload)], [], {}).payload is not None


@pytest.mark.parametrize(
    ("topic", "template"),
    [("a", "{device}"), ("a/b/c", "a/{device}/c"), ("sensors/0017/v1/up", "sensors/{device}/v1/up")],
)
def test_the_level_that_names_the_device_is_proposed(topic, template):
    assert template_of(topic) == template


@pytest.mark.parametrize(
    ("name", "around", "register", "unit"),
    [
        ("TotalForwardActiveEnergy", (), "energy_import_total", ""),
        ("ENERGY.Total_kWh", (), "energy_import_total", "kWh"),
        ("energyExport_wh", (), "energy_export_total", "Wh"),
        ("teller_gaz", (), "gas_volume", ""),
        ("compteur_eau_l", (), "water_volume", "l"),
        ("warmte_kwh", (), "heat_energy_total", "kWh"),
        ("water_kwh", (), "energy_import_total", "kWh"),  # no volume in kWh
        ("counter", ("gas-meter-cellar",), "gas_volume", ""),
        ("impulsen", (), "pulse_count", "1"),
        ("Vermogen_kW", (), "power_active", "kW"),
        ("energykWh", (), "energy_import_total", "kWh"),
        ("energy_MWh", (), "energy_import_total", ""),  # or mWh: once typed carelessly they are the same
        ("température", (), "temperature", ""),
    ],
)
def test_a_guess_goes_by_words_and_unit(name, around, register, unit):
    guess = guess_of(name, around)
    assert guess is not None
    assert (guess.as_register, guess.unit) == (register, unit)
    assert guess.words


@pytest.mark.parametrize("name", ["energy_today", "Yesterday_kWh", "gas_last_hour", "battery", "rssi", "x7", "", "π"])
def test_what_is_no_running_total_is_not_guessed(name):
    assert guess_of(name) is None
