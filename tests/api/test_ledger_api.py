"""Whether the ledger adds up, for programs and on the page on the data."""

from api.routes.ledger import NOTES
from plagewatch.metering.course import Found, Note
from plagewatch.store.records import accounts, findings
from tests.api.centre import NOW_S

WATER = ("tournesol.water", "water_volume")


def account(balanced: bool, quarantined: float = 0.0) -> accounts.Account:
    booked = 35.0 if balanced else 30.0
    return accounts.Account(*WATER, 100.0, 135.0 + quarantined, 0.0, booked, quarantined, balanced, NOW_S * 1000)


def met(note: Note, step: float) -> Found:
    return Found(note, NOW_S * 1000 - 900_000, NOW_S * 1000, step)


def test_before_the_first_night_nothing_is_claimed(client):
    assert client.get("/api/v1/ledger/accounts").json() == []
    assert "Not checked yet" in client.get("/data?lang=en").text


def test_what_adds_up_is_said(centre, client):
    accounts.save(centre.engine, [account(True)])
    (told,) = client.get("/api/v1/ledger/accounts").json()
    assert (told["register"], told["booked"], told["balanced"]) == ("water_volume", 35.0, True)
    page = client.get("/data?lang=en").text
    assert "1 register adds up to the last unit" in page
    assert "set aside" not in page


def test_what_was_set_aside_is_said(centre, client):
    accounts.save(centre.engine, [account(True, quarantined=400.0)])
    assert "something was set aside" in client.get("/data?lang=en").text


def test_what_does_not_add_up_is_shown_with_its_figures(centre, client):
    accounts.save(centre.engine, [account(False)])
    page = client.get("/data?lang=fr").text
    assert "1 registre sur 1" in page
    assert "/meters/tournesol.water" in page


def test_findings_are_for_people_where_they_need_a_look(centre, client):
    findings.replace(centre.engine, *WATER, (0, NOW_S * 1000), [met(Note.ROLLOVER, 1e5)])
    findings.replace(centre.engine, "noord.gas", "gas_volume", (0, NOW_S * 1000), [met(Note.UNDECLARED_SWAP, 5012.0)])
    told = client.get("/api/v1/ledger/findings").json()
    assert {(one["meter"], one["note"]) for one in told} == {
        ("tournesol.water", "rollover"),
        ("noord.gas", "undeclared_swap"),
    }
    assert [one["note"] for one in client.get("/api/v1/ledger/findings?meter=noord.gas").json()] == ["undeclared_swap"]
    page = client.get("/data?lang=nl").text
    assert "Meterwissel die niemand heeft aangegeven" in page
    assert "doorgedraaid" not in page


def test_how_many_findings_can_be_asked_for(client):
    assert client.get("/api/v1/ledger/findings?limit=0").status_code == 422


def test_every_note_has_a_name():
    assert set(NOTES) == set(Note)


def test_what_a_meter_lacks_is_said_on_its_own_page(centre, client):
    page = "/meters/tournesol.water?lang=en"
    assert "what a pulse of this meter is worth" not in client.get(page).text
    findings.replace(centre.engine, *WATER, (0, NOW_S * 1000), [met(Note.NO_PULSE_WEIGHT, 0.0), met(Note.SWAP, 1.0)])
    assert "what a pulse of this meter is worth" in client.get(page).text
    findings.replace(centre.engine, *WATER, (0, NOW_S * 1000), [met(Note.UNIT_UNKNOWN, 0.0)])
    assert "its unit does not become the unit of this meter" in client.get(page).text
