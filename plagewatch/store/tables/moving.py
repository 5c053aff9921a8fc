"""Stores that are brought to others."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    String,
    Table,
)

from plagewatch.store.tables.conventions import metadata

store_move = Table(  # stores that were brought to others; where it is not over, the target is not whole
    "store_move",
    metadata,
    Column("id", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("target", String, nullable=False),
    Column("halves", String, nullable=False),  # `records`, `series`, `records series`
    Column("began_ms", BigInteger, nullable=False),
    Column("done_ms", BigInteger),
)

store_move_step = Table(  # how far each part of a move has come
    "store_move_step",
    metadata,
    Column("move", ForeignKey("store_move.id"), primary_key=True),
    Column("step", String, primary_key=True),  # `table meter`, `evidence`, `figures`, `points`, `compared`
    Column("upto", JSON, nullable=False),  # the key of the last that is there
    Column("number", BigInteger, nullable=False),  # rows or values that are there
    Column("done", Boolean, nullable=False),
)
