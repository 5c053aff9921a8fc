"""Pages of shares: a move on a day keeps what was before, and what does not add up is told."""

from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from plagewatch.metering.meters import Organisation
from plagewatch.store.records import registry
from tests.api.centre import Centre

METER = "tournesol.elec"


def shares_form(names: list[str], parts: list[str], **changed: str) -> dict[str, Any]:
    typed: dict[str, Any] = {"name": names, "part": parts, "valid_from": "2026-06-01", "who": "cell"}
    return typed | changed


def test_a_meter_moves_to_another_building_on_a_day(client: TestClient, centre: Centre) -> None:
    path = f"/meters/{METER}/shares"
    moved = client.post(path, data=shares_form(["noord", "", ""], ["", "", ""]), follow_redirects=False)
    assert moved.headers["location"] == f"{path}?done=noted"
    text = client.get(f"{path}?lang=en").text
    assert "until 31 May 2026" in text
    assert "from 1 June 2026" in text
    served = client.get("/buildings/tournesol/shares?lang=en").text
    assert "31 May 2026" in served
    back = {"valid_from": "2026-06-01", "who": "cell"}
    assert client.post(f"{path}/remove", data=back, follow_redirects=False).status_code == 303
    assert [share.building for share in registry.shares(centre.engine) if share.meter == METER] == ["tournesol"]


def test_thirds_may_be_written_as_fractions(client: TestClient, centre: Centre) -> None:
    client.post("/meters/noord.heat/shares", data=shares_form(["noord", "tournesol"], ["1/3", "2/3"]))
    shares = [one.share for one in registry.shares(centre.engine) if one.valid_from == date(2026, 6, 1)]
    assert sorted(shares) == pytest.approx([1 / 3, 2 / 3])


def test_a_building_is_shared_by_organisations_on_its_page(client: TestClient, centre: Centre) -> None:
    path = "/buildings/tournesol/shares"
    assert "No organisation is in the registry yet" in client.get(f"{path}?lang=en").text
    registry.save(centre.engine, [Organisation("centre", "Centre"), Organisation("town", "Town")])
    client.post(path, data=shares_form(["centre", "town", ""], ["60", "40 %", ""]))
    assert {one.organisation: one.share for one in registry.building_shares(centre.engine)} == {
        "centre": 0.6,
        "town": 0.4,
    }
    assert "Town: 40" in client.get(f"{path}?lang=en").text
    client.post(f"{path}/remove", data={"valid_from": "2026-06-01", "who": "cell"})
    assert registry.building_shares(centre.engine) == []


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (shares_form(["noord", "tournesol"], ["50", "40"]), "sum to 0.9, not to 1"),
        (shares_form(["noord", "noord"], ["50", "50"]), "stands there twice"),
        (shares_form(["noord", ""], ["50", "50"]), "without saying whose"),
        (shares_form(["noord", "tournesol"], ["100", ""]), "Give each a part"),
        (shares_form(["nowhere"], ["100"]), "not in the registry"),
        (shares_form(["", ""], ["", ""]), "sum to 0"),
        (shares_form(["noord"], ["half"]), "no number"),
        (shares_form(["noord"], ["100"], who=""), "Say who you are"),
        (shares_form(["noord"], ["100"], valid_from="x"), "is no day"),
    ],
)
def test_shares_that_cannot_be_are_told(client, centre, typed, told) -> None:
    answer = client.post(f"/meters/{METER}/shares?lang=en", data=typed)
    assert answer.status_code == 422
    assert told in answer.text
    assert len([one for one in registry.shares(centre.engine) if one.meter == METER]) == 1
