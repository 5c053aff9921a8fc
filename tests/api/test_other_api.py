"""Health, registry, quarantine, and the description of it all."""

import ast
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.pages.labels import PARTS
from collector.spool_state import FULL_SOON
from plagewatch.health import Alarm, PartHealth, PartState
from tests.api.centre import Centre, break_store, hold


@pytest.mark.parametrize(("state", "status"), [(PartState.WELL, 200), (PartState.DEGRADED, 200), (PartState.DOWN, 503)])
def test_health_is_that_of_the_worst_part(client: TestClient, centre: Centre, state: PartState, status: int) -> None:
    centre.parts.append(PartHealth("rules", state, "said by the test", 7.5))
    answer = client.get("/healthz")
    assert answer.status_code == status
    told = answer.json()
    assert told["state"] == state.value
    assert {"part": "rules", "state": state.value, "detail": "said by the test", "data_age_s": 7.5} in told["parts"]
    assert told["data_age_s"] == 120.0


def test_health_asks_nobody(client: TestClient, centre: Centre) -> None:
    break_store(centre)  # whoever asks it gets no answer
    told = client.get("/healthz").json()
    assert (told["state"], told["data_age_s"]) == ("well", 120.0)


def test_while_the_records_are_away_everything_says_so_and_health_is_told(client: TestClient, centre: Centre) -> None:
    centre.away.append("records: it does not answer")
    centre.parts.append(PartHealth("records", PartState.DOWN, "it does not answer"))
    told = client.get("/api/v1/meters")
    assert told.status_code == 503
    assert told.headers["content-type"] == "application/problem+json"
    assert told.headers["retry-after"] == "10"
    assert told.json()["detail"] == "The records did not answer: records: it does not answer"
    titles = {"nl": "niet getoond", "fr": "ne peut pas être affiché", "en": "cannot be shown right now"}
    for language, title in titles.items():
        page = client.get(f"/tickets?lang={language}")
        assert page.status_code == 503
        assert title in page.text
        assert page.text.count("it does not answer") == 2  # the sentence, and the part with trouble
    health = client.get("/healthz")
    assert health.status_code == 503
    assert {"part": "records", "state": "down", "detail": "it does not answer", "data_age_s": None} in health.json()[
        "parts"
    ]
    centre.away.clear()
    assert client.get("/api/v1/meters").status_code == 200


def test_records_that_fail_within_a_request_are_told_in_a_sentence(client: TestClient, centre: Centre) -> None:
    with centre.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE meter RENAME TO elsewhere")
    told = client.get("/api/v1/meters")
    assert told.status_code == 503
    assert told.json()["detail"].startswith("The records did not answer: (sqlite3.OperationalError)")


def test_sites_with_their_buildings(reading: TestClient) -> None:
    sites = {site["id"]: site for site in reading.get("/api/v1/sites").json()}
    assert sites["station"]["buildings"] == []
    assert sites["tournesol"]["buildings"] == [
        {"id": "tournesol", "name": "Résidence Tournesol", "use": "care_home", "floor_area_m2": 8100.0}
    ]


def test_meters_say_whom_they_serve_and_how_fresh_they_are(reading: TestClient) -> None:
    meters = {meter["id"]: meter for meter in reading.get("/api/v1/meters").json()}
    assert len(meters) == 5
    assert [(share["building"], share["share"]) for share in meters["noord.heat"]["shares"]] == [
        ("noord", 0.25),
        ("tournesol", 0.75),
    ]
    assert meters["noord.heat"]["newest_data_at"] is None
    assert meters["tournesol.elec"]["newest_data_at"] == "2026-11-20T13:21:00Z"


@pytest.mark.parametrize(
    ("query", "expected"),
    [("site=noord", {"noord.gas", "noord.heat"}), ("carrier=water", {"tournesol.water"}), ("site=x", set())],
)
def test_meters_of_a_site_or_carrier(reading: TestClient, query: str, expected: set[str]) -> None:
    assert {meter["id"] for meter in reading.get(f"/api/v1/meters?{query}").json()} == expected


def test_quarantine_counts_and_newest(client: TestClient, centre: Centre) -> None:
    hold(centre.engine)
    told = client.get("/api/v1/quarantine?limit=1").json()
    assert told["counts"] == {"unknown_device": 1, "malformed": 1}
    assert [(item["device"], item["payload_bytes"]) for item in told["newest"]] == [("x1", 3)]
    assert client.get("/api/v1/quarantine?limit=0").status_code == 422


def test_everything_for_programs_is_described_with_a_summary(reading: TestClient) -> None:
    description = reading.get("/api/v1/openapi.json").json()
    routes = [route for path in description["paths"].values() for route in path.values()]
    assert len(routes) >= 8
    assert all(route["summary"] and route["description"] for route in routes)
    assert all(re.match("/api/v1/|/healthz", path) for path in description["paths"])


def test_an_address_that_is_not_there_answers_in_its_readers_form(reading: TestClient) -> None:
    for_program, for_person = reading.get("/api/v1/nothing"), reading.get("/nothing")
    assert for_program.status_code == for_person.status_code == 404
    assert for_program.headers["content-type"] == "application/problem+json"
    assert for_person.headers["content-type"].startswith("text/html")
    assert "Dit staat hier niet" in for_person.text


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("nl", "is de schijf met de binnenkomende berichten over 3,04 uur vol (nog 1,5 GB vrij)"),
        ("fr", "sera plein dans 3,04 heures (encore 1,5 Go libres)"),
        ("en", "is full in 3.04 hours (1.5 GB are left)"),
    ],
)
def test_what_the_spool_tells_stands_on_the_page_in_the_persons_language(
    client: TestClient, centre: Centre, language: str, told: str
) -> None:
    alarm = Alarm(FULL_SOON, {"hours": 3.04, "gb": 1.5})
    centre.parts.append(PartHealth("spool", PartState.DEGRADED, "at this rate ...", 4.0, (alarm,)))
    assert told in client.get(f"/data?lang={language}").text
    centre.away.append("records: it does not answer")
    assert told in client.get(f"/data?lang={language}").text


def test_every_part_that_works_has_a_name_for_people() -> None:
    told = {
        node.args[0].value
        for path in (Path(__file__).parents[2] / "plagewatch" / "cli").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id.endswith("Tick")
        and isinstance(node.args[0], ast.Constant)
    }
    assert "urgent rules" in told
    assert told <= set(PARTS)
