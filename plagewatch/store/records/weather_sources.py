"""Whose weather counts for which site, which hours sources were asked for, and what trouble they gave."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, insert, select

from plagewatch.metering.weather import Assignment, Source
from plagewatch.store import tables
from plagewatch.store.records.alone import alone

LONGEST_WHY = 500


@dataclass(frozen=True, slots=True)
class Fetch:
    """Hours of a site in [start_s, end_s) that a source told, or a file of it, and what it said of their place.

    place: what was asked for, coordinates or a station's code: of another place nothing is known yet. model: the
    source's model or its station's name. latitude, longitude [° WGS84], elevation_m: of the grid cell or station.
    """

    site: str
    source: Source
    start_s: int
    end_s: int
    fetched_ms: int
    provisional: bool = False
    station: str = ""
    place: str = ""
    model: str = ""
    latitude: float | None = None
    longitude: float | None = None
    elevation_m: float | None = None
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the last request failed: of a source, or of `<source> <site>`; left alone until retry_ms."""

    source: str
    at_ms: int
    why: str
    retry_ms: int
    failures: int = 1


def assignments(engine: Engine, site: str | None = None) -> list[Assignment]:
    """Assignments of a site, or of all, by site and time."""
    table = tables.weather_source
    query = select(table).order_by(table.c.site, table.c.valid_from_s)
    if site is not None:
        query = query.where(table.c.site == site)
    with engine.connect() as connection:
        return [
            Assignment(row.site, Source(row.source), row.station, row.valid_from_s, row.who, row.at_ms)
            for row in connection.execute(query)
        ]


def assign(engine: Engine, site: str, made: Sequence[Assignment]) -> None:
    """Let these assignments be all there are of a site; none: it is as if nobody had ever assigned one."""
    table = tables.weather_source
    with engine.begin() as connection:
        alone(connection, "weather")
        connection.execute(delete(table).where(table.c.site == site))
        if made:
            connection.execute(insert(table), [asdict(one) for one in made])


def fetches(engine: Engine, site: str | None = None) -> list[Fetch]:
    """What was fetched or imported for a site, or for all, by site, source and time."""
    with engine.connect() as connection:
        return _fetches(connection, site)


def record(engine: Engine, new: Iterable[Fetch]) -> None:
    """Keep what was just told: it takes the place of what the same source told of the same hours before."""
    with engine.begin() as connection:
        alone(connection, "weather")
        for one in new:
            table = tables.weather_fetch
            there = [
                old for old in _fetches(connection, one.site) if (old.source, old.station) == (one.source, one.station)
            ]
            connection.execute(
                delete(table).where(
                    table.c.site == one.site, table.c.source == one.source, table.c.station == one.station
                )
            )
            connection.execute(insert(table), [asdict(row) for row in with_new(there, one)])


def with_new(there: Iterable[Fetch], new: Fetch) -> list[Fetch]:
    """Fetches of one source and site with a new one over them, by time; what fits together and is final is one.

    >>> old = Fetch("s", Source.OPEN_METEO, 0, 10800, 5, provisional=True)
    >>> rows = with_new([old], Fetch("s", Source.OPEN_METEO, 3600, 7200, 9))
    >>> [(row.start_s, row.end_s, row.provisional) for row in rows]
    [(0, 3600, True), (3600, 7200, False), (7200, 10800, True)]
    """
    rest = [
        replace(old, start_s=start_s, end_s=end_s)
        for old in there
        for start_s, end_s in (
            (old.start_s, min(old.end_s, new.start_s)),
            (max(old.start_s, new.end_s), old.end_s),
        )
        if start_s < end_s
    ]
    made: list[Fetch] = []
    for row in sorted([*rest, new], key=lambda one: one.start_s):
        before = made[-1] if made else None
        if before and before.end_s == row.start_s and not row.provisional and _alike(before, row):
            made[-1] = replace(row, start_s=before.start_s)
        else:
            made.append(row)
    return made


def _alike(one: Fetch, other: Fetch) -> bool:
    return replace(one, start_s=0, end_s=0, fetched_ms=0) == replace(other, start_s=0, end_s=0, fetched_ms=0)


def _fetches(connection: Connection, site: str | None) -> list[Fetch]:
    table = tables.weather_fetch
    query = select(table).order_by(table.c.site, table.c.source, table.c.start_s)
    if site is not None:
        query = query.where(table.c.site == site)
    return [_fetch(row) for row in connection.execute(query).mappings()]


def _fetch(row: RowMapping) -> Fetch:
    values: dict[str, Any] = {name: value for name, value in row.items() if name != "id"}
    values["source"] = Source(row["source"])
    return Fetch(**values)


def troubles(engine: Engine) -> dict[str, Trouble]:
    """The troubles that last, by source; one is gone when the source answers again."""
    with engine.connect() as connection:
        rows = connection.execute(select(tables.weather_trouble)).mappings()
        return {row["source"]: Trouble(**row) for row in rows}


def set_trouble(engine: Engine, trouble: Trouble) -> None:
    """Keep a trouble over the last one of the same source."""
    table = tables.weather_trouble
    with engine.begin() as connection:
        alone(connection, "weather")
        connection.execute(delete(table).where(table.c.source == trouble.source))
        connection.execute(insert(table).values(**asdict(replace(trouble, why=trouble.why[:LONGEST_WHY]))))


def clear_trouble(engine: Engine, source: str) -> None:
    """The source answers."""
    with engine.begin() as connection:
        connection.execute(delete(tables.weather_trouble).where(tables.weather_trouble.c.source == source))
