"""Opening hours, closing days and school holidays: entered on the page and by programs, and what follows from them."""

from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from plagewatch.metering.calendars.entered import EnteredDays, MarkedDay
from plagewatch.metering.calendars.schools import Community
from plagewatch.store.records.calendars import entered_days
from tests.api.centre import Centre

PATH = "/buildings/tournesol/days"
API = "/api/v1/buildings/tournesol"
WEEK = {"opens": ["8:30", "8h30", "8.30", "8:30", "8", "", ""], "closes": ["18:00", "18", "18", "18", "12:00", "", ""]}


def week_form(**changed: Any) -> dict[str, Any]:
    return {**WEEK, "valid_from": "2026-09-01", "who": "cell"} | changed


def known(centre: Centre) -> EnteredDays:
    return entered_days(centre.engine).get("tournesol", EnteredDays())


def test_a_week_of_opening_hours_is_entered_and_taken_back(client: TestClient, centre: Centre) -> None:
    assert client.get(f"{PATH}?lang=en").status_code == 200
    sent = client.post(f"{PATH}/opening", data=week_form(), follow_redirects=False)
    assert sent.headers["location"] == f"{PATH}?done=noted"
    hours = known(centre).opening
    assert [(one.open_h, one.close_h) for one in hours] == [(8.5, 18.0)] * 4 + [(8.0, 12.0)] + [(0.0, 0.0)] * 2
    assert {(one.building, one.valid_from, one.who) for one in hours} == {("tournesol", date(2026, 9, 1), "cell")}
    assert "lundi – jeudi\xa0: 8:30 – 18:00" in client.get(f"{PATH}?lang=fr").text
    text = client.get(f"{PATH}?lang=en").text
    assert "Monday – Thursday: 8:30 – 18:00" in text
    assert "Saturday – Sunday: closed" in text
    assert "Els, energy cell" in text
    assert "Opening hours entered" in text
    assert (
        "from 1 Sept 2026 · Monday – Thursday: 8:30 – 18:00 · Friday: 8:00 – 12:00 · Saturday – Sunday: closed" in text
    )
    gone = {"valid_from": "2026-09-01", "whose": "", "who": "cell"}
    assert client.post(f"{PATH}/opening/remove", data=gone, follow_redirects=False).status_code == 303
    assert not known(centre).opening


def test_the_other_buildings_of_the_site_may_be_meant(client: TestClient, centre: Centre) -> None:
    client.post(f"{PATH}/opening", data=week_form(whose="site", valid_from=""))
    assert {(one.building, one.valid_from) for one in known(centre).opening} == {("", date(1970, 1, 1))}
    assert "All buildings of" in client.get(f"{PATH}?lang=en").text


def test_days_in_a_row_are_marked_and_stand_in_the_coming_year(client: TestClient, centre: Centre) -> None:
    typed = {"first": "2026-12-28", "last": "2026-12-31", "kind": "closed", "source": "works council", "who": "cell"}
    client.post(f"{PATH}/marks", data=typed)
    assert [one.day.day for one in known(centre).marked] == [28, 29, 30, 31]
    text = client.get(f"{PATH}?lang=en").text
    assert "Mon 28 Dec – Thu 31 Dec 2026</strong><br>Own closing day: works council" in text
    assert "Christmas" in text
    assert "Mon 28 Dec – Thu 31 Dec 2026 · Closed</p>" in text
    client.post(f"{PATH}/marks/remove", data=typed)
    assert not known(centre).marked
    assert "<s>Mon 28 Dec – Thu 31 Dec 2026 · Closed</s>" in client.get(f"{PATH}?lang=en").text


def test_a_school_calendar_is_followed_as_far_as_it_is_known(client: TestClient, centre: Centre) -> None:
    client.post(f"{PATH}/schools", data={"community": "french", "who": "cell"})
    assert known(centre).schools[0].community is Community.FRENCH
    text = client.get(f"{PATH}?lang=en").text
    assert "Mon 21 Dec – Sun 3 Jan 2027</strong><br>Christmas holidays" in text
    assert "From 3 Jul 2027 on no school holidays are known" in text
    client.post(f"{PATH}/schools/remove", data={"valid_from": "1970-01-01", "who": "cell"})
    assert not known(centre).schools


@pytest.mark.parametrize(
    ("form", "typed", "told"),
    [
        ("opening", week_form(opens=["", "", "", "", "", "", ""], closes=[""] * 7), "at least one weekday"),
        ("opening", week_form(closes=["", "18", "18", "18", "12", "", ""]), "Give both times"),
        ("opening", week_form(opens=["25:00", "", "", "", "", "", ""]), "is no time like 8:30"),
        ("opening", week_form(closes=["7:00", "18", "18", "18", "12", "", ""]), "closes after it opens"),
        ("opening", week_form(who=""), "Say who you are"),
        ("opening", week_form(valid_from="soon"), "is no day"),
        ("marks", {"first": "", "who": "cell"}, "is no day"),
        ("marks", {"first": "2026-12-24", "last": "2026-12-23", "who": "cell"}, "before the first one"),
        ("marks", {"first": "2026-01-01", "last": "2026-12-31", "who": "cell"}, "at most 100 days"),
        ("marks", {"first": "2026-12-24", "kind": "festive", "who": "cell"}, "as closed or as open"),
        ("schools", {"community": "german", "who": "cell"}, "There are no schools"),
        ("marks/remove", {"first": "2026-12-24", "last": "2026-12-24", "kind": "closed", "who": "cell"}, "not there"),
        ("opening/remove", {"valid_from": "2026-12-24", "who": "cell"}, "not there any more"),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(client, centre, form, typed, told) -> None:
    answer = client.post(f"{PATH}/{form}?lang=en", data=typed)
    assert answer.status_code == 422
    assert told in answer.text
    assert known(centre) == EnteredDays()
    if form == "opening":
        assert f'value="{typed["opens"][1]}"' in answer.text  # what was typed is still there


@pytest.mark.parametrize(("language", "words"), [("nl", "Openingsuren"), ("fr", "Heures d’ouverture")])
def test_the_page_speaks_each_language(reading: TestClient, language: str, words: str) -> None:
    assert words in reading.get(f"{PATH}?lang={language}").text


def test_programs_enter_what_the_page_enters(client: TestClient, centre: Centre) -> None:
    week = [{"weekday": day, "opens": "08:00", "closes": "18:00"} for day in range(1, 6)]
    told = client.post(f"{API}/opening-hours", json={"week": week, "who": "cell", "source": "letter"}).json()
    assert len(told["opening_hours"]) == 7
    assert told["opening_hours"][0] == {
        "building": "tournesol", "source": "letter", "who": "cell", "valid_from": "1970-01-01", "weekday": 1,
        "opens": "8:00", "closes": "18:00",
    }  # fmt: skip
    marked = {"days": ["2026-12-24", "2026-12-24"], "whole_site": True, "who": "cell"}
    assert client.post(f"{API}/marked-days", json=marked).status_code == 200
    client.post(f"{API}/school-holidays", json={"community": "flemish", "who": "cell"})
    assert known(centre).marked == [MarkedDay("tournesol", date(2026, 12, 24), "closed", "", "", "cell",
                                              centre.context().now_s() * 1000)]  # fmt: skip
    assert [one.community for one in known(centre).schools] == [Community.FLEMISH]
    found = client.get(f"{API}/days?from=2026-12-23&to=2026-12-26").json()
    assert [day["rests"] for day in found] == [True] * 4
    assert found[1]["why"] == ["own", "school_holiday"]
    assert (found[0]["opens"], found[0]["school"]) == ("8:00", "christmas")
    assert client.delete(f"{API}/school-holidays?valid_from=1970-01-01&who=cell").json()["school_holidays"] == []
    query = "day=2026-12-24&kind=closed&whole_site=true&who=cell"
    assert client.delete(f"{API}/marked-days?{query}").json()["marked_days"] == []
    assert client.delete(f"{API}/marked-days?{query}").status_code == 404
    assert client.delete(f"{API}/opening-hours?valid_from=1970-01-01&who=cell").json()["opening_hours"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/days?from=soon", 422),
        ("/days?from=2026-12-24&to=2026-12-23", 422),
        ("/days?from=2026-01-01&to=2036-01-01", 422),
        ("/days?from=9999-12-31", 422),
        ("/days?to=0001-01-01", 422),
        ("/days?from=2099-12-31", 200),
        ("/days", 200),
        ("/calendar", 200),
    ],
)
def test_programs_are_told_what_is_wrong(reading: TestClient, path: str, status: int) -> None:
    assert reading.get(f"{API}{path}").status_code == status
    assert reading.get(f"/api/v1/buildings/nowhere{path}").status_code == 404


def test_days_without_hours_are_not_known(reading: TestClient) -> None:
    (day,) = reading.get(f"{API}/days?from=2026-05-15&to=2026-05-15").json()
    assert day == {"day": "2026-05-15", "rests": False, "why": ["bridge"], "school": None, "opens": None,
                   "closes": None}  # fmt: skip
