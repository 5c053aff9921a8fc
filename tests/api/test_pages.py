"""The pages as a browser receives them."""

import re
from html import escape
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.app import create_app
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.store.records import tickets as records
from plagewatch.store.series.sqlite import SqliteSeries
from plagewatch.tickets.states import State
from tests.api.centre import DAY_S, HOSTILE, MIDNIGHT_S, NOW_S, Centre, fill, hold, ticket_for

PAGES = [
    "/",
    "/?zone=north",
    "/buildings/tournesol",
    "/buildings/noord",
    "/meters/tournesol.water",
    "/meters/tournesol.water?period=day",
    "/meters/tournesol.water?period=month&until=2026-11-19",
    "/meters/tournesol.water?period=year",
    "/meters/noord.heat",
    "/meters/noord.heat?period=day",
    "/meters/noord.gas",
    "/meters/station.temperature",
    "/tickets",
    "/tickets?stage=over",
    "/tickets?zone=north&skill=metering&urgency=soon&stage=living",
    "/tickets/1",
    "/tickets/2",
    "/rules",
    "/data",
    "/api",
]


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
@pytest.mark.parametrize("address", PAGES)
def test_every_page_in_every_language(reading: TestClient, address: str, language: str) -> None:
    answer = reading.get(address, headers={"Accept-Language": f"{language};q=0.9,de"})
    assert answer.status_code == 200, answer.text
    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["content-language"] == language
    assert HOSTILE not in answer.text
    assert "%(" not in answer.text
    assert float(answer.headers["server-timing"].removeprefix("app;dur=")) > 0


def test_the_language_asked_for_is_remembered_and_wins(reading: TestClient) -> None:
    assert '<html lang="nl">' in reading.get("/").text
    assert '<html lang="fr">' in reading.get("/?lang=fr", headers={"Accept-Language": "en"}).text
    assert '<html lang="fr">' in reading.get("/tickets", headers={"Accept-Language": "en"}).text
    assert '<html lang="fr">' in reading.get("/tickets?lang=klingon").text


def test_links_to_other_languages_stay_on_this_server(reading: TestClient) -> None:
    text = reading.get("http://127.0.0.1//evil.example/x?a=b").text
    assert 'href="/evil.example/x?a=b&amp;lang=fr"' in text
    assert "//evil.example" not in text


def test_names_from_the_registry_and_payloads_are_escaped(client: TestClient, centre: Centre) -> None:
    hold(centre.engine)
    shown = escape(HOSTILE).replace("&#x27;", "&#39;")
    assert shown in client.get("/").text
    assert shown in client.get("/data").text


def test_the_start_page_compares_only_hours_both_weeks_have(reading: TestClient) -> None:
    text = re.sub(r"<[^>]+>|\s+", " ", reading.get("/buildings/tournesol?lang=en").text)
    assert re.search(r"Electricity +504 +kWh +\+50% +100%", text), text
    # Two hours of the water's week were not measured; what is known is compared with the same hours before.
    assert re.search(r"Water +83\.5 +m³ +±0% +99%", text), text
    assert re.search(r"Heat +210 +kWh +±0% +100%", text), (
        text
    )  # three quarters of the days of a meter that two buildings share


def test_a_gap_is_said_in_the_table(reading: TestClient) -> None:
    text = reading.get("/meters/tournesol.water?period=day&until=2026-11-18&lang=en").text
    row = re.search(r"00:00</th>(.*?)</tr>", text, re.DOTALL)
    assert row is not None
    assert "no data" in row[1]
    assert "0%" in row[1]


def test_the_day_that_runs_is_told_and_its_coverage_is_of_what_has_passed(engine: Engine, series: SqliteSeries) -> None:
    days_s = np.array([MIDNIGHT_S - DAY_S, MIDNIGHT_S], dtype=np.int64)
    nothing = np.zeros(2)
    half = Intervals(days_s, np.array([24.0, 14.0]), np.array([1.0, 14 / 24]), nothing, nothing, nothing, nothing)
    centre = fill(engine, series, Path())
    series.write_intervals(Resolution.DAY, "tournesol.elec", "electricity", half)
    with TestClient(create_app(centre.context()), base_url="http://127.0.0.1") as client:
        text = client.get("/meters/tournesol.elec?lang=en").text
    rows = [re.sub(r"<[^>]+>|\s+", " ", row) for row in re.findall(r"<tr>.*?</tr>", text, re.DOTALL)]
    assert re.search(r"20 Nov 2026 +still running +14 +97%", rows[1]), rows[1]
    assert re.search(r"19 Nov 2026 +24 +100%", rows[2]), rows[2]


def test_a_meter_that_ought_to_send_and_does_not_is_shown(client: TestClient, centre: Centre) -> None:
    text = client.get("/data?lang=en").text
    assert "Never sent anything" in text  # the weather station
    assert "Heat by day" not in text  # filled from files


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/buildings/kitchen", 404),
        ("/meters/kitchen", 404),
        ("/meters/kitchen/chart.svg", 404),
        ("/tickets/999", 404),
        ("/tickets/999/chart.svg", 404),
        ("/tickets/first", 422),
        ("/meters/tournesol.water?period=century", 422),
        ("/meters/tournesol.water?until=yesterday", 422),
        ("/meters/tournesol.water?until=0001-01-01", 422),
        ("/meters/tournesol.water?until=0001-01-01&period=year", 422),
        ("/meters/tournesol.water?until=1969-12-31", 422),
        ("/meters/tournesol.water?until=9999-12-31&period=year", 422),
        ("/meters/tournesol.water/chart.svg?resolution=quarter&from=2025-01-01", 422),
        ("/tickets?skill=magic", 422),
    ],
)
def test_what_cannot_be_shown_is_said_on_a_page(reading: TestClient, address: str, status: int) -> None:
    answer = reading.get(address)
    assert answer.status_code == status
    assert '<main id="content">' in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("until", ["1970-01-01", "2027-11-20"])
@pytest.mark.parametrize("period", ["day", "week", "month", "year"])
def test_the_first_and_last_day_that_can_be_asked_for_are_shown(reading: TestClient, until: str, period: str) -> None:
    assert reading.get(f"/meters/tournesol.water?until={until}&period={period}").status_code == 200


def test_charts_are_pictures_that_draw_the_gap(reading: TestClient) -> None:
    address = "/meters/tournesol.water/chart.svg?from=2026-11-18&to=2026-11-19&lang=en"
    answer = reading.get(address)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "no data" in answer.text
    assert "spread over a gap" in answer.text
    assert "Measured: 92% of the time" in answer.text
    assert answer.content == reading.get(address).content
    assert reading.get(f"{address}&size=phone").content != answer.content


def test_the_evidence_of_a_ticket_is_drawn(client: TestClient, centre: Centre) -> None:
    number = ticket_for(centre.engine, "unusual_load").id
    svg = client.get(f"/tickets/{number}/chart.svg?lang=en").text
    assert "abnormal" in svg
    assert "usual" in svg


def test_a_person_takes_a_ticket_through_the_form(client: TestClient, centre: Centre) -> None:
    number = ticket_for(centre.engine, "night_flow").id
    form = {"state": "acknowledged", "who": "tech-north", "note": ""}
    answer = client.post(f"/tickets/{number}/state", data=form, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/tickets/{number}")
    page = client.get(f"/tickets/{number}").text
    assert "Noor, plumber" in page
    assert '<option value="tech-north" selected>' in page
    assert records.events(centre.engine, number)[-1].who == "tech-north"


def test_mended_needs_a_word_for_the_next_person(client: TestClient, centre: Centre) -> None:
    number = ticket_for(centre.engine, "night_flow").id
    refused = client.post(f"/tickets/{number}/state", data={"state": "resolved", "who": "cell", "note": "  "})
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert records.ticket(centre.engine, number).state is State.OPEN  # type: ignore[union-attr]
    told = client.post(f"/tickets/{number}/state", data={"state": "resolved", "who": "cell", "note": HOSTILE})
    assert told.status_code == 200
    assert HOSTILE not in told.text
    assert records.events(centre.engine, number)[-1].note == HOSTILE


def test_a_step_without_a_name_keeps_what_was_typed(client: TestClient, centre: Centre) -> None:
    number = ticket_for(centre.engine, "night_flow").id
    refused = client.post(f"/tickets/{number}/state", data={"state": "acknowledged", "note": "valve B"})
    assert refused.status_code == 422
    assert "valve B</textarea>" in refused.text


def test_somebody_who_was_faster_is_told_and_nothing_is_lost(client: TestClient, centre: Centre) -> None:
    found = ticket_for(centre.engine, "night_flow")
    records.move(centre.engine, found.id, State.OPEN, State.FADED, who="meter", at_s=NOW_S, cleared_s=NOW_S)
    late = client.post(f"/tickets/{found.id}/state", data={"state": "acknowledged", "who": "cell", "note": "valve B"})
    assert late.status_code == 409
    assert 'role="alert"' in late.text
    assert len(records.events(centre.engine, found.id)) == 2


def test_an_empty_store_says_how_to_begin(engine: Engine, series: SqliteSeries, tmp_path: Path) -> None:
    context = Centre(engine, series, tmp_path).context()
    with TestClient(create_app(context), base_url="http://127.0.0.1") as client:
        assert "make demo" in client.get("/?lang=en").text
        for address in ("/tickets", "/data", "/plage"):
            assert client.get(address).status_code == 200
        assert "All 0 meters" not in client.get("/data?lang=en").text
        assert client.get("/healthz").json()["data_age_s"] is None


def test_a_zone_without_buildings_does_not_say_there_are_none(reading: TestClient) -> None:
    text = reading.get("/?zone=nowhere&lang=en").text
    assert "Nothing to show for this choice." in text
    assert "make demo" not in text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nl", "Het adres verwijst naar iets dat er niet of niet meer is."),
        ("fr", "L’adresse désigne quelque chose qui n’existe pas ou plus."),
        ("en", "The address names something that is not there, or not any more."),
    ],
)
def test_a_page_that_is_not_there_says_so_in_the_persons_language(client: TestClient, language: str, said: str) -> None:
    answer = client.get(f"/buildings/nowhere?lang={language}")
    assert answer.status_code == 404
    assert said in answer.text
