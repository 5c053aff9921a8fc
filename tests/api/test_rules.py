"""The record of a rule, the switch of what it does, and what people say of its tickets."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from plagewatch.store.records import held_notices, rule_modes, tickets
from plagewatch.store.records.held_notices import HeldNotice
from plagewatch.tickets.findings import Finding, Skill, Urgency
from plagewatch.tickets.modes import Label, Mode, RuleNumber, RuleWords
from plagewatch.tickets.states import State
from tests.api.centre import NOW_S, Centre, ticket_for


@pytest.fixture
def browser(centre: Centre) -> Iterator[TestClient]:
    context = replace(
        centre.context(),
        rules=lambda language: [
            RuleWords("rule", f"A rule [{language}]", [RuleNumber("nights", "Nights", "In a row.", "nights", 3, 3, 14)])
        ],
    )
    with TestClient(create_app(context), base_url="http://127.0.0.1") as opened:
        yield opened


def post(browser: TestClient, path: str, **form: str) -> int:
    return browser.post(path, data=form, follow_redirects=False).status_code


def test_a_label_is_kept_and_shown_in_the_record_of_the_rule(browser: TestClient, centre: Centre) -> None:
    number = ticket_for(centre.engine, "night_flow").id
    assert post(browser, f"/tickets/{number}/label", said="false_alarm", who="cell", note="fire <drill>") == 303
    (label,) = rule_modes.labels(centre.engine)
    assert (label.ticket, label.label, label.who, label.at_ms) == (number, Label.FALSE_ALARM, "cell", NOW_S * 1000)
    assert "fire &lt;drill&gt;" in browser.get(f"/tickets/{number}").text
    page = browser.get("/rules/rule?lang=en").text
    for row in ('Tickets</th><td class="n">3', 'Called a false alarm</th><td class="n">1', "0% were real"):
        assert row in page


@pytest.mark.parametrize("who", ["", "nobody"])
def test_somebody_must_say_so(browser: TestClient, centre: Centre, who: str) -> None:
    assert post(browser, "/tickets/1/label", said="real", who=who) == 422
    assert post(browser, "/rules/rule/mode", mode="off", who=who) == 422
    assert rule_modes.labels(centre.engine) == []
    assert rule_modes.history(centre.engine) == []


def test_what_was_typed_of_a_label_stays_with_the_label(browser: TestClient) -> None:
    page = browser.post("/tickets/1/label?lang=en", data={"said": "real", "note": "a leak"}).text
    assert page.count("Choose who you are") == page.count("a leak") == 1
    assert page.index("Choose who you are") > page.index("Your step")
    assert 'name="note" maxlength="2000" value="a leak"' in page


def test_a_rule_that_only_counts_is_seen_on_its_page_only(browser: TestClient, centre: Centre) -> None:
    assert post(browser, "/rules/rule/mode", mode="shadow", who="cell", note="too often") == 303
    (said,) = rule_modes.history(centre.engine)
    assert (said.rule, said.mode, said.who, said.note) == ("rule", Mode.SHADOW, "cell", "too often")
    assert browser.get("/api/v1/tickets").json() == []
    assert "/tickets/1" not in browser.get("/tickets").text
    page = browser.get("/rules/rule?lang=en").text
    assert 'nobody was told</th><td class="n">3' in page
    assert "too often" in page


def test_what_a_rule_that_rests_had_opened_is_over(browser: TestClient, centre: Centre) -> None:
    number = ticket_for(centre.engine, "no_data").id
    tickets.move(centre.engine, number, State.OPEN, State.ACKNOWLEDGED, who="cell", at_s=NOW_S)
    assert post(browser, "/rules/rule/mode", mode="off", who="cell") == 303
    assert [ticket.id for ticket in tickets.tickets(centre.engine, living_only=True)] == [number]


def test_there_is_no_page_of_a_rule_there_is_not(browser: TestClient) -> None:
    assert browser.get("/rules/other").status_code == 404
    assert browser.get("/rules?lang=fr").text.count("A rule [fr]") == 1


def test_worth_stands_on_page_list_and_api_and_sorts(browser: TestClient, centre: Centre) -> None:
    number = ticket_for(centre.engine, "no_data").id
    # 700 m3 in some 30 hours, at 0.85 EUR: 595 EUR; once a week that is 36 500 m3 and 31 025 EUR a year.
    _touch(centre, number, {"extra_m3": 700.0})
    answer = browser.get("/api/v1/tickets").json()
    assert [ticket["cause"] for ticket in answer] == ["night_flow", "no_data", "unusual_load"]
    worth = answer[1]["worth"]
    assert (worth["so_far"], worth["per_year"], worth["unit"]) == (700.0, 36_500.0, "m3")
    assert (worth["eur_so_far"], worth["eur_per_year"]) == (595.0, 31_025.0)
    assert (worth["confidence"], answer[0]["worth"]) == ("low", None)
    assert "€31,000 a year" in browser.get("/tickets?lang=en").text
    page = browser.get(f"/tickets/{number}?lang=fr").text
    assert "31\u202f000\xa0€ par an" in page
    assert "0,85\xa0€ par m³" in page


def test_a_room_in_which_people_are_cold_comes_before_any_money(browser: TestClient, centre: Centre) -> None:
    leak = {"extra_m3": 700.0, "extra_m3_per_year": 36_500.0}
    for cause, numbers in (("burst", leak), ("cold_room", {"room_c": 17.0})):
        found = Finding(cause, "tournesol.water", cause, NOW_S - 7200, NOW_S - 3600, NOW_S - 3600, 2.0, numbers)
        tickets.open_ticket(centre.engine, found, Urgency.URGENT, Skill.HEATING)
    assert [ticket["cause"] for ticket in browser.get("/api/v1/tickets").json()][:2] == ["cold_room", "burst"]
    page = browser.get("/buildings/tournesol").text
    assert page.index("cold_room [") < page.index("burst [")


def test_what_no_text_can_hold_is_not_kept(browser: TestClient, centre: Centre) -> None:
    number = ticket_for(centre.engine, "night_flow").id
    assert post(browser, f"/tickets/{number}/label", said="real", who="cell", note="a\x00 leak") == 303
    assert post(browser, f"/tickets/{number}/state", state="acknowledged", who="cell", note="\x00seen") == 303
    assert post(browser, "/rules/rule/mode", mode="shadow", who="cell", note="too\x00 often") == 303
    mark = {"first": "2026-12-24", "last": "", "kind": "closed", "source": "\x00letter", "who": "cell"}
    assert post(browser, "/buildings/tournesol/days/marks", **mark) == 303
    read = {"kind": "index", "name": "\x00", "counts": "gas kWh", "who": "cell"}
    assert post(browser, "/buildings/tournesol/new-meter", **read) == 422
    assert [one.note for one in rule_modes.labels(centre.engine)] == ["a leak"]
    assert [one.note for one in tickets.events(centre.engine, number)][-1] == "seen"
    assert [one.note for one in rule_modes.history(centre.engine)] == ["too often"]
    assert "\x00" not in browser.get("/buildings/tournesol/days").text


def test_tickets_of_a_storm_stand_under_it(browser: TestClient, centre: Centre) -> None:
    whole, part = ticket_for(centre.engine, "no_data").id, ticket_for(centre.engine, "unusual_load").id
    held_notices.put_to(centre.engine, whole, [part])
    text = browser.get("/tickets").text
    assert f'href="/tickets/{whole}"' in text
    assert f'href="/tickets/{part}"' not in text
    assert f'href="/tickets/{part}"' in browser.get(f"/tickets/{whole}").text
    assert f'href="/tickets/{whole}"' in browser.get(f"/tickets/{part}").text
    assert browser.get(f"/api/v1/tickets/{part}").json()["part_of"] == whole


def test_what_was_not_mailed_says_so_in_the_list(browser: TestClient, centre: Centre) -> None:
    assert "Not mailed yet" not in browser.get("/tickets?lang=en").text
    held_notices.keep(centre.engine, [HeldNotice(1, "tech-north", "cap", NOW_S)])
    text = browser.get("/tickets?lang=en").text
    assert "1 of these was not mailed yet" in text
    assert text.count("Not mailed yet") == 1


def _touch(centre: Centre, number: int, numbers: dict[str, float]) -> None:
    ticket = next(ticket for ticket in tickets.tickets(centre.engine) if ticket.id == number)
    finding = Finding(
        "rule", ticket.meter, ticket.cause, ticket.first_abnormal_s, ticket.last_abnormal_s, 0, 5, numbers
    )
    tickets.touch(centre.engine, number, finding)
