"""Devices that wait: over the API and on the pages, claimed, followed, with ids that no address was made for."""

import json
import re
from html import unescape
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.devices import device_of, part_of
from collector.pipeline import Pipeline
from collector.replay import Replayer
from collector.spool import Spool
from plagewatch.metering.meters import Carrier, Kind, Meter
from plagewatch.metering.readings import Packet, Reason
from plagewatch.store.records import quarantine, registry
from tests.api.centre import NOW_S, Centre

NOW_MS = NOW_S * 1000
START_MS = NOW_MS - 40 * 900_000
ODD = "hall/../0/ü ?#%2F&=\"'<b>"


def logger(number: int, device: str = "gas-noord") -> Packet:
    at_ms = START_MS + number * 900_000
    body = {"at": at_ms // 1000, "registers": {"gas_index": {"value": 100 + number, "unit": "m3"}}}
    return Packet(f"loggers/{device}/readings", json.dumps(body).encode(), at_ms + 500)


def gateway(number: int) -> Packet:
    return Packet("modbus/hall/data", json.dumps({"gas_l": number * 10}).encode(), START_MS + number * 900_000)


@pytest.fixture
def sent(centre: Centre, tmp_path):
    """A centre whose collector took messages of three devices that nobody knows."""
    spool = Spool(tmp_path / "spool.db")
    pipeline = Pipeline(spool, centre.series, centre.engine)
    odd = [Packet(ODD, logger(number).payload, logger(number).received_ms) for number in range(30)]
    pipeline.accept([one for number in range(30) for one in (logger(number), gateway(number), odd[number])])
    pipeline.drain(NOW_MS)
    replayer = Replayer(pipeline)

    def replay() -> None:
        while replayer.step(NOW_MS):
            pass

    yield replay
    spool.close()


def test_devices_are_listed_with_topics_and_counts(client: TestClient, sent):
    found = {one["device"]: one for one in client.get("/api/v1/quarantine/devices").json()}
    assert set(found) == {"gas-noord", "hall", ODD}
    assert found["gas-noord"]["counts"] == {"unknown_device": 30}
    assert found["gas-noord"]["topics"] == ["loggers/gas-noord/readings"]
    assert found[ODD]["counts"] == {"unknown_topic": 30}
    for one in found.values():
        path = one["url"].removeprefix("https://energie.example")
        assert client.get(path).json()["device"] == one["device"]


def test_a_device_shows_its_values_and_a_guess(client: TestClient, sent):
    gas = client.get("/api/v1/quarantine/devices/gas-noord").json()
    (register,) = gas["registers"]
    assert (register["register"], register["unit"], register["values"]) == ("gas_volume", "m3", 30)
    assert register["newest"][0]["value"] == 129
    assert gas["payload"]["is_text"]
    hall = client.get("/api/v1/quarantine/devices/hall").json()
    assert hall["registers"][0]["guess"] == {"as_register": "gas_volume", "unit": "l", "words": ["gas", "l"]}
    odd = client.get(f"/api/v1/quarantine/devices/{part_of(ODD)}").json()
    assert (odd["families"], odd["guesses"][0]["family"]) == (["unknown"], "plain_json")


def test_a_claim_replays_everything_received_before(client: TestClient, centre: Centre, sent):
    wanted = {"register": "gas_volume", "meter": "noord.gas", "who": "tech-north"}
    made = client.post("/api/v1/quarantine/devices/gas-noord/claims", json=wanted)
    assert (made.status_code, made.json()["state"]) == (201, "waiting")
    sent()
    done = client.get(f"/api/v1/quarantine/replays/{made.json()['id']}").json()
    assert (done["state"], done["packets"], done["samples"], done["gone"]) == ("done", 30, 30, 0)
    stored = centre.series.samples("noord.gas", "gas_volume", 0, 1 << 50)
    assert stored.value.tolist() == [100.0 + number for number in range(30)]
    assert [one["id"] for one in client.get("/api/v1/quarantine/replays").json()] == [done["id"]]
    seen = client.get("/api/v1/quarantine/devices/gas-noord").json()
    assert (seen["counts"], seen["replays"][0]["id"]) == ({}, done["id"])


def test_a_field_is_claimed_with_its_meaning(client: TestClient, centre: Centre, sent):
    wanted = {"register": "field.gas_l", "meter": "noord.gas", "who": "tech-north"}
    refused = client.post("/api/v1/quarantine/devices/hall/claims", json=wanted)
    assert (refused.status_code, "does not say what “gas_l” counts" in refused.json()["detail"]) == (422, True)
    said = {**wanted, "as_register": "gas_volume", "unit": "l", "from": "2026-11-20T00:00:00+01:00"}
    assert client.post("/api/v1/quarantine/devices/hall/claims", json=said).status_code == 201
    sent()
    values = centre.series.samples("noord.gas", "gas_volume", 0, 1 << 50).value.tolist()
    # From midnight on: 14 h 23 min before now, the 40 quarters began 10 h before it: all of them.
    assert values == [pytest.approx(number / 100) for number in range(30)]


def test_topics_are_routed_and_their_devices_then_wait(client: TestClient, sent):
    template = "hall/../0/{device}"
    wanted = {"template": template, "family": "plain_json", "who": "tech-north"}
    assert client.post("/api/v1/quarantine/routes", json=wanted | {"family": "nobody"}).status_code == 422
    assert client.post("/api/v1/quarantine/routes", json=wanted | {"template": "hall/+"}).status_code == 422
    made = client.post("/api/v1/quarantine/routes", json=wanted)
    assert (made.status_code, made.json()["template"]) == (201, template)
    sent()
    found = {one["device"] for one in client.get("/api/v1/quarantine/devices").json()}
    assert found == {"gas-noord", "hall", ODD.removeprefix("hall/../0/")}


def test_ending_a_claim(client: TestClient, centre: Centre, sent):
    wanted = {"register": "gas_volume", "meter": "noord.gas", "who": "tech-north"}
    client.post("/api/v1/quarantine/devices/gas-noord/claims", json=wanted)
    end = {"register": "gas_volume", "from": "2026-11-20T12:00:00Z", "who": "tech-north"}
    assert client.post("/api/v1/quarantine/devices/gas-noord/claims/end", json=end).json()["meter"] == "noord.gas"
    (binding,) = registry.bindings(centre.engine)
    assert binding.to_ms == 1_795_176_000_000  # 2026-11-20 12:00 UTC
    assert client.post("/api/v1/quarantine/devices/gas-noord/claims/end", json=end).status_code == 422


@pytest.mark.parametrize(
    "changes",
    [
        {"meter": "nowhere"},
        {"meter": "tournesol.water"},
        {"who": "nobody"},
        {"register": ""},
        {"from": "2026-11-20"},
        {"from": "2200-01-01T00:00:00Z"},
        {"surprise": 1},
    ],
)
def test_a_claim_that_cannot_be_changes_nothing(client: TestClient, centre: Centre, sent, changes):
    wanted = {"register": "gas_volume", "meter": "noord.gas", "who": "tech-north"} | changes
    answer = client.post("/api/v1/quarantine/devices/gas-noord/claims", json=wanted)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert registry.bindings(centre.engine) == []


def test_an_id_with_slashes_may_also_be_percent_encoded(client: TestClient, centre: Centre):
    kept = quarantine.Quarantined(NOW_MS, "mqtt:site/a b/c", "site/a b/c", Reason.UNKNOWN_TOPIC, "", b"1", 1)
    quarantine.keep(centre.engine, [kept])
    for part in (quote("site/a b/c", safe=""), part_of("site/a b/c")):
        assert client.get(f"/api/v1/quarantine/devices/{part}").json()["topics"] == ["site/a b/c"]


def test_what_is_not_there_is_said(client: TestClient, sent):
    assert client.get("/api/v1/quarantine/devices/nobody").status_code == 404
    assert client.get("/api/v1/quarantine/replays/9").status_code == 404
    assert client.get("/data/devices/nobody").status_code == 404


@given(st.text(max_size=60))
def test_every_id_survives_an_address(device):
    part = part_of(device)
    assert device_of(part) == device
    assert re.fullmatch(r"[A-Za-z0-9._:@+~-]+", part) or device == ""
    assert part not in (".", "..")


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
def test_pages_in_every_language_and_no_markup_of_others(client: TestClient, sent, language):
    listed = client.get(f"/data/devices?lang={language}")
    assert listed.status_code == 200
    links = [unescape(link) for link in re.findall(r'href="(/data/devices/[^"]+)"', listed.text)]
    assert len(links) == 3
    for link in links:
        page = client.get(link)
        assert page.status_code == 200
        assert "<b>" not in page.text
        assert "<script" not in page.text
        assert "%(" not in page.text
    assert '"/data/devices"' in client.get("/data").text


def form(page: str, action: str) -> dict[str, str]:
    """The values a browser would send of the first form with this action, untouched."""
    text = next(part for part in re.findall(r"<form.*?</form>", page, re.S) if f'action="{action}"' in part)
    values = {}
    for field in re.findall(r"<input[^>]*>", text):
        told = re.search(r'value="([^"]*)"', field)
        if 'type="checkbox"' not in field:
            name = re.search(r'name="([^"]*)"', field)
            assert name is not None, field
            values[name[1]] = unescape(told[1]) if told else ""
    for chooser, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', text, re.S):
        first = re.search(r'<option value="([^"]*)"', options)
        chosen = re.search(r'<option value="([^"]*)" selected', options) or first
        values[chooser] = unescape(chosen[1]) if chosen else ""
    return values


def test_a_person_claims_on_the_page_and_sees_the_result(client: TestClient, centre: Centre, sent):
    page = client.get("/data/devices/gas-noord?lang=en").text
    assert 'value="noord.gas"' in page
    assert 'value="tournesol.water"' not in page  # water is not gas
    filled = form(page, "/data/claims") | {"meter": "noord.gas", "who": "tech-north"}
    assert filled["since"] == "2026-11-20T04:23:00"  # local time of the first reading, 40 quarters before 14:23
    answer = client.post("/data/claims", data=filled, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/data/devices/gas-noord?done=claimed")
    assert "is being counted now" in client.get(answer.headers["location"]).text
    sent()
    after = " ".join(re.sub(r"<[^>]+>", " ", client.get(answer.headers["location"]).text).split())
    assert re.search(r"Done .* 30 messages, 30 readings", after)
    assert re.search("What it feeds now gas_volume → Gas", after), after
    assert len(centre.series.samples("noord.gas", "gas_volume", 0, 1 << 50).value) == 30
    assert client.cookies["who"] == "tech-north"


def test_a_refusal_stands_on_the_page_with_what_was_typed(client: TestClient, centre: Centre, sent):
    filled = {"device": "hall", "register": "field.gas_l", "meter": "noord.gas", "who": "tech-north", "since": ""}
    answer = client.post("/data/claims?lang=fr", data=filled | {"as_register": "gas_volume", "unit": "kWh"})
    assert answer.status_code == 422
    assert "« kWh » n’est pas une unité pour « gaz, index », qui se compte en m3." in unescape(answer.text)
    assert '<option value="noord.gas" selected>' in answer.text
    for missing in ({"who": ""}, {"meter": ""}, {"since": "soon"}, {"as_register": ""}):
        changed = filled | {"as_register": "gas_volume", "unit": "l"} | missing
        assert client.post("/data/claims", data=changed).status_code == 422
    assert registry.bindings(centre.engine) == []


def test_a_topic_is_said_on_the_page(client: TestClient, centre: Centre, sent):
    link = f"/data/devices/{part_of(ODD)}"
    filled = form(client.get(link).text, "/data/routes") | {"family": "plain_json", "who": "tech-north"}
    assert filled["device"] == ODD
    assert "{device}" in filled["template"]
    answer = client.post("/data/routes", data=filled, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/data/devices?done=routed")
    sent()
    assert quarantine.counts(centre.engine) == {Reason.UNKNOWN_DEVICE: 90}


def test_a_binding_is_ended_on_the_page(client: TestClient, centre: Centre, sent):
    filled = form(client.get("/data/devices/gas-noord").text, "/data/claims")
    client.post("/data/claims", data=filled | {"meter": "noord.gas", "who": "tech-north"})
    ending = form(client.get("/data/devices/gas-noord").text, "/data/releases") | {"who": "tech-north"}
    assert client.post("/data/releases", data=ending, follow_redirects=False).status_code == 303
    (binding,) = registry.bindings(centre.engine)
    assert binding.to_ms == NOW_MS
    assert client.post("/data/releases", data=ending).status_code == 422


def test_a_device_is_moved_from_a_past_date_on_the_page(client: TestClient, centre: Centre, sent):
    registry.save(centre.engine, [Meter("noord.gas2", "noord", "Gas 2", Carrier.GAS, Kind.INDEX, "m3", 900)])
    filled = form(client.get("/data/devices/gas-noord").text, "/data/claims") | {"who": "tech-north"}
    client.post("/data/claims", data=filled | {"meter": "noord.gas"})
    sent()
    # Nothing of it waits any more: what it feeds has a form of its own, from the beginning of its binding.
    moving = form(client.get("/data/devices/gas-noord").text, "/data/claims")
    assert (moving["register"], moving["since"]) == ("gas_volume", "2026-11-20T04:23:00")
    moving |= {"meter": "noord.gas2", "who": "tech-north", "since": "2026-11-20T06:53:00"}
    assert client.post("/data/claims", data=moving, follow_redirects=False).status_code == 303
    sent()
    # Readings come at each quarter from 4:23 on; of the 30 those from the eleventh on are the other meter's.
    page = " ".join(re.sub(r"<[^>]+>", " ", client.get("/data/devices/gas-noord?lang=en").text).split())
    assert "20 readings of this device" in page
    (told,) = client.get("/api/v1/quarantine/devices/gas-noord").json()["withdrawn"]
    assert (told["meter"], told["register"], told["readings"]) == ("noord.gas", "gas_volume", 20)
    assert (told["first_at"], told["last_at"]) == ("2026-11-20T05:53:00Z", "2026-11-20T10:38:00Z")
    for meter, reads in (("noord.gas", False), ("noord.gas2", True)):
        assert ('href="/data/devices/gas-noord"' in client.get(f"/meters/{meter}").text) == reads
    client.post("/data/claims", data=moving | {"meter": "noord.gas"})
    sent()
    back = client.get("/api/v1/quarantine/devices/gas-noord").json()["withdrawn"]
    assert [(one["meter"], one["readings"]) for one in back] == [("noord.gas2", 20)]
