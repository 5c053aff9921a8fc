"""What becomes of packets by what is known: dates that can be meant, fields that somebody gave a meaning."""

import json
from pathlib import Path

import pytest

from collector.bindings import BindingTable
from collector.decoders import Route, modbus_json
from collector.planning import TELL_AGAIN_MS, Known, Scope, plan
from collector.spool_newest import Spooled
from plagewatch.metering.meters import Binding
from plagewatch.metering.readings import Packet, Quality, Reason

NOW_MS = 1_795_169_702_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def single(at_ms: int, received_ms: int = NOW_MS) -> Spooled:
    body = {"at": at_ms / 1000, "registers": {"gas_index": {"value": 5, "unit": "m3"}}, "serial": {"gas_index": "G4"}}
    return Spooled(1, Packet("loggers/cellar/readings", json.dumps(body).encode(), received_ms))


def frame(start_ms: int, step_ms: int, count: int) -> Spooled:
    one = {"register": "gas_index", "unit": "m3", "start": start_ms / 1000, "step_s": step_ms / 1000}
    body = {"frames": [one | {"values": list(range(count))}]}
    return Spooled(1, Packet("loggers/cellar/readings", json.dumps(body).encode(), NOW_MS))


def field(place: int, values: dict[str, float], received_ms: int = NOW_MS, device: str = "hall") -> Spooled:
    return Spooled(place, Packet(f"modbus/{device}/data", json.dumps(values).encode(), received_ms))


def known(*bindings: Binding) -> Known:
    return Known(BindingTable(bindings))


ESTIMATED = Path(modbus_json.__file__).parent / "cases" / "quality_and_estimates"
GAS = Binding("cellar", "gas_volume", "m")


YEAR_MS = 366 * DAY_MS


@pytest.mark.parametrize(
    ("distance_ms", "taken"),
    [
        (3 * HOUR_MS, True),  # local summer time sent as UTC, on a clock that is an hour wrong too
        (3 * HOUR_MS + 1000, False),
        (DAY_MS, False),
        (-15 * YEAR_MS, True),
        (-15 * YEAR_MS - 1000, False),
        (-26 * YEAR_MS, False),  # a clock that was never set
    ],
)
def test_a_live_date_is_taken_from_15_years_back_to_3_hours_ahead(distance_ms, taken):
    spooled = single(NOW_MS + distance_ms)
    made = plan([spooled], known(GAS))
    assert [list(block.at_ms) for block in made.blocks] == ([[NOW_MS + distance_ms]] if taken else [])
    kept = [(item.device, item.reason, item.payload) for item in made.quarantine]
    assert kept == ([] if taken else [("cellar", Reason.TIME_IMPLAUSIBLE, spooled.packet.payload)])


def test_a_frame_that_begins_too_far_back_loses_only_what_is_too_old():
    # Ten instants a year apart, 20, 19, ... 11 years before receipt: the five older than 15 years are not believed.
    made = plan([frame(NOW_MS - 20 * YEAR_MS, YEAR_MS, 10)], known(GAS))
    assert [list(block.value) for block in made.blocks] == [[5.0, 6.0, 7.0, 8.0, 9.0]]
    (item,) = made.quarantine
    assert (item.reason, "5 of 10 values" in item.detail) == (Reason.TIME_IMPLAUSIBLE, True)


def test_what_somebody_said_goes_further_than_any_limit_and_no_further():
    from_ms = NOW_MS - 18 * YEAR_MS
    said = known(Binding("cellar", "gas_volume", "m", from_ms))
    assert len(plan([single(from_ms)], said).blocks) == 1
    (item,) = plan([single(from_ms - 1000)], said).quarantine
    assert item.reason is Reason.UNKNOWN_DEVICE
    assert plan([single(NOW_MS + 4 * HOUR_MS)], said).blocks == []


def test_a_packet_is_judged_by_its_own_receipt_however_late_it_is_handled():
    received_ms = NOW_MS - 10 * YEAR_MS
    assert len(plan([single(received_ms - HOUR_MS, received_ms)], known(GAS)).blocks) == 1


def test_serial_numbers_go_with_their_meter():
    (seen,) = plan([single(NOW_MS)], known(GAS)).serials
    assert (seen.meter, seen.register, seen.at_ms, seen.serial) == ("m", "gas_volume", NOW_MS, "G4")


def test_a_field_of_an_unknown_device_waits_with_name_and_value():
    (item,) = plan([field(1, {"x7": 12.5})], known()).quarantine
    assert (item.device, item.reason, item.detail) == ("hall", Reason.UNKNOWN_DEVICE, "field.x7=12.5")


def test_a_field_of_a_known_device_is_unsaid_and_told_again_after_a_while():
    knows = known(Binding("hall", "field.other", "m", as_register="gas_volume", unit="m3"))
    first = plan([field(1, {"x7": 1}), field(2, {"x7": 2})], knows)
    assert [(i.reason, i.detail) for i in first.quarantine] == [(Reason.UNSAID, "bound to no meter: field.x7=1")]
    assert first.unbound == 2
    told = Known(knows.table, told=first.told)
    assert plan([field(3, {"x7": 3}, NOW_MS + TELL_AGAIN_MS - 1)], told).quarantine == []
    assert len(plan([field(4, {"x7": 4}, NOW_MS + TELL_AGAIN_MS)], told).quarantine) == 1


@pytest.mark.parametrize(
    ("register", "unit", "value"),
    [
        ("gas_volume", "l", 2.5),
        ("gas_volume", "m3", 2500.0),
        ("energy_import_total", "Wh", 2.5),
        ("pulse_count.2", "1", 2500.0),
        ("power_active", "kW", 2_500_000.0),
    ],
)
def test_a_field_becomes_the_register_and_unit_of_its_binding(register, unit, value):
    made = plan([field(1, {"x7": 2500})], known(Binding("hall", "field.x7", "m", 0, register, unit)))
    assert [(b.register, list(b.value)) for b in made.blocks] == [(register, [value])]


@pytest.mark.parametrize(("register", "unit"), [("gas_volume", "kWh"), ("gas_volume", "furlong"), (None, None)])
def test_a_binding_that_says_no_meaning_stores_nothing(register, unit):
    made = plan([field(1, {"x7": 2500})], known(Binding("hall", "field.x7", "m", 0, register, unit)))
    assert made.blocks == []
    assert [item.reason for item in made.quarantine] == [Reason.UNIT_UNKNOWN]


def test_an_estimated_reading_is_kept_and_marked():
    packet = json.loads((ESTIMATED / "packet.json").read_text(encoding="utf-8"))
    spooled = Spooled(
        1, Packet(packet["topic"], (ESTIMATED / packet["payload_file"]).read_bytes(), packet["received_ms"])
    )
    made = plan([spooled], known(Binding("gateway-1", "gas_volume", "m")))
    assert [block.quality for block in made.blocks] == [Quality.ESTIMATED]


def test_a_binding_that_ended_feeds_nothing_more():
    table = known(Binding("cellar", "gas_volume", "m", 0, to_ms=NOW_MS - HOUR_MS))
    assert len(plan([single(NOW_MS - 2 * HOUR_MS)], table).blocks) == 1
    (item,) = plan([single(NOW_MS - HOUR_MS)], table).quarantine
    assert item.reason is Reason.UNKNOWN_DEVICE


def test_a_moved_register_feeds_each_meter_in_its_time():
    table = BindingTable([
        Binding("d", "gas_volume", "a", 0, to_ms=100),
        Binding("d", "gas_volume", "b", 150),
        Binding("d", "gas_volume", "c", 200, to_ms=200),
    ])  # fmt: skip
    runs = [(b and b.meter, first, end) for b, first, end in table.runs("d", "gas_volume", [99, 100, 149, 150, 200])]
    assert runs == [("a", 0, 1), (None, 1, 3), ("b", 3, 4), (None, 4, 5)]


def test_a_device_of_one_register_and_one_of_several():
    only, two, ended = Binding("one", "gas_volume", "a", 50), Binding("two", "gas_volume", "b"), 80
    table = BindingTable(
        [two, only, Binding("two", "water_volume", "c"), Binding("gone", "gas_volume", "d", 0, to_ms=ended)]
    )
    assert [table.knows(name) for name in ("one", "two", "gone", "none")] == [True, True, True, False]
    asked = [("one", "gas_volume"), ("one", "water_volume"), ("two", "water_volume"), ("gone", "gas_volume")]
    assert [table.binds(*pair) for pair in asked] == [True, False, True, True]

    def runs(device, register, *at_ms):
        return [(b and b.meter, first, end) for b, first, end in table.runs(device, register, at_ms)]

    assert runs("one", "gas_volume", 50, 60) == [("a", 0, 2)]
    assert runs("one", "gas_volume", 49, 50) == [(None, 0, 1), ("a", 1, 2)]
    assert runs("one", "water_volume", 60) == [(None, 0, 1)]
    assert runs("two", "water_volume", 0, 9) == [("c", 0, 2)]
    assert runs("gone", "gas_volume", 79, 80) == [("d", 0, 1), (None, 1, 2)]


def test_a_topic_that_nobody_knows_is_a_device_of_its_own():
    (item,) = plan([Spooled(1, Packet("weather/to day/π", b"{}", NOW_MS))], known()).quarantine
    assert (item.device, item.source) == ("weather/to day/π", "mqtt:weather/to day/π")


def test_a_long_topic_is_kept_whole_and_its_name_short():
    topic = "x/" * 400
    (item,) = plan([Spooled(1, Packet(topic, b"{}", NOW_MS))], known()).quarantine
    assert item.source == f"mqtt:{topic}"
    assert len(item.device) <= 201


def test_a_route_goes_before_the_families():
    routes = [Route.of("site/{device}/data", "plain_json")]
    spooled = Spooled(1, Packet("site/cellar/data", single(NOW_MS).packet.payload, NOW_MS))
    assert len(plan([spooled], Known(BindingTable([GAS]), routes)).blocks) == 1


def test_a_scope_leaves_out_what_other_devices_say():
    batch = [single(NOW_MS), field(2, {"x7": 1}), Spooled(3, Packet("loggers/cellar/readings", b"{", NOW_MS))]
    made = plan(batch, known(GAS), Scope("cellar"))
    assert (made.packets, len(made.blocks), [item.reason for item in made.quarantine]) == (2, 1, [Reason.MALFORMED])
    elsewhere = plan(batch, known(GAS), Scope(topics=Route.of("modbus/{device}/data", "modbus_json")))
    assert [item.device for item in elsewhere.quarantine] == ["hall"]
