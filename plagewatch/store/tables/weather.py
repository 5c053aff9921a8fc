"""Whose weather counts for a site, and what its sources were asked."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from plagewatch.store.tables.conventions import Serial, metadata

weather_source = Table(  # whose weather counts for a site, from an instant on: the newest in force, never a mixture
    "weather_source",
    metadata,
    Column("site", ForeignKey("site.id"), primary_key=True),
    Column("valid_from_s", BigInteger, primary_key=True),
    Column("source", String, nullable=False),  # `own`, `open-meteo`, `rmi`
    Column("station", String, nullable=False),  # the source's own code; empty where it goes by coordinates
    Column("who", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

weather_fetch = Table(  # which hours a source was asked for, or a file brought, and what it said of the place
    "weather_fetch",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("site", ForeignKey("site.id"), nullable=False),
    Column("source", String, nullable=False),
    Column("station", String, nullable=False),
    Column("start_s", BigInteger, nullable=False),
    Column("end_s", BigInteger, nullable=False),
    Column("fetched_ms", BigInteger, nullable=False),
    Column("provisional", Boolean, nullable=False),  # the source may still change it: asked again
    Column("place", String, nullable=False),  # what was asked for: coordinates or station code
    Column("model", String, nullable=False),  # or name of the station
    Column("latitude", Float),
    Column("longitude", Float),
    Column("elevation_m", Float),
    Column("licence", String, nullable=False),
    Index("ix_weather_fetch_site_source_start_s", "site", "source", "start_s"),
)

weather_trouble = Table(  # why the last request to a source failed, and until when it is left alone
    "weather_trouble",
    metadata,
    Column("source", String, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("retry_ms", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
)
