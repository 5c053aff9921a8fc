"""The tables of the embedded series store, and how a file of an earlier version becomes one of this."""

from plagewatch.metering.intervals import Resolution
from plagewatch.store.names import INTERVAL_FIELDS

SCHEMA_VERSION = 2

# Names are kept once and rows carry a number; without a rowid the primary key is the table.
SCHEMA = f"""
CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE register (id INTEGER PRIMARY KEY, meter TEXT NOT NULL, register TEXT NOT NULL, UNIQUE (meter, register));
CREATE TABLE sample (
    register INTEGER NOT NULL, at_ms INTEGER NOT NULL, value REAL NOT NULL,
    received_ms INTEGER NOT NULL, source INTEGER NOT NULL, quality INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (register, at_ms, value)) WITHOUT ROWID;
CREATE TABLE flow (
    id INTEGER PRIMARY KEY, meter TEXT NOT NULL, flow TEXT NOT NULL, carrier TEXT NOT NULL, UNIQUE (meter, flow));
{
    "".join(
        f'''CREATE TABLE "{resolution}" (
    flow INTEGER NOT NULL, start_s INTEGER NOT NULL, {" REAL, ".join(INTERVAL_FIELDS)} REAL,
    PRIMARY KEY (flow, start_s)) WITHOUT ROWID;
'''
        for resolution in Resolution
    )
}
CREATE TABLE point_series (id INTEGER PRIMARY KEY, measurement TEXT NOT NULL, tags TEXT NOT NULL, field TEXT NOT NULL,
    UNIQUE (measurement, tags, field));
CREATE TABLE point (
    series INTEGER NOT NULL, start_s INTEGER NOT NULL, value REAL,
    PRIMARY KEY (series, start_s)) WITHOUT ROWID;
"""

# What brings a file of a version to the next one, in place: a year of evidence is not copied.
UPGRADES = {1: "ALTER TABLE sample ADD COLUMN quality INTEGER NOT NULL DEFAULT 0"}
