"""Queries on the series store in the language Grafana sends to InfluxDB, and their place in a panel.

grafana-foundation-sdk has no query type for InfluxDB; this is the small one we need.
"""

from dataclasses import dataclass

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from plagewatch.store.names import known_field

DATA_SOURCE_TYPE = "influxdb"
DATA_SOURCE_UID = "plagewatch-energy"
TIME_FILTER = "$timeFilter"
"""Grafana puts the chosen span here: `time >= ...ms and time <= ...ms`."""


def source() -> DataSourceRef:
    """The data source every panel asks."""
    return DataSourceRef(type_val=DATA_SOURCE_TYPE, uid=DATA_SOURCE_UID)


@dataclass(frozen=True, slots=True)
class InfluxQuery(Dataquery):
    """A raw InfluxQL query of a panel. alias: what its curve is called."""

    ref_id: str
    query: str
    alias: str

    def to_json(self) -> dict[str, object]:
        """The target as Grafana's InfluxDB plug-in reads it."""
        return {
            "refId": self.ref_id,
            "datasource": source(),
            "query": self.query,
            "rawQuery": True,
            "resultFormat": "time_series",
            "alias": self.alias,
        }


class Target(Builder[Dataquery]):
    """Hands a query to a panel's builder."""

    def __init__(self, query: InfluxQuery) -> None:
        self._query = query

    def build(self) -> Dataquery:
        return self._query


def field_query(measurement: str, field: str, tag: str, function: str = "") -> str:
    """The known values of a field in the chosen span, for the value of the board's variable named as the tag.

    function: an InfluxQL function around the field, e.g. `last`; empty = every point.

    >>> print(field_query("plage", "fine_eur", "organisation", "last"))
    SELECT last("fine_eur") FROM "plage" WHERE "organisation" = '$organisation' AND "fine_eur_known" = 1 AND $timeFilter
    """
    selected = f'{function}("{field}")' if function else f'"{field}"'
    conditions = [f"\"{tag}\" = '${tag}'", f'"{known_field(field)}" = 1', TIME_FILTER]
    return f'SELECT {selected} FROM "{measurement}" WHERE {" AND ".join(conditions)}'


def tag_values_query(measurement: str, tag: str) -> str:
    """What a variable can be: the values of a tag.

    >>> print(tag_values_query("plage", "organisation"))
    SHOW TAG VALUES FROM "plage" WITH KEY = "organisation"
    """
    return f'SHOW TAG VALUES FROM "{measurement}" WITH KEY = "{tag}"'
