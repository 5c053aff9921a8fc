"""Tickets for other programs, and the steps a person takes."""

import pytest
from fastapi.testclient import TestClient

from plagewatch.store.records import tickets as records
from plagewatch.tickets.findings import Finding, Skill, Urgency
from plagewatch.tickets.states import State
from tests.api.centre import NOW_S, Centre, ticket_for

TICKETS = "/api/v1/tickets"


def causes(client: TestClient, query: str = "") -> list[str]:
    answer = client.get(f"{TICKETS}{query}")
    assert answer.status_code == 200, answer.text
    return [ticket["cause"] for ticket in answer.json()]


def step(client: TestClient, number: int, **wanted: str) -> dict[str, object]:
    answer = client.post(f"{TICKETS}/{number}/state", json=wanted)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_the_most_urgent_stand_first_then_the_longest_waiting(client: TestClient) -> None:
    assert causes(client) == ["night_flow", "unusual_load", "no_data"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?zone=north", ["no_data"]),
        ("?zone=elsewhere", []),
        ("?skill=plumbing", ["night_flow"]),
        ("?urgency=soon", ["unusual_load", "no_data"]),
        ("?meter=tournesol.elec", ["unusual_load"]),
        ("?state=open&state=resolved", ["night_flow", "unusual_load", "no_data"]),
        ("?state=acknowledged", []),
        ("?stage=over", []),
    ],
)
def test_filters(client: TestClient, query: str, expected: list[str]) -> None:
    assert causes(client, query) == expected


def test_a_ticket_says_what_where_and_since_when(client: TestClient, centre: Centre) -> None:
    number = ticket_for(centre.engine, "night_flow").id
    ticket = client.get(f"{TICKETS}/{number}?lang=fr").json()
    assert ticket["title"] == "night_flow [fr]"
    assert ticket["sentence"] == "Cold water: night_flow [fr]"
    assert ticket["first_checks"] == ["look first [fr]"]
    assert (ticket["buildings"], ticket["zone"], ticket["meter"]) == (["tournesol"], "centre", "tournesol.water")
    assert ticket["first_abnormal_at"] == "2026-11-14T13:23:00Z"
    assert ticket["url"] == f"https://energie.example/tickets/{number}"
    assert ticket["next_states"] == ["acknowledged", "in_progress", "resolved"]
    assert [event["who"] for event in ticket["events"]] == ["meter"]


def test_a_person_acknowledges_then_resolves(client: TestClient, centre: Centre) -> None:
    number = ticket_for(centre.engine, "night_flow").id
    seen = step(client, number, state="acknowledged", who="tech-north")
    assert (seen["state"], seen["assigned_to"]) == ("acknowledged", "tech-north")
    done = step(client, number, state="resolved", who="tech-north", note="  Float valve replaced. ")
    assert done["events"][-1] == {  # type: ignore[index]
        "at": "2026-11-20T13:23:00Z",
        "who": "tech-north",
        "state": "resolved",
        "note": "Float valve replaced.",
    }
    assert records.ticket(centre.engine, number).state is State.RESOLVED  # type: ignore[union-attr]
    assert causes(client, "?stage=to_do") == ["unusual_load", "no_data"]
    assert causes(client) == ["night_flow", "unusual_load", "no_data"]


def test_the_meters_own_words_are_not_a_persons(client: TestClient, centre: Centre) -> None:
    number = ticket_for(centre.engine, "night_flow").id
    answer = client.post(f"{TICKETS}/{number}/state", json={"state": "verified", "who": "tech-north"})
    assert answer.status_code == 409
    assert answer.json()["detail"] == "A ticket that is open cannot become verified by hand."
    assert records.ticket(centre.engine, number).state is State.OPEN  # type: ignore[union-attr]


def test_a_ticket_that_is_over_stays_over(client: TestClient, centre: Centre) -> None:
    found = ticket_for(centre.engine, "no_data")
    records.move(centre.engine, found.id, found.state, State.FADED, who="meter", at_s=NOW_S, cleared_s=NOW_S)
    assert causes(client, "?stage=over") == ["no_data"]
    answer = client.post(f"{TICKETS}/{found.id}/state", json={"state": "in_progress", "who": "cell"})
    assert answer.status_code == 409
    assert "faded" in answer.json()["what_to_do"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"state": "acknowledged", "who": "nobody"}, "no person `nobody`"),
        ({"state": "acknowledged"}, "who"),
        ({"state": "mended", "who": "cell"}, "state"),
        ({"state": "acknowledged", "who": "cell", "note": "x" * 2001}, "note"),
        ({"state": "acknowledged", "who": "cell", "urgent": True}, "urgent"),
        ({"state": "acknowledged", "who": "cell", "note": "a\x00b"}, "note"),
    ],
)
def test_a_step_that_makes_no_sense_is_422(client: TestClient, body: dict[str, object], words: str) -> None:
    answer = client.post(f"{TICKETS}/1/state", json=body)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_half_a_character_is_no_text(client: TestClient) -> None:
    body = b'{"state": "acknowledged", "who": "cell", "note": "\\ud800"}'
    answer = client.post(f"{TICKETS}/1/state", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


@pytest.mark.parametrize("number", [999, 2**31, 10**30])
def test_a_ticket_that_is_not_there_is_404_or_refused(client: TestClient, number: int) -> None:
    assert client.get(f"{TICKETS}/{number}").status_code in (404, 422)
    wanted = {"state": "acknowledged", "who": "cell"}
    assert client.post(f"{TICKETS}/{number}/state", json=wanted).status_code in (404, 422)


@pytest.mark.parametrize("number", ["0", "-1", "first"])
def test_a_number_that_is_none_is_422(client: TestClient, number: str) -> None:
    assert client.get(f"{TICKETS}/{number}").status_code == 422


def test_whether_it_was_real_is_kept_and_told(client: TestClient, centre: Centre) -> None:
    number = ticket_for(centre.engine, "night_flow").id
    assert client.get(f"{TICKETS}/{number}").json()["labels"] == []
    for label, note in (("real", ""), ("false_alarm", " A fire drill. ")):
        answer = client.post(f"{TICKETS}/{number}/label", json={"label": label, "who": "tech-north", "note": note})
        assert answer.status_code == 200
    told = client.get(f"{TICKETS}/{number}").json()["labels"]
    assert told[1] == {
        "at": "2026-11-20T13:23:00Z",
        "who": "tech-north",
        "label": "false_alarm",
        "note": "A fire drill.",
    }
    assert [one["label"] for one in told] == ["real", "false_alarm"]
    listed = {one["id"]: [said["label"] for said in one["labels"]] for one in client.get(TICKETS).json()}
    assert listed.pop(number) == ["real", "false_alarm"]
    assert set(map(tuple, listed.values())) == {()}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"label": "real", "who": "nobody"}, "no person “nobody”"),
        ({"label": "real", "who": " "}, "who you are"),
        ({"label": "perhaps", "who": "cell"}, "label"),
        ({"label": "real"}, "who"),
        ({"label": "real", "who": "cell", "note": "x" * 2001}, "note"),
        ({"label": "real", "who": "cell", "sure": True}, "sure"),
    ],
)
def test_a_label_that_makes_no_sense_is_422(
    client: TestClient, centre: Centre, body: dict[str, object], words: str
) -> None:
    number = ticket_for(centre.engine, "night_flow").id
    answer = client.post(f"{TICKETS}/{number}/label", json=body)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert client.get(f"{TICKETS}/{number}").json()["labels"] == []


def test_there_is_no_label_on_a_ticket_there_is_not(client: TestClient) -> None:
    assert client.post(f"{TICKETS}/999/label", json={"label": "real", "who": "cell"}).status_code == 404


@pytest.mark.parametrize(("skill", "reminded"), [(Skill.HEATING, True), (Skill.PLUMBING, False)])
def test_where_people_are_cared_for_warmth_comes_first(
    client: TestClient, centre: Centre, skill: Skill, reminded: bool
) -> None:
    finding = Finding("rule", "noord.heat", "more_heat", NOW_S - 7200, NOW_S - 3600, NOW_S, 2.0, {})
    number = records.open_ticket(centre.engine, finding, Urgency.SOON, skill)
    checks = client.get(f"{TICKETS}/{number}?lang=nl").json()["first_checks"]
    assert ("22 °C" in checks[-1]) is reminded
    assert ("22 °C" in client.get(f"/tickets/{number}?lang=fr").text) is reminded


def test_elsewhere_no_reminder_stands(client: TestClient, centre: Centre) -> None:
    finding = Finding("rule", "noord.gas", "more_heat", NOW_S - 7200, NOW_S - 3600, NOW_S, 2.0, {})
    number = records.open_ticket(centre.engine, finding, Urgency.SOON, Skill.HEATING)
    assert client.get(f"{TICKETS}/{number}?lang=nl").json()["first_checks"] == ["look first [nl]"]
