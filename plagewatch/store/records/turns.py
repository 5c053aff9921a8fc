"""One at a time: a job that reads, computes and writes must not run twice at once, in threads or in processes."""

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, func, select

OURS = 0x706C61
"""The first half of PostgreSQL's number for our advisory locks: others may use the same database."""

IN_MEMORY = (None, "", ":memory:")


@contextmanager
def turn(engine: Engine, job: str) -> Iterator[None]:
    """Wait until nobody else has this job, and have it until the end of the block.

    The lock is a file beside the embedded records: every process on them sees it, and it ends with its process,
    however that ends. On PostgreSQL it is an advisory lock of a transaction that stays open, which ends with the
    connection. A row with an expiry could not: a writer that stood still for longer than it would go on with what it
    read before, over what others wrote meanwhile.
    """
    if engine.dialect.name == "postgresql":
        from plagewatch.store.postgres import unhurried  # the driver, which embedded records do without

        with engine.begin() as connection, unhurried(connection):
            connection.execute(select(func.pg_advisory_xact_lock(OURS, zlib.crc32(job.encode()) >> 1)))
            yield
        return
    if engine.dialect.name != "sqlite" or engine.url.database in IN_MEMORY:
        yield  # nobody else can have these records open from here
        return
    records = Path(str(engine.url.database))
    claim = os.open(records.with_name(f"{records.name}.{job}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(claim, fcntl.LOCK_EX)
        yield
    finally:
        os.close(claim)
