"""What must be told to whom. A row is marked after the sending, so a crash repeats a message and never loses one."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Engine, select

from plagewatch.store import tables
from plagewatch.store.records.conflicts import put_new

MOST_IN_LIST = 500  # a statement holds only so many parameters


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One message to one person. due_s: not before this moment, seconds since 1970 UTC. attempts: tries so far."""

    id: int
    kind: str
    subject_key: str
    person: str
    due_s: int
    attempts: int


@dataclass(frozen=True, slots=True)
class OutboxState:
    """How a message stands: sent_s and given_up_s are None while neither happened; last_error is empty without one."""

    item: OutboxItem
    sent_s: int | None
    given_up_s: int | None
    last_error: str


def enqueue(engine: Engine, kind: str, subject_key: str, person_ids: Iterable[str], due_s: int) -> int:
    """Put one message per person in the outbox and return how many are new; one that is there already stays as it is.

    Raises sqlalchemy.exc.IntegrityError where a person is not in the registry; nothing is put in then.
    """
    rest = {
        "kind": kind,
        "subject_key": subject_key,
        "due_s": due_s,
        "queued_s": due_s,
        "attempts": 0,
        "last_error": "",
    }
    with engine.begin() as connection:
        return put_new(connection, tables.outbox, [{"person": person, **rest} for person in person_ids])


def queued_since(engine: Engine, kind: str, from_s: int) -> list[OutboxItem]:
    """All messages of a kind that were put in from a moment on, sent or not."""
    table = tables.outbox
    query = select(table).where(table.c.kind == kind, table.c.queued_s >= from_s)
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return [OutboxItem(r.id, r.kind, r.subject_key, r.person, r.due_s, r.attempts) for r in rows]


def queued(engine: Engine, kind: str, subject_keys: Collection[str]) -> set[tuple[str, str]]:
    """Subject key and person of the messages of a kind with these keys that were ever put in."""
    table, keys, found = tables.outbox, list(subject_keys), set[tuple[str, str]]()
    with engine.connect() as connection:
        for first in range(0, len(keys), MOST_IN_LIST):
            query = select(table.c.subject_key, table.c.person).where(
                table.c.kind == kind, table.c.subject_key.in_(keys[first : first + MOST_IN_LIST])
            )
            found |= {(row.subject_key, row.person) for row in connection.execute(query)}
    return found


def due(engine: Engine, now_s: int) -> list[OutboxItem]:
    """What waits to be sent now, longest waiting first."""
    table = tables.outbox
    waiting = (table.c.sent_s.is_(None), table.c.given_up_s.is_(None), table.c.due_s <= now_s)
    with engine.connect() as connection:
        rows = connection.execute(select(table).where(*waiting).order_by(table.c.due_s, table.c.id)).all()
    return [OutboxItem(r.id, r.kind, r.subject_key, r.person, r.due_s, r.attempts) for r in rows]


def claim(engine: Engine, item: OutboxItem, until_s: int) -> bool:
    """Take an item for one try: it is not due for others before until_s. False where another worker was first.

    The try is counted here, so that one that kills its worker counts too; a worker that died lets go at until_s.
    """
    table = tables.outbox
    same = (table.c.id == item.id, table.c.attempts == item.attempts, table.c.due_s == item.due_s)
    still = (table.c.sent_s.is_(None), table.c.given_up_s.is_(None))
    change = table.update().where(*same, *still).values(due_s=until_s, attempts=item.attempts + 1)
    with engine.begin() as connection:
        return connection.execute(change).rowcount == 1


def sent(engine: Engine, item_id: int, at_s: int) -> bool:
    """Mark an item as sent. Called after the sending. False where it was marked before."""
    table = tables.outbox
    change = table.update().where(table.c.id == item_id, table.c.sent_s.is_(None)).values(sent_s=at_s, last_error="")
    with engine.begin() as connection:
        return connection.execute(change).rowcount == 1


def failed(engine: Engine, item_id: int, error: str, again_s: int) -> None:
    """Keep why a try failed, and when the next one is due. An item that was sent meanwhile stays sent."""
    _keep_error(engine, item_id, {"last_error": error, "due_s": again_s})


def put_back(engine: Engine, item: OutboxItem, error: str, again_s: int) -> None:
    """Let go of a claimed item whose try says nothing about it, because the way to everybody was closed."""
    _keep_error(engine, item.id, {"last_error": error, "due_s": again_s, "attempts": item.attempts})


def give_up(engine: Engine, item_id: int, error: str, at_s: int) -> None:
    """Stop trying: no later try can help. The item stays, with its reason."""
    _keep_error(engine, item_id, {"last_error": error, "given_up_s": at_s})


def unsent(engine: Engine) -> list[OutboxState]:
    """All that is not sent, given up or waiting, by moment due: what somebody may have to look after."""
    table = tables.outbox
    query = select(table).where(table.c.sent_s.is_(None)).order_by(table.c.due_s, table.c.id)
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return [
        OutboxState(
            OutboxItem(r.id, r.kind, r.subject_key, r.person, r.due_s, r.attempts), r.sent_s, r.given_up_s, r.last_error
        )
        for r in rows
    ]


def _keep_error(engine: Engine, item_id: int, changes: dict[str, object]) -> None:
    table = tables.outbox
    with engine.begin() as connection:
        connection.execute(table.update().where(table.c.id == item_id, table.c.sent_s.is_(None)).values(changes))
