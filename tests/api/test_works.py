"""Works on a building: entered on the page and by programs."""

from datetime import date

import pytest
from fastapi.testclient import TestClient

from plagewatch.store.records.works import works
from tests.api.centre import Centre

PATH, API = "/buildings/tournesol/works", "/api/v1/buildings/tournesol/works"
TYPED = {"ended_on": "2026-09-04", "what": "nieuwe ketel <b>", "source": "werkbon 7", "who": "cell"}


def test_works_are_entered_shown_and_taken_back(client: TestClient, centre: Centre) -> None:
    sent = client.post(PATH, data=TYPED, follow_redirects=False)
    assert sent.headers["location"] == f"{PATH}?done=noted"
    (told,) = works(centre.engine)
    assert (told.ended_on, told.what, told.who) == (date(2026, 9, 4), "nieuwe ketel <b>", "cell")
    text = client.get(f"{PATH}?lang=en").text
    assert "4 Sept 2026</strong> · nieuwe ketel &lt;b&gt;" in text
    assert "Els, energy cell · werkbon 7" in text
    client.post(f"{PATH}/remove", data=TYPED)
    assert works(centre.engine) == []


@pytest.mark.parametrize(
    ("path", "changed", "told"),
    [
        (PATH, {"what": " "}, "in a few words"),
        (PATH, {"ended_on": ""}, "is no day"),
        (PATH, {"who": ""}, "Say who you are"),
        (f"{PATH}/remove", {}, "not there any more"),
    ],
)
def test_what_cannot_be_is_told(client: TestClient, centre: Centre, path: str, changed, told: str) -> None:
    answer = client.post(f"{path}?lang=en", data=TYPED | changed)
    assert answer.status_code == 422
    assert told in answer.text
    assert works(centre.engine) == []


def test_programs_enter_and_take_back(client: TestClient, centre: Centre) -> None:
    wanted = {"ended_on": "2026-09-04", "what": "roof", "who": "cell"}
    told = client.post(API, json=wanted)
    assert told.status_code == 201
    assert told.json() == [{"ended_on": "2026-09-04", "what": "roof", "source": "", "who": "cell"}]
    assert client.get(API).json() == told.json()
    assert client.post(API, json=wanted | {"who": "nobody"}).status_code == 422
    assert client.delete(f"{API}?ended_on=2026-09-05&what=roof&who=cell").status_code == 404
    assert client.delete(f"{API}?ended_on=2026-09-04&what=roof&who=cell").json() == []
    assert client.get("/api/v1/buildings/nowhere/works").status_code == 404
