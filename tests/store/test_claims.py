"""Who says whose a device is: what is refused, what is written together, and what moves from when on."""

from dataclasses import replace

import pytest
from sqlalchemy import event

from plagewatch.metering.claiming import Claim, ClaimRefused
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Reason
from plagewatch.store.records import audit, claims, quarantine, registry, replays, topic_routes
from plagewatch.store.records.life_cycle import By
from plagewatch.store.records.quarantine import Quarantined
from plagewatch.store.records.replay_progress import Replay

NOW_MS = 1_795_169_702_000
CLAIM = Claim("d", "gas_volume", "gas", 1_000, "els")


@pytest.fixture
def records(engine):
    meters = [
        Meter("gas", "site", "Gas", Carrier.GAS, Kind.INDEX, "m3"),
        Meter("elec", "site", "Main", Carrier.ELECTRICITY, Kind.INDEX, "kWh"),
        Meter("sum", "site", "Sum", Carrier.ELECTRICITY, Kind.VIRTUAL, "kWh"),
        Meter("hall", "site", "Hall", Carrier.WEATHER, Kind.GAUGE, "°C"),
    ]
    registry.save(engine, [Site("site", "Site"), *meters])
    return engine


def asked(records, number: int) -> Replay:
    found = replays.replay(records, number)
    assert found is not None
    return found


def test_a_claim_is_a_binding_a_line_and_a_replay(records, series):
    quarantine.keep(records, [Quarantined(400, "mqtt:t", "d", Reason.UNKNOWN_DEVICE, "", b"", 1)])
    number = claims.claim(records, series, CLAIM, NOW_MS)
    assert registry.bindings(records) == [Binding("d", "gas_volume", "gas", 1_000)]
    (line,) = audit.lines(records, "gas")
    assert (line.who, line.what, line.at_ms, line.before) == ("els", "device_claimed", NOW_MS, None)
    assert line.after == {"device": "d", "register": "gas_volume", "meter": "gas", "from_ms": 1_000}
    replay = asked(records, number)
    assert (replay.device, replay.since_ms, replay.who, replay.done_ms) == ("d", 0, "els", None)


def test_a_replay_begins_where_the_device_or_the_binding_begins(records, series):
    first_ms = NOW_MS - 40 * 86_400_000
    quarantine.keep(records, [Quarantined(first_ms, "mqtt:t", "d", Reason.UNKNOWN_DEVICE, "", b"", 1)])
    late = asked(records, claims.claim(records, series, replace(CLAIM, from_ms=NOW_MS), NOW_MS))
    assert late.since_ms == first_ms
    early = asked(records, claims.claim(records, series, replace(CLAIM, from_ms=first_ms), NOW_MS))
    assert early.since_ms == first_ms - 86_400_000  # a clock that is ahead dates a packet after its receipt


def test_nothing_is_written_where_the_audit_cannot_be(records, series):
    def refuse(_connection, _cursor, statement, *_rest):
        if "INSERT INTO audit" in statement:
            raise RuntimeError("no line")

    event.listen(records, "before_cursor_execute", refuse)
    with pytest.raises(RuntimeError):
        claims.claim(records, series, CLAIM, NOW_MS)
    assert (registry.bindings(records), replays.replays(records)) == ([], [])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"meter": "nowhere"}, "There is no meter “nowhere”."),
        ({"who": " "}, "Say who you are."),
        ({"meter": "elec"}, "“gas_volume” does not fit the meter “Main”: electricity in kWh."),
        ({"meter": "sum", "register": "energy_import_total"}, "“energy_import_total” does not fit the meter “Sum”"),
        ({"meter": "hall", "register": "power_active"}, "“power_active” does not fit the meter “Hall”"),
        ({"register": "moon_phase"}, "“moon_phase” is no register of a device."),
        ({"register": "field"}, "“field” is no register of a device."),
        ({"register": "field.x"}, "The message does not say what “x” counts"),
        ({"register": "field.x", "as_register": "gas_volume"}, "The message does not say what “x” counts"),
        ({"register": "field.x", "as_register": "field.y", "unit": "m3"}, "“field.y” is no register of a device."),
        ({"register": "field.x", "as_register": "gas_volume", "unit": "kWh"}, "“kWh” is no unit of “gas_volume”"),
        ({"register": "field.x", "as_register": "water_volume", "unit": "m3"}, "“water_volume” does not fit"),
        ({"unit": "m3"}, "“gas_volume” says itself what it counts"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(records, series, changes, says):
    with pytest.raises(ClaimRefused) as refused:
        claims.claim(records, series, replace(CLAIM, **changes), NOW_MS)
    assert str(refused.value).startswith(says)
    assert registry.bindings(records) == []


@pytest.mark.parametrize(
    ("register", "meter"),
    [("power_active", "elec"), ("temperature.2", "hall"), ("pulse_count", "gas"), ("energy_export_total", "elec")],
)
def test_what_fits_is_taken(records, series, register, meter):
    assert claims.claim(records, series, replace(CLAIM, register=register, meter=meter), NOW_MS)


def test_two_devices_on_one_register_must_read_the_same_index(records, series):
    claims.claim(records, series, CLAIM, NOW_MS)
    second = replace(CLAIM, device="e", from_ms=5_000)
    with pytest.raises(ClaimRefused, match="d already feeds “gas_volume” of the meter “Gas”"):
        claims.claim(records, series, second, NOW_MS)
    field = replace(second, register="field.x", as_register="gas_volume", unit="l")
    with pytest.raises(ClaimRefused, match="d already feeds"):
        claims.claim(records, series, field, NOW_MS)
    assert claims.claim(records, series, replace(second, same_index=True), NOW_MS)


def test_a_device_may_follow_one_that_has_ended(records, series):
    claims.claim(records, series, CLAIM, NOW_MS)
    claims.release(records, series, "d", "gas_volume", 5_000, By("els", NOW_MS))
    claims.claim(records, series, replace(CLAIM, device="e", from_ms=5_000), NOW_MS)
    with pytest.raises(ClaimRefused, match="d already feeds"):
        claims.claim(records, series, replace(CLAIM, device="f", from_ms=4_999), NOW_MS)


def test_a_claim_moves_a_register_from_its_date_on(records, series):
    registry.save(records, [Meter("gas2", "site", "Gas 2", Carrier.GAS, Kind.INDEX, "m3")])
    claims.claim(records, series, CLAIM, NOW_MS)
    claims.claim(records, series, replace(CLAIM, meter="gas2", from_ms=5_000), NOW_MS)
    # The old meter is free from then on for another device, and not before.
    claims.claim(records, series, replace(CLAIM, device="e", from_ms=5_000), NOW_MS)
    with pytest.raises(ClaimRefused):
        claims.claim(records, series, replace(CLAIM, device="g", from_ms=4_000), NOW_MS)
    assert audit.lines(records, "gas2")[0].before["meter"] == "gas"


def test_ending_is_told_and_refused_where_nothing_is(records, series):
    claims.claim(records, series, CLAIM, NOW_MS)
    ended = claims.release(records, series, "d", "gas_volume", 5_000, By("els", NOW_MS))
    assert ended == Binding("d", "gas_volume", "gas", 1_000, to_ms=5_000)
    assert registry.bindings(records) == [ended]
    assert audit.lines(records, "gas")[0].what == "device_released"
    with pytest.raises(ClaimRefused, match="feeds no meter at that moment"):
        claims.release(records, series, "d", "gas_volume", 6_000, By("els", NOW_MS))


def test_a_route_is_written_over_the_one_of_the_same_form(records):
    claims.route(records, "site/{device}/data", "plain_json", "els", NOW_MS)
    number = claims.route(records, "site/{device}/data", "tasmota", "els", NOW_MS + 1)
    assert [(r.template, r.family) for r in topic_routes.routes(records)] == [("site/{device}/data", "tasmota")]
    assert asked(records, number).template == "site/{device}/data"
    assert audit.lines(records, "site/{device}/data")[0].before["family"] == "plain_json"
    for wrong in ("site/+/data", "site/{device}/{device}", "#/{device}", "a/{device}b"):
        with pytest.raises(ClaimRefused, match="is no form of topics"):
            claims.route(records, wrong, "plain_json", "els", NOW_MS)
