"""What collectors and imports remember: spools, quarantine, replays, whose topics are whose."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from plagewatch.store.tables.conventions import EMPTY, Serial, metadata

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("spool_id", BigInteger),  # the packet's place in the collector's spool; a file's line has none
    Column("received_ms", BigInteger, nullable=False),
    Column("source", String, nullable=False),  # `mqtt:<topic>` or `file:<name>:<line>`
    Column("device", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("detail", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("spool", String, nullable=False, server_default=EMPTY),  # which spool; a file's line has none
    Index("ix_quarantine_device_reason", "device", "reason"),
    UniqueConstraint("spool", "spool_id", "device", "reason", "detail"),  # a packet replayed does not stand here twice
)

quarantine_count = Table(  # how many packets and lines came to quarantine; of packets only some stay there
    "quarantine_count",
    metadata,
    Column("device", String, primary_key=True),
    Column("reason", String, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("spool_id", BigInteger, nullable=False),  # the last packet counted: a packet replayed is not counted twice
    Column("received_ms", BigInteger, nullable=False),
    Column("first_ms", BigInteger, nullable=False, server_default=text("0")),  # when the first of them was received
    Column("spool", String, primary_key=True, server_default=EMPTY),  # each collector counts for itself
)

spool = Table(  # the spools of all collectors, and when each of these was last at work
    "spool",
    metadata,
    Column("name", String, primary_key=True),
    Column("place", String, nullable=False),  # machine and file, for people
    Column("seen_ms", BigInteger, nullable=False),
    Column("gone_ms", BigInteger),  # since when another file is in its place
)

topic_route = Table(  # topics of which somebody said which family they are
    "topic_route",
    metadata,
    Column("template", String, primary_key=True),  # `site/+/{device}/data`
    Column("family", String, nullable=False),
    Column("who", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

device_memory = Table(  # what a decoder must remember of a device: the names behind Sparkplug's aliases
    "device_memory",
    metadata,
    Column("family", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)

replay = Table(  # packets of a device that shall go through the collector once more
    "replay",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("device", String, nullable=False),  # empty: of all devices
    Column("template", String, nullable=False),  # only topics of this form; empty: all topics
    Column("since_ms", BigInteger, nullable=False),  # packets received from then on
    Column("who", String, nullable=False),
    Column("asked_ms", BigInteger, nullable=False),
    Column("done_ms", BigInteger),  # when the last spool was through
    Column("trouble", Text, nullable=False),  # what is said of it as a whole
    Column("until_ms", BigInteger),  # packets received before then; empty: no end
)

replay_part = Table(  # how far a replay is on one spool
    "replay_part",
    metadata,
    Column("replay", ForeignKey("replay.id"), primary_key=True),
    Column("spool", String, primary_key=True),
    Column("next_id", BigInteger, nullable=False),  # place in the spool up to which it is done
    Column("last_id", BigInteger, nullable=False),  # place in the spool where it ends
    Column("counted", BigInteger, nullable=False),  # packets that quarantine had counted when it began
    Column("packets", BigInteger, nullable=False),
    Column("samples", BigInteger, nullable=False),
    Column("done_ms", BigInteger),
    Column("gone", BigInteger, nullable=False),  # of those counted, how many the spool no longer had
    Column("complete_from_ms", BigInteger),  # where the spool no longer had all: from when on it did
    Column("trouble", Text, nullable=False),
)

import_mapping = Table(  # which column of a file is what, as somebody confirmed it
    "import_mapping",
    metadata,
    Column("name", String, primary_key=True),
    Column("mapping", JSON, nullable=False),
    Column("who", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
