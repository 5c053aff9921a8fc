"""What the nightly check of the ledger found, register by register."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import Engine, delete, insert, select

from plagewatch.store import tables
from plagewatch.store.records.alone import alone


@dataclass(frozen=True, slots=True)
class Account:
    """One register's account, in index units: booked + quarantined = last - first + declared steps, if balanced."""

    meter: str
    register: str
    first_index: float
    last_index: float
    declared_steps: float
    booked: float
    quarantined: float
    balanced: bool
    checked_ms: int


def save(engine: Engine, accounts: Iterable[Account]) -> None:
    """Put the accounts of a whole check in place of the last one's: registers that are gone are gone here too."""
    rows = [asdict(account) for account in accounts]
    with engine.begin() as connection:
        alone(connection, "accounts")  # two checks may end together
        connection.execute(delete(tables.ledger_account))
        if rows:
            connection.execute(insert(tables.ledger_account), rows)


def all_accounts(engine: Engine) -> list[Account]:
    """The accounts of the last check, by meter and register; empty where none was made."""
    table = tables.ledger_account
    with engine.connect() as connection:
        rows = connection.execute(select(table).order_by(table.c.meter, table.c.register)).mappings()
        return [Account(**row) for row in rows]
