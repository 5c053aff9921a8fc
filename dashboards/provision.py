"""Boards as files, and into a running Grafana."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from grafana_client.api import GrafanaApi
from grafana_client.client import GrafanaClientError, GrafanaException, GrafanaUnauthorizedError
from niquests.exceptions import JSONDecodeError, RequestException

from dashboards.boards import plage_progress
from dashboards.influxql import DATA_SOURCE_TYPE, DATA_SOURCE_UID
from plagewatch.store.names import ENERGY_BUCKET
from plagewatch.words import LANGUAGES

TIMEOUT_S = 15.0


class GrafanaRefused(Exception):
    """Grafana did not take the boards; the sentence says why and what to do. `retryable`: the same may work later."""

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


@dataclass(frozen=True, slots=True)
class InfluxSource:
    """The InfluxDB that Grafana reads, as Grafana reaches it."""

    url: str
    token: str


def boards() -> dict[str, dict[str, Any]]:
    """All boards by the name of their file, without its ending."""
    return {f"plage-progress.{language}": plage_progress.build(language) for language in LANGUAGES}


def build(out: Path) -> list[Path]:
    """Write every board as JSON into a folder; the same code writes the same bytes. Raises OSError."""
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, board in boards().items():
        path = out / f"{name}.json"
        path.write_text(json.dumps(board, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


def push(url: str, token: str, source: InfluxSource | None = None) -> list[str]:
    """Put the boards into a Grafana, and its data source where it has none; a line for each thing done.

    A data source that is there is left as it is. Raises GrafanaRefused for a wrong URL, token or right, and where the
    data source is missing and no InfluxDB is given.
    """
    with _told(url), _connected(url, token) as grafana:
        done = _data_source(grafana, url, source)
        for board in boards().values():
            sent = {"dashboard": board, "overwrite": True, "message": "plagewatch dashboards push"}
            answer = grafana.dashboard.update_dashboard(sent)
            done.append(f"board {board['title']}: {url.rstrip('/')}{answer['url']}")
    return done


@contextmanager
def _connected(url: str, token: str) -> Iterator[Any]:  # grafana-client has no types
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise GrafanaRefused(f"{url!r} is no address of a Grafana: http://host:3000 is expected", retryable=False)
    grafana: Any = GrafanaApi.from_url(url.rstrip("/") + "/", token, timeout=TIMEOUT_S)
    try:
        health = grafana.client.GET("/health")  # its own health.check asks for settings instead
        if not isinstance(health, dict) or "database" not in health:
            raise GrafanaRefused(f"What answers at {url} is no Grafana: check PLAGEWATCH_GRAFANA_URL", retryable=False)
        yield grafana
    finally:
        grafana.client.s.close()


def _data_source(grafana: Any, url: str, source: InfluxSource | None) -> list[str]:
    try:
        grafana.datasource.get_datasource_by_uid(DATA_SOURCE_UID)
    except GrafanaClientError as error:
        if error.status_code != 404:
            raise
    else:
        return [f"data source {DATA_SOURCE_UID}: it was there"]
    if source is None:
        raise GrafanaRefused(
            f"The Grafana at {url} lacks the data source {DATA_SOURCE_UID!r}, and no InfluxDB is named to make it: set"
            " PLAGEWATCH_INFLUX_URL and PLAGEWATCH_INFLUX_TOKEN",
            retryable=False,
        )
    grafana.datasource.create_datasource(data_source(source))
    return [f"data source {DATA_SOURCE_UID}: made for {source.url}"]


def data_source(source: InfluxSource) -> dict[str, Any]:
    """The data source as Grafana's HTTP API takes it: InfluxQL on the bucket `energy`."""
    return {
        "uid": DATA_SOURCE_UID,
        "name": DATA_SOURCE_UID,
        "type": DATA_SOURCE_TYPE,
        "access": "proxy",
        "url": source.url,
        "jsonData": {
            "version": "InfluxQL",
            "httpMode": "GET",
            "dbName": ENERGY_BUCKET,
            "httpHeaderName1": "Authorization",
        },
        "secureJsonData": {"httpHeaderValue1": f"Token {source.token}"},
    }


@contextmanager
def _told(url: str) -> Iterator[None]:
    try:
        yield
    except GrafanaUnauthorizedError as error:
        raise GrafanaRefused(
            f"The Grafana at {url} does not know this token: check PLAGEWATCH_GRAFANA_TOKEN", retryable=False
        ) from error
    except JSONDecodeError as error:
        raise GrafanaRefused(
            f"What answers at {url} is no Grafana: check PLAGEWATCH_GRAFANA_URL", retryable=False
        ) from error
    except RequestException as error:
        raise GrafanaRefused(f"Grafana at {url} cannot be reached ({error}): is it running?", retryable=True) from error
    except GrafanaException as error:
        raise _explained(url, error) from error


def _explained(url: str, error: GrafanaException) -> GrafanaRefused:
    if error.status_code == 403:
        sentence = f"The token may not do this at {url}: its service account needs the role Admin"
        return GrafanaRefused(f"{sentence} ({error.message})", retryable=False)
    if error.status_code == 404:
        return GrafanaRefused(f"There is no Grafana at {url}: check PLAGEWATCH_GRAFANA_URL", retryable=False)
    retryable = error.status_code == 0 or error.status_code >= 500
    return GrafanaRefused(f"Grafana at {url} did not take it ({error.message})", retryable=retryable)
