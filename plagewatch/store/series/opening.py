"""Chooses the series store: InfluxDB where a URL is given, else SQLite in the data folder."""

from collections.abc import Collection
from pathlib import Path
from typing import Literal

from plagewatch.store.series.protocol import SeriesStore
from plagewatch.store.series.sqlite import SqliteSeries


def series_at(
    data_dir: Path,
    influx_url: str | None,
    influx_token: str,
    influx_org: str,
    influx_timeout_s: float,
    *,
    influx_gzip: Literal["auto", "on", "off"] = "auto",
    rooms: Collection[str] = (),
) -> SeriesStore:
    """The series store of these settings; an InfluxDB has not been asked yet.

    rooms: those that will use it; its `check` asks for the rights that they need, for all where none is named.
    Raises SeriesError where the address is none, or the embedded file cannot be used.
    """
    if influx_url is None:
        return SqliteSeries(data_dir / "series.db")
    # Half a second of imports that an embedded installation need not wait for.
    from plagewatch.store.series.influx import InfluxSeries
    from plagewatch.store.series.influx_rights import rights_of

    needs = rights_of(rooms)
    return InfluxSeries(influx_url, influx_token, influx_org, influx_timeout_s, influx_gzip, needs)
