"""What a rule would have said of a building in twelve months: on its page, for programs, and what follows from it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.local_time import day_start_s, local_fields
from plagewatch.store.records import rule_modes, tickets
from plagewatch.store.records.rule_modes import TicketLabel
from plagewatch.tickets.findings import Finding, Skill, Urgency
from plagewatch.tickets.modes import Label, Mode
from plagewatch.tickets.states import State
from rules import explain
from rules.catalogue import RULES
from tests.api.centre import DAY_S, HOUR_S, NOW_S, TZ, Centre, break_store

PAGE, API = "/rules/night_water", "/api/v1/rules/night_water"
FOUR_S, TEN_S = (day_start_s(date(2026, month, day), TZ) for month, day in ((3, 2), (6, 1)))


@pytest.fixture
def leaky(centre: Centre) -> Centre:
    """A house that uses water by day only, and two leaks of 5 l/h: of four days in March and of ten in June."""
    hours_s = np.arange(NOW_S // HOUR_S * HOUR_S - 420 * DAY_S, NOW_S // HOUR_S * HOUR_S, HOUR_S, dtype=np.int64)
    used = np.where(local_fields(hours_s, TZ).hour >= 6, 0.1, 0.0)
    for begin_s, days in ((FOUR_S, 4), (TEN_S, 10)):
        used[(hours_s >= begin_s) & (hours_s < begin_s + days * DAY_S)] += 0.005
    centre.series.write_intervals(Resolution.HOUR, "tournesol.water", "water", Intervals.measured(hours_s, used))
    return centre


@pytest.fixture
def browser(leaky: Centre) -> Iterator[TestClient]:
    context = replace(leaky.context(), rules=explain.rules_told)
    with TestClient(create_app(context), base_url="http://127.0.0.1", raise_server_exceptions=False) as opened:
        yield opened


def test_a_moved_number_tells_what_would_have_been(browser: TestClient) -> None:
    # Three nights in a row are a leak: both. Of six in a row only that of June has enough.
    page = browser.get(f"{PAGE}?lang=en&building=tournesol&nights=6").text
    assert 'as they stand</p><p class="figure-number">2 tickets' in page
    assert 'moved numbers</p><p class="figure-number">1 ticket<' in page
    # The third night of March ends on the 4th at six in the morning.
    assert "/meters/tournesol.water?period=week&amp;until=2026-03-04" in page
    assert page.count("no longer told") == 1
    assert page.count("newly told") == 0
    assert 'name="numbers" value="nights=6"' in page


def test_without_a_moved_number_only_what_stands_is_counted(browser: TestClient) -> None:
    page = browser.get(f"{PAGE}?lang=en&building=tournesol&nights=3").text
    assert 'as they stand</p><p class="figure-number">2 tickets' in page
    assert "moved numbers" not in page
    assert 'name="numbers"' not in page


def test_programs_are_told_the_same(browser: TestClient) -> None:
    answer = browser.get(f"{API}/backtest?building=tournesol&nights=6").json()
    assert (answer["as_it_stands"]["tickets"], answer["as_asked"]["tickets"]) == (2, 1)
    assert (answer["as_it_stands"]["numbers"]["nights"], answer["as_asked"]["numbers"]["nights"]) == (3, 6)
    assert [(one["as_it_stands"], one["as_asked"]) for one in answer["tickets"]] == [(True, True), (True, False)]
    assert answer["tickets"][1]["first_abnormal_at"].startswith("2026-03-02T04:00")  # the first night ends at six
    assert (answer["from"], answer["to"]) == ("2025-11-19T23:00:00Z", "2026-11-20T13:00:00Z")
    assert answer["as_it_stands"]["meters"] == ["tournesol.water"]


def test_what_people_said_then_stands_beside_it(browser: TestClient, leaky: Centre) -> None:
    for begin_s, label in ((FOUR_S, Label.FALSE_ALARM), (TEN_S, Label.REAL)):
        finding = Finding(
            "night_water", "tournesol.water", "water_at_night", begin_s, begin_s + 3 * DAY_S, begin_s + 3 * DAY_S, 5, {}
        )
        number = tickets.open_ticket(leaky.engine, finding, Urgency.URGENT, Skill.PLUMBING)
        rule_modes.say(leaky.engine, TicketLabel(number, label, "cell", NOW_S * 1000, ""))
        tickets.move(leaky.engine, number, State.OPEN, State.FADED, who="meter", at_s=NOW_S, cleared_s=NOW_S)
    answer = browser.get(f"{API}/backtest?building=tournesol&nights=6").json()
    said = [(one["label"], one["as_it_stands"], one["as_asked"]) for one in answer["labelled"]]
    assert sorted(said) == [("false_alarm", True, False), ("real", True, True)]
    assert "What people said" in browser.get(f"{PAGE}?lang=en&building=tournesol&nights=6").text


def test_why_a_meter_is_not_judged_is_told(browser: TestClient) -> None:
    page = browser.get("/rules/peak_power?lang=en&building=tournesol").text
    assert "can judge no meter" in page
    assert "no contracted power is entered" in page
    answer = browser.get("/api/v1/rules/peak_power/backtest?building=tournesol").json()
    assert answer["as_it_stands"]["not_judged"] == {"tournesol.elec": "no_contract"}


@pytest.mark.parametrize("mode", [Mode.ON, Mode.SHADOW])
def test_the_numbers_are_used_from_now_on(browser: TestClient, leaky: Centre, mode: Mode) -> None:
    form = {"numbers": "nights=6,usual_share=0.85", "mode": mode.value, "who": "cell", "note": "too <soon>"}
    assert browser.post(f"{PAGE}/mode", data=form, follow_redirects=False).status_code == 303
    (said,) = rule_modes.history(leaky.engine)
    assert (said.mode, said.parameters, said.who, said.note) == (mode, {"nights": 6}, "cell", "too <soon>")
    page = browser.get(f"{PAGE}?lang=en").text
    assert "Now 6, by default 3." in page
    assert "too &lt;soon&gt;" in page
    # From then on this is what stands, and the catalogue's number is the moved one.
    answer = browser.get(f"{API}/backtest?building=tournesol&nights=3").json()
    assert (answer["as_it_stands"]["tickets"], answer["as_asked"]["tickets"]) == (1, 2)


def test_who_forgets_to_say_who_they_are_keeps_what_was_counted(browser: TestClient, leaky: Centre) -> None:
    form = {"numbers": "nights=6", "building": "tournesol", "mode": "on", "note": "fewer"}
    answer = browser.post(f"{PAGE}/mode?lang=en", data=form)
    assert answer.status_code == 422
    assert 'moved numbers</p><p class="figure-number">1 ticket<' in answer.text
    assert 'value="fewer"' in answer.text
    assert rule_modes.history(leaky.engine) == []


def test_a_switch_of_the_mode_leaves_the_numbers(browser: TestClient, leaky: Centre) -> None:
    wanted = {"mode": "shadow", "who": "cell", "numbers": {"nights": 5}}
    told = browser.post(f"{API}/mode?lang=nl", json=wanted).json()
    assert [one["value"] for one in told["numbers"] if one["name"] == "nights"] == [5]
    told = browser.post(f"{API}/mode", json={"mode": "on", "who": "cell", "note": "well"}).json()
    assert told["mode"] == "on"
    assert [one["value"] for one in told["numbers"] if one["name"] == "nights"] == [5]
    assert [(one["mode"], one["numbers"], one["note"]) for one in told["decisions"]] == [
        ("on", {"nights": 5}, "well"),
        ("shadow", {"nights": 5}, ""),
    ]
    told = browser.post(f"{API}/mode", json={"mode": "on", "who": "cell", "numbers": {}}).json()
    assert [one["value"] for one in told["numbers"] if one["name"] == "nights"] == [3]
    assert len(rule_modes.history(leaky.engine)) == 3


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("building=tournesol&nights=2", "from 3 to 14"),
        ("building=tournesol&nights=nan", "from 3 to 14"),
        ("building=tournesol&nights=3.5", "whole number"),
        ("building=tournesol&nights=three", "no number"),
        ("building=tournesol&evenings=3", "evenings"),
        ("building=elsewhere", "no building `elsewhere`"),
        ("nights=4", "building"),
    ],
)
def test_a_question_that_makes_no_sense_is_422(browser: TestClient, query: str, words: str) -> None:
    answer = browser.get(f"{API}/backtest?lang=en&{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert words in answer.json()["detail"]
    assert answer.json()["what_to_do"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"mode": "on", "who": "nobody"}, "nobody"),
        ({"mode": "loud", "who": "cell"}, "mode"),
        ({"mode": "on"}, "who"),
        ({"mode": "on", "who": "cell", "numbers": {"nights": 99}}, "from 3 to 14"),
        ({"mode": "on", "who": "cell", "numbers": {"evenings": 3}}, "evenings"),
        ({"mode": "on", "who": "cell", "numbers": {"nights": "many"}}, "nights"),
        ({"mode": "on", "who": "cell", "note": "a\x00b"}, "note"),
        ({"mode": "on", "who": "cell", "loud": True}, "loud"),
    ],
)
def test_a_decision_that_makes_no_sense_is_422(
    browser: TestClient, leaky: Centre, body: dict[str, object], words: str
) -> None:
    answer = browser.post(f"{API}/mode?lang=en", json=body)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert rule_modes.history(leaky.engine) == []


def test_a_rule_there_is_not_is_404(browser: TestClient) -> None:
    for answer in (
        browser.get("/api/v1/rules/other"),
        browser.get("/api/v1/rules/other/backtest?building=tournesol"),
        browser.post("/api/v1/rules/other/mode", json={"mode": "on", "who": "cell"}),
    ):
        assert answer.status_code == 404
        assert answer.json()["what_to_do"] == "GET /api/v1/rules lists the rules."
    assert browser.get(f"{PAGE}?building=elsewhere").status_code == 404


@pytest.mark.parametrize("typed", ["2", "3,5", "many", "1e9"])
def test_a_number_that_cannot_be_is_shown_again_with_the_reason(browser: TestClient, typed: str) -> None:
    answer = browser.get(PAGE, params={"lang": "en", "building": "tournesol", "nights": typed})
    assert answer.status_code == 422
    assert "Nights in a row" in answer.text
    assert f'value="{typed}"' in answer.text
    assert 'id="counted"' not in answer.text


@pytest.mark.parametrize("typed", ["nights=2", "nights=x", "evenings=4", "nights"])
def test_a_form_that_was_tampered_with_changes_nothing(browser: TestClient, leaky: Centre, typed: str) -> None:
    form = {"numbers": typed, "mode": "on", "who": "cell"}
    assert browser.post(f"{PAGE}/mode", data=form).status_code == 422
    assert rule_modes.history(leaky.engine) == []


def test_figures_that_do_not_answer_are_503(browser: TestClient, leaky: Centre) -> None:
    break_store(leaky)
    assert browser.get(f"{API}/backtest?building=tournesol").status_code == 503
    assert browser.get(f"{PAGE}?building=tournesol").status_code == 503
    assert browser.get(PAGE).status_code == 200


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_its_page_and_can_be_counted(browser: TestClient, rule: object, language: str) -> None:
    rule_id = rule.id  # type: ignore[attr-defined]
    page = browser.get(f"/rules/{rule_id}?lang={language}&building=tournesol")
    assert page.status_code == 200
    told = next(one for one in explain.rules_told(language) if one.id == rule_id)
    for number in told.numbers:
        assert number.title in page.text.replace("&#39;", "'").replace("&amp;", "&")


def test_all_rules_are_listed_with_their_record(browser: TestClient, leaky: Centre) -> None:
    found = Finding("night_water", "tournesol.water", "water_at_night", TEN_S, TEN_S, TEN_S, 5, {})
    number = tickets.open_ticket(leaky.engine, found, Urgency.URGENT, Skill.PLUMBING)
    rule_modes.say(leaky.engine, TicketLabel(number, Label.REAL, "cell", NOW_S * 1000, ""))
    answer = browser.get("/api/v1/rules?lang=fr").json()
    assert [one["id"] for one in answer] == [rule.id for rule in RULES]
    told = next(one for one in answer if one["id"] == "night_water")
    assert told["title"] == "De l’eau coule la nuit"
    assert told["record"] == {
        "tickets": 1,
        "living": 1,
        "verified": 0,
        "faded": 0,
        "real": 1,
        "false_alarm": 0,
        "only_counted": 0,
        "precision": 1.0,
    }
    assert browser.get(API).json()["url"] == "https://energie.example/rules/night_water"
