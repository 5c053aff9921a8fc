"""Amounts for programs: what is not known is null, and every row says how much was measured."""

import pytest
from fastapi.testclient import TestClient

from api.answers import SeriesAnswer
from tests.api.centre import Centre, break_store

WATER = "/api/v1/meters/tournesol.water/series"


def rows(reading: TestClient, url: str) -> list[dict[str, object]]:
    answer = reading.get(url)
    assert answer.status_code == 200, answer.text
    SeriesAnswer.model_validate_json(answer.content)  # what is sent is what OpenAPI promises
    return list(answer.json()["rows"])


def test_a_gap_is_null_and_never_zero(reading: TestClient) -> None:
    day = rows(reading, f"{WATER}?from=2026-11-18&to=2026-11-19")
    assert len(day) == 24
    assert day[0] == {
        "start": "2026-11-17T23:00:00Z",
        "amount": None,
        "coverage": 0.0,
        "interpolated": 0.0,
        "spread": 0.0,
        "estimated": 0.0,
        "manual": 0.0,
    }
    assert day[1]["amount"] == 0.5


def test_an_hour_of_which_only_the_total_is_known_says_so(reading: TestClient) -> None:
    spread = rows(reading, f"{WATER}?from=2026-11-18&to=2026-11-19")[5]
    assert (spread["amount"], spread["spread"], spread["coverage"]) == (0.5, 0.5, 0.0)


def test_an_interval_that_was_never_written_is_null_too(reading: TestClient) -> None:
    early = rows(reading, f"{WATER}?from=2026-10-01&to=2026-10-02")
    assert [row["amount"] for row in early] == [None] * 24
    assert early[0]["spread"] is None


def test_coverage_of_the_span_counts_what_is_missing(reading: TestClient) -> None:
    answer = reading.get(f"{WATER}?from=2026-11-18&to=2026-11-19").json()
    assert answer["coverage"] == pytest.approx(22 / 24)


@pytest.mark.parametrize(
    ("span", "hours"), [("from=2026-03-29&to=2026-03-30", 23), ("from=2026-10-25&to=2026-10-26", 25)]
)
def test_days_of_the_clock_change_have_23_and_25_hours(reading: TestClient, span: str, hours: int) -> None:
    assert len(rows(reading, f"{WATER}?{span}")) == hours


def test_without_a_span_it_is_the_last_seven_days(reading: TestClient) -> None:
    answer = reading.get(WATER).json()
    assert (answer["from"], answer["to"]) == ("2026-11-13T23:00:00Z", "2026-11-20T23:00:00Z")
    assert answer["unit"] == "m3"


def test_instants_carry_their_zone(reading: TestClient) -> None:
    answer = reading.get(WATER, params={"from": "2026-11-18T10:00:00+01:00", "to": "2026-11-18T11:00:00Z"}).json()
    assert [row["start"] for row in answer["rows"]] == ["2026-11-18T09:00:00Z", "2026-11-18T10:00:00Z"]
    unescaped = reading.get(f"{WATER}?from=2026-11-18T10:00:00+01:00&to=2026-11-18T11:00:00Z")
    assert unescaped.json()["rows"] == answer["rows"]


def test_days_of_a_meter_read_once_a_day(reading: TestClient) -> None:
    days = rows(reading, "/api/v1/meters/noord.heat/series?resolution=day&from=2026-11-18&to=2026-11-21")
    assert [row["amount"] for row in days] == [40.0, 40.0, None]


@pytest.mark.parametrize(
    ("url", "status", "words"),
    [
        ("/api/v1/meters/kitchen/series", 404, ["`kitchen`", "GET /api/v1/meters"]),
        (f"{WATER}?resolution=minute", 422, ["resolution", "minute", "'quarter'"]),
        (f"{WATER}?from=yesterday", 422, ["`yesterday`", "2026-11-20"]),
        (f"{WATER}?from=2026-02-30", 422, ["`2026-02-30`"]),
        (f"{WATER}?from=2026-11-18T10:00:00", 422, ["its zone"]),
        (f"{WATER}?from=9999-12-31", 422, ["1970 to 2100"]),
        (f"{WATER}?from=1969-01-01&to=1970-01-05", 422, ["1970 to 2100"]),
        (f"{WATER}?from=2026-11-20&to=2026-11-20", 422, ["not before"]),
        (f"{WATER}?resolution=quarter&from=2020-01-01&to=2026-01-01", 422, ["20000", "at most 208 days"]),
        (f"{WATER}?flow=sideways", 422, ["flow"]),
        ("/api/v1/meters/noord.heat/series?resolution=hour", 422, ["further apart", "day or coarser"]),
        ("/api/v1/meters/station.temperature/series", 422, ["state, not amounts"]),
    ],
)
def test_a_refusal_says_what_where_and_what_to_do(reading: TestClient, url: str, status: int, words: list[str]) -> None:
    answer = reading.get(url)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["where"]
    assert problem["what_to_do"]
    assert all(word in answer.text.replace('\\"', '"') for word in words), answer.text


def test_a_store_that_does_not_answer_is_503_and_says_so(client: TestClient, centre: Centre) -> None:
    break_store(centre)
    answer = client.get(WATER)
    assert answer.status_code == 503
    assert answer.json()["detail"]
