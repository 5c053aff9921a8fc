"""Pictures that people take of meters, kept once whatever their name, and known by what is in them."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Engine, select

from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.store import tables
from plagewatch.store.records.conflicts import put_new
from plagewatch.store.records.life_cycle import By
from plagewatch.tickets.texts import N_

MOST_BYTES = 8_000_000
LONGEST_NAME = 200
_ID = re.compile("[0-9a-f]{64}")
ENDINGS: Mapping[str, str] = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A picture. id: SHA-256 of the content, in hexadecimal. at_ms: when it was first brought [ms since 1970 UTC]."""

    id: str
    name: str
    media_type: str
    content: bytes
    who: str
    at_ms: int


def media_type_of(content: bytes) -> str | None:
    """What a picture is by its first bytes, whatever its name says; None = none that we keep.

    >>> media_type_of(b"RIFF....WEBPVP8 "), media_type_of(b"<svg")
    ('image/webp', None)
    """
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


def keep_picture(connection: Connection, name: str, content: bytes, by: By) -> str:
    """Keep a picture in the caller's transaction; its id. The same picture again is there once.

    Raises EditRefused where it is too large, or none.
    """
    if len(content) > MOST_BYTES:
        text = N_("The picture is too large: %(size)s MB. Up to %(most)s MB are kept.")
        raise EditRefused(Refusal.FILE, text, size=len(content) / 1e6, most=MOST_BYTES / 1e6)
    media_type = media_type_of(content)
    if media_type is None:
        raise EditRefused(Refusal.FILE, N_("The file is no picture that is kept here: JPEG, PNG or WebP."))
    found = StoredFile(hashlib.sha256(content).hexdigest(), name[:LONGEST_NAME], media_type, content, by.who, by.at_ms)
    table = tables.stored_file
    if not connection.execute(select(table.c.id).where(table.c.id == found.id)).first():
        put_new(connection, table, [asdict(found)])  # somebody else may bring the same one now
    return found.id


def stored_file(engine: Engine, id: str) -> StoredFile | None:
    """The picture of an id, or None."""
    table = tables.stored_file
    if not _ID.fullmatch(id):
        return None
    with engine.connect() as connection:
        row = connection.execute(select(table).where(table.c.id == id)).first()
    return StoredFile(**row._mapping) if row else None


def is_kept(engine: Engine, id: str) -> bool:
    """Whether there is a picture of this id."""
    table = tables.stored_file
    if not _ID.fullmatch(id):
        return False
    with engine.connect() as connection:
        return connection.execute(select(table.c.id).where(table.c.id == id)).first() is not None
