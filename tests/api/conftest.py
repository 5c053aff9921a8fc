from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.app import create_app
from plagewatch.store.engine import open_records
from plagewatch.store.series.sqlite import SqliteSeries
from tests.api.centre import Centre, fill, hold


@pytest.fixture
def centre(engine: Engine, series: SqliteSeries, tmp_path: Path) -> Centre:
    return fill(engine, series, tmp_path)


@pytest.fixture
def client(centre: Centre) -> Iterator[TestClient]:
    with TestClient(create_app(centre.context()), base_url="http://127.0.0.1", raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture(scope="session")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One centre for all tests that only read, with something in quarantine."""
    folder = tmp_path_factory.mktemp("centre")
    engine, series = open_records(f"sqlite:///{folder / 'records.db'}"), SqliteSeries(folder / "series.db")
    centre = fill(engine, series, folder)
    hold(engine)
    with TestClient(create_app(centre.context()), base_url="http://127.0.0.1", raise_server_exceptions=False) as opened:
        yield opened
    series.close()
    engine.dispose()


@pytest.fixture(autouse=True)
def _nobody_chose_a_language(request: pytest.FixtureRequest) -> None:
    if "reading" in request.fixturenames:
        request.getfixturevalue("reading").cookies.clear()
