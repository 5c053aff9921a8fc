"""What stands in an embedded series store, series by series, and its evidence in pieces: what a move reads."""

import ast
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import cast

from plagewatch.metering.intervals import Resolution
from plagewatch.metering.readings import Flow
from plagewatch.store.series.blocks import ROWS_A_PIECE, Row
from plagewatch.store.series.protocol import FiguresHeld, PointsHeld

Reading = Callable[[], AbstractContextManager[sqlite3.Connection]]


def registers_held(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Meters and registers that have a sample."""
    query = (
        "SELECT meter, register FROM register "
        "WHERE EXISTS (SELECT 1 FROM sample WHERE sample.register = register.id) ORDER BY meter, register"
    )
    return [(meter, register) for meter, register in connection.execute(query)]


def figures_held(connection: sqlite3.Connection) -> list[FiguresHeld]:
    """Flows that have a figure, resolution by resolution."""
    held = []
    for resolution in Resolution:
        query = (
            "SELECT meter, carrier, flow FROM flow "
            f'WHERE EXISTS (SELECT 1 FROM "{resolution}" AS figure WHERE figure.flow = flow.id) ORDER BY meter, flow'
        )
        rows = connection.execute(query)
        held += [FiguresHeld(resolution, meter, carrier, cast(Flow, flow)) for meter, carrier, flow in rows]
    return held


def points_held(connection: sqlite3.Connection) -> list[PointsHeld]:
    """Series of points that have a row."""
    query = (
        "SELECT DISTINCT measurement, tags FROM point_series "
        "WHERE EXISTS (SELECT 1 FROM point WHERE point.series = point_series.id) ORDER BY measurement, tags"
    )
    return [PointsHeld(measurement, dict(ast.literal_eval(tags))) for measurement, tags in connection.execute(query)]


def rows_told(reading: Reading, register: int, start_ms: int, end_ms: int) -> Iterator[list[Row]]:
    """Evidence of a register in [start_ms, end_ms) by instant and value, piece by piece.

    No piece keeps the file from others: each is a question of its own, from where the last one ended.
    """
    query = (
        "SELECT at_ms, value, quality, received_ms, name FROM sample JOIN source ON source.id = sample.source "
        "WHERE register = ? AND (at_ms, value) > (?, ?) AND at_ms < ? ORDER BY at_ms, value LIMIT ?"
    )
    place = (start_ms, float("-inf"))
    while True:
        with reading() as connection:
            rows: list[Row] = connection.execute(query, (register, *place, end_ms, ROWS_A_PIECE)).fetchall()
        if not rows:
            return
        yield rows
        place = rows[-1][:2]
