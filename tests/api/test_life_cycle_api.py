"""Facts, swaps, proposals, shares and readings by hand over the API: what is asked is done, what is wrong is told."""

import json

import numpy as np
import pytest
from fastapi.testclient import TestClient

from collector import rollup_job
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Organisation
from plagewatch.metering.readings import Samples
from plagewatch.store.records import registry, work
from plagewatch.store.records.serials import SerialSeen, note_seen
from tests.api.centre import NOW_S, Centre

METER = "tournesol.elec"
PATH = f"/api/v1/meters/{METER}"
REGISTER = "energy_import_total"
QUARTER_S = 900
FIRST_S = NOW_S // 900 * 900 - 200 * QUARTER_S
EXCHANGED = 100  # from this reading on another device was read


def at(quarter: float) -> str:
    return str(np.datetime64(int(FIRST_S + quarter * QUARTER_S), "s")) + "Z"


@pytest.fixture
def exchanged(centre: Centre) -> Centre:
    """Two hundred quarters of 2 kWh; in the middle the device was exchanged, and nobody said so."""
    index = 500.0 + 2.0 * np.arange(200)
    index[EXCHANGED:] = 1.0 + 2.0 * np.arange(200 - EXCHANGED)
    at_ms = [(FIRST_S + number * QUARTER_S) * 1000 for number in range(200)]
    centre.series.write_samples([Samples(METER, REGISTER, at_ms, index.tolist(), "test", NOW_S * 1000)])
    told = [SerialSeen(METER, REGISTER, at_ms[0], "old"), SerialSeen(METER, REGISTER, at_ms[EXCHANGED], "new")]
    note_seen(centre.engine, told)
    work.mark_dirty(centre.engine, [work.DirtyWindow(METER, at_ms[0], at_ms[-1])])
    roll_up(centre)
    return centre


def roll_up(centre: Centre) -> None:
    rollup_job.run(centre.engine, centre.series, NOW_S)


def quarters(centre: Centre) -> np.ndarray:
    return centre.series.intervals(Resolution.QUARTER, METER, FIRST_S, NOW_S).amount


def test_a_proposal_is_accepted_with_what_the_person_knows_better(client: TestClient, exchanged: Centre) -> None:
    (proposal,) = client.get(f"{PATH}/proposals").json()
    assert (proposal["from"], proposal["to"]) == (at(99), at(100))
    assert (proposal["last_index"], proposal["first_index"], proposal["new_serial"]) == (698.0, 1.0, "new")
    assert proposal["why"] == "serial_changed"
    assert np.isnan(quarters(exchanged)[99])
    wanted = {"register": REGISTER, "at": proposal["at"], "swapped_at": at(99.5), "last_index": 699, "first_index": 0}
    declared = client.post(f"{PATH}/proposals/accept", json=wanted | {"who": "tech-north", "note": "work order 7"})
    assert declared.status_code == 200
    (swap,) = declared.json()
    assert (swap["at"], swap["last_index"], swap["serial"], swap["who"]) == (at(99.5), 699.0, "new", "tech-north")
    roll_up(exchanged)
    assert quarters(exchanged)[99] == 2.0
    assert client.get(f"{PATH}/proposals").json() == []
    again = client.post(f"{PATH}/proposals/accept", json=wanted | {"who": "tech-north"})
    assert again.status_code == 422
    assert "somebody settled it" in again.json()["detail"]
    (line,) = client.get(f"{PATH}/audit").json()
    assert (line["who"], line["what"], line["before"]) == ("tech-north", "swap_declared", None)
    assert line["after"]["note"] == "work order 7"


def test_a_proposal_is_dismissed_for_good(client: TestClient, exchanged: Centre) -> None:
    wanted = {"register": REGISTER, "at": at(99.5), "who": "cell"}
    assert client.post(f"{PATH}/proposals/dismiss", json=wanted).json() == []
    assert client.post(f"{PATH}/proposals/dismiss", json=wanted).status_code == 422
    assert [line["what"] for line in client.get(f"{PATH}/audit").json()] == ["swap_dismissed"]


def test_a_swap_is_declared_corrected_and_taken_back(client: TestClient, exchanged: Centre) -> None:
    wanted = {"register": REGISTER, "at": at(99.5), "last_index": 698, "first_index": 0, "who": "cell"}
    assert len(client.post(f"{PATH}/swaps", json=wanted).json()) == 1
    assert len(client.post(f"{PATH}/swaps", json=wanted).json()) == 1
    (corrected,) = client.post(f"{PATH}/swaps", json=wanted | {"at": at(99.2), "instead_of": at(99.5)}).json()
    assert corrected["at"] == at(99.2)
    gone = client.delete(f"{PATH}/swaps", params={"register": REGISTER, "at": at(99.2), "who": "cell"})
    assert gone.json() == client.get(f"{PATH}/swaps").json() == []
    told = [line["what"] for line in client.get(f"{PATH}/audit").json()]
    assert told == ["swap_removed", "swap_changed", "swap_declared"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"who": "nobody"}, "There is no person"),
        ({"register": "water_volume"}, "no index “water_volume”"),
        ({"at": "2026-12-24T00:00:00Z"}, "still to be replaced"),
        ({"at": "2026-11-20T10:00:00"}, "timezone"),
        ({"at": "0001-01-01T00:00:00Z"}, "1970"),
        ({"last_index": -1}, "below 0"),
        ({"first_index": 123456, "digits": 5}, "123456 does not fit in 5 digits"),
        ({"digits": 0}, "1 to 12 digits"),
        ({"photo": "f" * 64}, "picture is not here"),
        ({"photo": "\ud800"}, "unicode"),
    ],
)
def test_a_swap_that_cannot_be_is_refused_and_changes_nothing(client, exchanged, change, told) -> None:
    wanted = {"register": REGISTER, "at": at(99.5), "last_index": 698, "first_index": 0, "who": "cell"} | change
    content = json.dumps(wanted).encode()
    answer = client.post(f"{PATH}/swaps", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.json()["detail"]
    assert answer.json()["what_to_do"]
    assert client.get(f"{PATH}/audit").json() == []
    assert work.dirty_windows(exchanged.engine) == {}


def test_facts_from_an_instant_on_are_entered_corrected_and_taken_back(client: TestClient, exchanged: Centre) -> None:
    wanted = {"valid_from": at(150), "multiplier": 10.0, "digits": 6, "source": "type plate", "who": "cell"}
    (facts,) = client.post(f"{PATH}/facts", json=wanted).json()
    assert (facts["valid_from"], facts["multiplier"], facts["decimals"]) == (at(150), 10.0, None)
    roll_up(exchanged)
    assert quarters(exchanged)[148:152].tolist() == [2.0, 2.0, 20.0, 20.0]
    moved = client.post(f"{PATH}/facts", json=wanted | {"valid_from": at(151), "instead_of": at(150)}).json()
    assert [one["valid_from"] for one in moved] == [at(151)]
    roll_up(exchanged)
    assert quarters(exchanged)[148:152].tolist() == [2.0, 2.0, 2.0, 20.0]
    assert client.delete(f"{PATH}/facts", params={"valid_from": at(151), "who": "cell"}).json() == []
    roll_up(exchanged)
    assert quarters(exchanged)[151] == 2.0
    told = [line["what"] for line in client.get(f"{PATH}/audit").json()]
    assert told == ["facts_removed", "facts_changed", "facts_entered"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"multiplier": 0}, "must be above 0"),
        ({"multiplier": -1}, "must be above 0"),
        ({"digits": 13}, "1 to 12"),
        ({"decimals": 7}, "0 to 6"),
        ({"max_power_kw": 0}, "above 0"),
        ({"contracted_kw": -1}, "above 0"),
        ({"pulse_weight": -0.1}, "above 0"),
        ({"unit": "m3"}, "that unit"),
        ({"unit": "ell"}, "that unit"),
        ({"who": "nobody"}, "no person"),
        ({"max_power_kw": "much"}, "valid number"),
    ],
)
def test_facts_that_cannot_be_are_refused(client, centre, change, told) -> None:
    answer = client.post(f"{PATH}/facts", json={"who": "cell"} | change)
    assert answer.status_code == 422
    assert told in answer.json()["detail"]
    assert client.get(f"{PATH}/facts").json() == client.get(f"{PATH}/audit").json() == []


def test_a_building_that_moves_on_a_day_keeps_its_history(client: TestClient, centre: Centre) -> None:
    wanted = {"valid_from": "2026-06-01", "shares": {"noord": 0.25, "tournesol": 0.75}, "who": "cell"}
    dated = client.post(f"{PATH}/shares", json=wanted).json()
    assert dated == [
        {"valid_from": "1970-01-01", "shares": {"tournesol": 1.0}},
        {"valid_from": "2026-06-01", "shares": {"noord": 0.25, "tournesol": 0.75}},
    ]
    told = client.get("/api/v1/meters").json()
    assert {share["building"] for one in told if one["id"] == METER for share in one["shares"]} == {
        "noord",
        "tournesol",
    }
    back = client.delete(f"{PATH}/shares", params={"valid_from": "2026-06-01", "who": "cell"})
    assert back.json() == [{"valid_from": "1970-01-01", "shares": {"tournesol": 1.0}}]
    assert [line["what"] for line in client.get(f"{PATH}/audit").json()] == ["shares_removed", "shares_set"]


def test_a_building_is_shared_by_organisations(client: TestClient, centre: Centre) -> None:
    registry.save(centre.engine, [Organisation("centre", "Centre"), Organisation("town", "Town")])
    path = "/api/v1/buildings/tournesol/shares"
    wanted = {"valid_from": "2026-01-01", "shares": {"centre": 0.6, "town": 0.4}, "who": "cell"}
    assert client.post(path, json=wanted).json() == [{"valid_from": "2026-01-01", "shares": wanted["shares"]}]
    assert client.get(path).json()[0]["shares"]["town"] == 0.4
    assert client.delete(path, params={"valid_from": "2026-01-01", "who": "cell"}).json() == []
    assert client.post(path, json=wanted | {"shares": {"nobody": 1.0}}).status_code == 422


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ({"tournesol": 0.5, "noord": 0.4}, "sum to 0.9, not to 1"),
        ({}, "sum to 0, not to 1"),
        ({"tournesol": 1.5, "noord": -0.5}, "above 0 and at most 1"),
        ({"elsewhere": 1.0}, "“elsewhere” is not in the registry"),
        ({"\ud800": 1.0}, "is not in the registry"),
    ],
)
def test_shares_that_do_not_add_up_are_refused_with_their_sum(client, centre, shares, told) -> None:
    content = json.dumps({"valid_from": "2026-06-01", "shares": shares, "who": "cell"}).encode()
    answer = client.post(f"{PATH}/shares", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert told in answer.json()["detail"]
    assert len(client.get(f"{PATH}/shares").json()) == 1


@pytest.mark.parametrize("what", ["facts", "swaps", "proposals", "audit", "shares", "readings"])
def test_a_meter_that_is_not_there_is_told(reading: TestClient, what: str) -> None:
    answer = reading.get(f"/api/v1/meters/nowhere/{what}")
    assert answer.status_code == 404
    assert "no meter `nowhere`" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["facts", "swaps", "shares", "readings", "proposals/accept", "proposals/dismiss"])
def test_another_site_changes_nothing(client: TestClient, path: str) -> None:
    answer = client.post(f"{PATH}/{path}", json={"who": "cell"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
