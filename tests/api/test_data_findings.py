"""What is wrong with the figures stands on the page of the data, and in a technician's queue only when asked for."""

import pytest
from fastapi.testclient import TestClient

from plagewatch.store.records import tickets
from plagewatch.tickets.findings import Finding, Skill, Urgency
from tests.api.centre import DAY_S, HOUR_S, NOW_S, Centre, ticket_for
from tests.api.test_tickets_api import causes

CAUSE = "pulse_weight"


@pytest.fixture
def found(centre: Centre) -> str:
    """The address of a ticket about the figures of a meter."""
    since_s = NOW_S - 7 * DAY_S
    finding = Finding(CAUSE, "tournesol.elec", CAUSE, since_s, NOW_S - HOUR_S, NOW_S - HOUR_S, 2.0, {"factor": 10.0})
    tickets.open_ticket(centre.engine, finding, Urgency.SOON, Skill.DATA)
    return f'href="/tickets/{ticket_for(centre.engine, CAUSE).id}"'


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
def test_it_stands_on_the_page_of_the_data(client: TestClient, found: str, language: str) -> None:
    page = client.get(f"/data?lang={language}").text
    assert found in page
    assert f"{CAUSE} [{language}]" in page
    assert f"unusual_load [{language}]" not in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", False),
        ("?zone=centre", False),
        ("?skill=electricity", False),
        ("?stage=living", False),
        ("?skill=data", True),
    ],
)
def test_the_technicians_queue_has_it_only_when_chosen(client: TestClient, found: str, query: str, shown: bool) -> None:
    assert (found in client.get(f"/tickets{query}").text) == shown


def test_other_programs_are_given_all_tickets(client: TestClient, found: str) -> None:
    assert CAUSE in causes(client)
    assert causes(client, "?skill=data") == [CAUSE]
    assert CAUSE not in causes(client, "?skill=electricity")
