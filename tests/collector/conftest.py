"""Stores that many examples share."""

from collections.abc import Iterator

import pytest

from plagewatch.metering.meters import Site
from plagewatch.store.engine import Engine, open_records
from plagewatch.store.records import registry
from plagewatch.store.series.sqlite import SqliteSeries
from tests.collector.ledger_stores import TZ


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Iterator[tuple[Engine, SqliteSeries]]:
    """One pair of stores for many examples, each with meters of its own: making the tables takes longest."""
    folder = tmp_path_factory.mktemp("shared")
    engine, series = open_records(f"sqlite:///{folder}/records.db"), SqliteSeries(folder / "series.db")
    registry.save(engine, [Site("site", "Site", timezone=TZ)])
    yield engine, series
    series.close()
    engine.dispose()
