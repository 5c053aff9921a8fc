"""Indexes that people read: evidence like any other, and beside it who read it, with a photo and a note."""

from dataclasses import asdict, dataclass

from sqlalchemy import Engine, insert, select

from plagewatch.metering.readings import Quality, Samples
from plagewatch.store import tables
from plagewatch.store.records import audit
from plagewatch.store.records.life_cycle import By, What, editing
from plagewatch.store.series.protocol import SeriesStore


@dataclass(frozen=True, slots=True)
class ManualReading:
    """An index that a person read. at_ms, entered_ms: ms since 1970 UTC. value: as the meter shows it."""

    meter: str
    register: str
    at_ms: int
    value: float
    who: str
    photo: str = ""  # id of a stored file
    note: str = ""
    entered_ms: int = 0


def enter(engine: Engine, series: SeriesStore, reading: ManualReading, by: By) -> bool:
    """Keep a reading; False where it is there already. Evidence first: what is killed in between is done again.

    Raises SeriesError; a meter that is not in the registry raises the database's own error.
    """
    source = f"manual:{reading.who}"
    at_ms, value = [reading.at_ms], [reading.value]
    series.write_samples([Samples(reading.meter, reading.register, at_ms, value, source, by.at_ms, Quality.MANUAL)])
    row = asdict(reading) | {"entered_ms": by.at_ms}
    table = tables.manual_reading
    with editing(engine) as connection:
        same = (table.c[column.name] == row[column.name] for column in table.primary_key.columns)
        if connection.execute(select(table.c.value).where(*same)).first():
            return False
        connection.execute(insert(table).values(row))
        window = {"meter": reading.meter, "from_ms": reading.at_ms, "to_ms": reading.at_ms}
        connection.execute(insert(tables.dirty_window).values(window))
        audit.line(connection, by.at_ms, by.who, What.READING_ENTERED, reading.meter, None, row)
    return True


def readings_of(engine: Engine, meter: str, limit: int = 50) -> list[ManualReading]:
    """The newest readings by hand of a meter, newest first."""
    table = tables.manual_reading
    query = select(table).where(table.c.meter == meter).order_by(table.c.at_ms.desc()).limit(limit)
    with engine.connect() as connection:
        return [ManualReading(**row._mapping) for row in connection.execute(query)]
