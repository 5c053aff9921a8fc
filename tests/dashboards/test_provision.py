"""Boards as files, and pushed to a Grafana: a small server that keeps state as Grafana's HTTP API documents it.

`GRAFANA_URL` and `GRAFANA_TOKEN` name a real one for the last test.
"""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dashboards import provision
from dashboards.influxql import DATA_SOURCE_UID
from dashboards.provision import GrafanaRefused, InfluxSource

PROVISIONING = Path(provision.__file__).parent / "provisioning"
TOKEN = "glsa_test"
INFLUX = InfluxSource("http://influxdb:8086", "influx-token")


class Grafana(ThreadingHTTPServer):
    """Keeps data sources and boards. role: of the service account behind the token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.sources: dict[str, dict] = {}
        self.boards: dict[str, dict] = {}
        self.role = "Admin"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Grafana

    def do_GET(self) -> None:
        if self.path == "/api/health":  # open to everybody
            return self._say(200, {"database": "ok", "version": "11.6.0", "commit": "0"})
        uid = self.path.removeprefix("/api/datasources/uid/")
        if not self._may():
            return None
        if uid in self.server.sources:
            return self._say(200, self.server.sources[uid])
        return self._say(404, {"message": "Data source not found"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._may():
            return None
        if self.path == "/api/datasources":
            if body["uid"] in self.server.sources:
                return self._say(409, {"message": "data source with the same name already exists"})
            self.server.sources[body["uid"]] = body
            return self._say(200, {"id": 1, "message": "Datasource added", "name": body["name"]})
        if self.path == "/api/dashboards/db":
            return self._board(body)
        return self._say(404, {"message": "Not found"})

    def _board(self, body: dict) -> None:
        board = body["dashboard"]
        if board["uid"] in self.server.boards and not body.get("overwrite"):
            return self._say(412, {"status": "version-mismatch", "message": "changed by someone else"})
        version = self.server.boards.get(board["uid"], {}).get("version", 0) + 1
        self.server.boards[board["uid"]] = {**board, "version": version}
        address = f"/d/{board['uid']}/{board['title'].lower().replace(' ', '-')}"
        return self._say(200, {"uid": board["uid"], "url": address, "status": "success", "version": version})

    def _may(self) -> bool:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._say(401, {"message": "Invalid API key"})
            return False
        if self.server.role != "Admin":
            self._say(403, {"message": "You'll need additional permissions to perform this action."})
            return False
        return True

    def _say(self, status: int, body: dict) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    server = Grafana()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join(5)
    server.server_close()


def test_push_makes_data_source_and_boards(grafana):
    told = provision.push(grafana.url, TOKEN, INFLUX)
    assert set(grafana.boards) == {"plagewatch-plage-nl", "plagewatch-plage-fr", "plagewatch-plage-en"}
    source = grafana.sources[DATA_SOURCE_UID]
    assert source["jsonData"]["dbName"] == "energy"
    assert source["secureJsonData"]["httpHeaderValue1"] == "Token influx-token"
    assert len(told) == 4
    assert f"{grafana.url}/d/plagewatch-plage-fr/progression-du-plage" in " ".join(told)
    assert "influx-token" not in " ".join(told)


def test_push_again_writes_over_the_boards_and_leaves_the_data_source(grafana):
    provision.push(grafana.url, TOKEN, INFLUX)
    provision.push(grafana.url + "/", TOKEN, InfluxSource("http://elsewhere:8086", "other"))
    assert {board["version"] for board in grafana.boards.values()} == {2}
    assert grafana.sources[DATA_SOURCE_UID]["url"] == INFLUX.url


def test_without_data_source_and_without_influxdb_nothing_is_pushed(grafana):
    with pytest.raises(GrafanaRefused, match="PLAGEWATCH_INFLUX_URL"):
        provision.push(grafana.url, TOKEN)
    assert not grafana.boards


def test_a_wrong_token_is_told(grafana):
    with pytest.raises(GrafanaRefused, match="PLAGEWATCH_GRAFANA_TOKEN") as refused:
        provision.push(grafana.url, "wrong", INFLUX)
    assert not refused.value.retryable


def test_a_token_that_may_not_is_told(grafana):
    grafana.role = "Viewer"
    with pytest.raises(GrafanaRefused, match="role Admin"):
        provision.push(grafana.url, TOKEN, INFLUX)


@pytest.mark.parametrize("url", ["grafana:3000", "ftp://grafana", "http://", ""])
def test_what_is_no_address_is_told(url):
    with pytest.raises(GrafanaRefused, match="no address"):
        provision.push(url, TOKEN)


def test_a_grafana_that_does_not_answer_may_answer_later(grafana):
    grafana.shutdown()
    grafana.server_close()
    with pytest.raises(GrafanaRefused, match="cannot be reached") as refused:
        provision.push(grafana.url, TOKEN)
    assert refused.value.retryable


@pytest.mark.parametrize(
    ("content_type", "body"), [("text/html", b"<html>intranet</html>"), ("application/json", b"{}")]
)
def test_another_server_is_no_grafana(content_type, body):
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Other)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with pytest.raises(GrafanaRefused, match="is no Grafana"):
            provision.push(f"http://127.0.0.1:{server.server_port}", TOKEN)
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def test_build_writes_the_same_bytes_again(tmp_path):
    first = {path.name: path.read_bytes() for path in provision.build(tmp_path / "a")}
    second = {path.name: path.read_bytes() for path in provision.build(tmp_path / "b")}
    assert first == second
    assert set(first) == {"plage-progress.nl.json", "plage-progress.fr.json", "plage-progress.en.json"}


def test_boards_can_be_told_apart_and_their_panels_too():
    built = provision.boards().values()
    assert len({board["uid"] for board in built}) == 3
    assert len({board["title"] for board in built}) == 3
    for board in built:
        panels = board["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels)
        places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in panels]
        assert len(set(places)) == len(places)
        asked = [panel for panel in panels if panel["type"] != "text"]
        assert all(panel["datasource"]["uid"] == DATA_SOURCE_UID for panel in asked)


def test_provisioning_files_agree_with_the_boards():
    source = (PROVISIONING / "datasources" / "plagewatch.yaml").read_text(encoding="utf-8")
    pushed = provision.data_source(InfluxSource("http://influxdb:8086", "$INFLUX_TOKEN"))
    for wanted in (
        f"uid: {pushed['uid']}",
        f"dbName: {pushed['jsonData']['dbName']}",
        f"version: {pushed['jsonData']['version']}",
        f"httpHeaderValue1: {pushed['secureJsonData']['httpHeaderValue1']}",
        f"url: {pushed['url']}",
    ):
        assert wanted in source


@pytest.mark.skipif("GRAFANA_URL" not in os.environ, reason="NO GRAFANA: name one in GRAFANA_URL and GRAFANA_TOKEN")
def test_a_real_grafana_takes_the_boards():
    url, token = os.environ["GRAFANA_URL"], os.environ.get("GRAFANA_TOKEN", "")
    assert len(provision.push(url, token, INFLUX)) == 4
    assert provision.push(url, token)[0].endswith("it was there")
