"""Transactions that read before they write, one at a time: between the two nobody else may change what was read."""

import zlib

from sqlalchemy import Connection

EDITS = "edits"
"""Of what is known of sites, buildings, meters and devices, whoever enters it: people, files, the demo."""

_OURS = int.from_bytes(b"plag")  # so that PostgreSQL's advisory locks of other programs are not these


def alone(connection: Connection, what: str) -> None:
    """Wait until no other transaction does this, and keep others from it until the caller's ends.

    Called first in a transaction. SQLite has one writer at a time whatever it does.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        number = zlib.crc32(what.encode()) & 0x7FFFFFFF
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_OURS}, {number})")
