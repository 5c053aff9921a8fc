"""Which packets of the spool are let go of: the oldest that every consumer has handled."""

import sqlite3

AT_ONCE = 2_000  # live packets come between


def let_go(connection: sqlite3.Connection, before_ms: int, keep_bytes: int) -> int:
    """Within the caller's transaction, delete some handled packets that are old or beyond keep_bytes; how many."""
    handled = connection.execute("SELECT min(spool_id) FROM watermark").fetchone()[0] or 0
    oldest = "SELECT id FROM packet WHERE id <= ? ORDER BY id LIMIT ?"
    old = f"DELETE FROM packet WHERE id IN ({oldest}) AND received_ms < ?"
    went = connection.execute(old, (handled, AT_ONCE, before_ms)).rowcount
    if not went and _used_bytes(connection) > keep_bytes:
        beyond = _beyond(connection, keep_bytes)
        went = connection.execute(f"DELETE FROM packet WHERE id IN ({oldest})", (handled, beyond)).rowcount
    return int(went)


def _used_bytes(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _beyond(connection: sqlite3.Connection, keep_bytes: int) -> int:
    """About how many packets are beyond that many bytes, at least a few, at most those that go at once."""
    first, last = connection.execute("SELECT min(id), max(id) FROM packet").fetchone()
    used = _used_bytes(connection)
    share = (used - keep_bytes) / used
    return max(50, min(AT_ONCE, int(share * (last - first + 1)))) if last else 0
