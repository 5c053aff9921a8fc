"""What a browser is told, and what it may not be made to do."""

import pytest
from fastapi.testclient import TestClient

from plagewatch.store.records import tickets as records
from plagewatch.tickets.states import State
from tests.api.centre import Centre

ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://elsewhere.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1.elsewhere.example"},
]
HERE = [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://127.0.0.1"}]


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_another_site_changes_nothing(client: TestClient, centre: Centre, headers: dict[str, str]) -> None:
    form = client.post("/tickets/1/state", data={"state": "acknowledged", "who": "cell"}, headers=headers)
    program = client.post("/api/v1/tickets/1/state", json={"state": "acknowledged", "who": "cell"}, headers=headers)
    assert form.status_code == program.status_code == 403
    assert "nothing was changed" in program.json()["detail"]
    assert records.ticket(centre.engine, 1).state is State.OPEN  # type: ignore[union-attr]


@pytest.mark.parametrize("headers", HERE)
def test_this_site_and_programs_do(client: TestClient, centre: Centre, headers: dict[str, str]) -> None:
    wanted = {"state": "acknowledged", "who": "cell"}
    assert client.post("/api/v1/tickets/1/state", json=wanted, headers=headers).status_code == 200
    assert records.ticket(centre.engine, 1).state is State.ACKNOWLEDGED  # type: ignore[union-attr]


def test_reading_is_open_to_all(reading: TestClient) -> None:
    assert reading.get("/api/v1/tickets", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


@pytest.mark.parametrize(
    "address", ["/", "/tickets/1", "/nothing", "/healthz", "/static/plagewatch.css", "/meters/tournesol.elec/chart.svg"]
)
def test_every_answer_carries_the_headers(reading: TestClient, address: str) -> None:
    headers = reading.get(address).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "script-src" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["server-timing"].startswith("app;dur=")


@pytest.mark.parametrize("address", ["/", "/tickets", "/tickets/1", "/meters/tournesol.water", "/data", "/plage"])
def test_pages_have_nothing_their_own_policy_would_block(reading: TestClient, address: str) -> None:
    text = reading.get(address).text
    assert "<script" not in text
    assert " style=" not in text
    assert " onclick=" not in text
    assert "//" not in text.replace("http://www.w3.org", "").replace("<!doctype", "")


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/__init__.py", "/static/..%2f..%2fapp.py"])
def test_static_files_are_only_those(reading: TestClient, path: str) -> None:
    answer = reading.get(path)
    assert answer.status_code == 404
    assert "import" not in answer.text


def test_a_failure_nobody_foresaw_is_a_page_with_the_same_headers(client: TestClient, centre: Centre) -> None:
    centre.engine.dispose()
    (centre.folder / "records.db").write_bytes(b"no database at all" * 100)
    for path in centre.folder.glob("records.db-*"):
        path.unlink()
    answer = client.get("/tickets?lang=en")
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.text
    assert "sqlite" not in answer.text
    assert "server-timing" not in answer.headers  # docs/api.md says so
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[bad"])
def test_another_name_for_this_server_is_refused(client, host):
    for path in ("/", "/api/v1/sites", "/healthz"):
        told = client.get(path, headers={"Host": host})
        assert told.status_code == 400
        assert "PLAGEWATCH_BASE_URL" in told.json()["what_to_do"]


@pytest.mark.parametrize("host", ["localhost:8000", "[::1]:8000", "energie.example"])
def test_the_names_of_this_machine_and_of_its_address_are_known(client, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200
