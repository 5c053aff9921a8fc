"""Works on buildings: who told of them, when and from where."""

from dataclasses import asdict, dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement, Connection, Engine, delete, select

from plagewatch.metering.meters import Building
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.metering.works import Works
from plagewatch.store import tables
from plagewatch.store.records import audit, registry
from plagewatch.store.records.conflicts import put_over
from plagewatch.store.records.life_cycle import By, What, editing
from plagewatch.tickets.texts import N_

LONGEST = 200
FIRST, LAST = date(1970, 1, 1), date(2100, 1, 1)


def works(engine: Engine, building: str | None = None) -> list[Works]:
    """Works on a building, or on all, the newest first."""
    table = tables.works
    query = select(table).order_by(table.c.ended_on.desc(), table.c.building, table.c.what)
    query = query if building is None else query.where(table.c.building == building)
    with engine.connect() as connection:
        return [Works(**row._mapping) for row in connection.execute(query)]


def save(engine: Engine, entries: list[Works]) -> None:
    """Keep entries as they are, with who made them: for a copy of records. No line in the audit."""
    with editing(engine) as connection:
        put_over(connection, tables.works, [asdict(one) for one in entries])


@dataclass(frozen=True, slots=True)
class WorksEditor:
    """Edits of works. Each method tells whether anything changed, and raises EditRefused."""

    engine: Engine
    by: By

    def enter(self, told: Works) -> bool:
        """Works on a building, over those of the same day and words."""
        _check(told)
        entry = replace(told, who=self.by.who, at_ms=self.by.at_ms)
        with editing(self.engine) as connection:
            if not registry.entries(connection, Building, id=told.building):
                text = N_("There is no building “%(building)s”.")
                raise EditRefused(Refusal.UNKNOWN, text, building=told.building[:100])
            old = _same(connection, entry)
            if old is not None and old.source == entry.source:
                return False
            put_over(connection, tables.works, [asdict(entry)])
            audit.line(connection, self.by.at_ms, self.by.who, What.WORKS_ENTERED, entry.building, old, entry)
            return True

    def remove(self, told: Works) -> bool:
        """Take back works of a building, day and words."""
        with editing(self.engine) as connection:
            old = _same(connection, told)
            if old is None:
                return False
            connection.execute(delete(tables.works).where(*_key(old)))
            audit.line(connection, self.by.at_ms, self.by.who, What.WORKS_REMOVED, old.building, old, None)
            return True


def _check(told: Works) -> None:
    if not told.what.strip() or len(told.what) > LONGEST:
        raise EditRefused(Refusal.NAME, N_("Say in a few words what was done."))
    if not FIRST <= told.ended_on < LAST:
        text = N_("%(day)s is too far away: give a day from %(first)s to %(last)s.")
        raise EditRefused(Refusal.DAY, text, day=told.ended_on, first=FIRST, last=LAST)


def _key(told: Works) -> list[ColumnElement[bool]]:
    table = tables.works
    return [table.c.building == told.building, table.c.ended_on == told.ended_on, table.c.what == told.what]


def _same(connection: Connection, told: Works) -> Works | None:
    row = connection.execute(select(tables.works).where(*_key(told))).first()
    return None if row is None else Works(**row._mapping)
