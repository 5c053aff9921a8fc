"""Tables of the records: what people and the product decided, written so that PostgreSQL can hold them too.

Evidence is not here.

Instants are integers in the unit of their name (`_ms`, `_s`), UTC. The migrations in `schema/` make these tables;
a test compares both.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows itself only for its own INTEGER type.
Serial = BigInteger().with_variant(Integer, "sqlite")

site = Table(
    "site",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("timezone", String, nullable=False),
    Column("latitude", Float),
    Column("longitude", Float),
)

building = Table(
    "building",
    metadata,
    Column("id", String, primary_key=True),
    Column("site", ForeignKey("site.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("use", String, nullable=False),
    Column("floor_area_m2", Float),
)

meter = Table(
    "meter",
    metadata,
    Column("id", String, primary_key=True),
    Column("site", ForeignKey("site.id"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("carrier", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("unit", String, nullable=False),
    Column("interval_s", Integer),
    Column("ean", String),
    Column("installation", String, nullable=False),
    Column("note", Text, nullable=False),
)

meter_facts = Table(
    "meter_facts",
    metadata,
    Column("meter", ForeignKey("meter.id"), primary_key=True),
    Column("valid_from_ms", BigInteger, primary_key=True),
    Column("digits", Integer),
    Column("decimals", Integer),
    Column("multiplier", Float, nullable=False),
    Column("max_power_kw", Float),
)

swap = Table(
    "swap",
    metadata,
    Column("meter", ForeignKey("meter.id"), primary_key=True),
    Column("register", String, primary_key=True),
    Column("at_ms", BigInteger, primary_key=True),
    Column("last_index", Float, nullable=False),
    Column("first_index", Float, nullable=False),
    Column("serial", String, nullable=False),
    Column("digits", Integer),
)

meter_share = Table(
    "meter_share",
    metadata,
    Column("meter", ForeignKey("meter.id"), primary_key=True),
    Column("building", ForeignKey("building.id"), primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("share", Float, nullable=False),
)

binding = Table(
    "binding",
    metadata,
    Column("device", String, primary_key=True),
    Column("register", String, primary_key=True),
    Column("from_ms", BigInteger, primary_key=True),
    Column("meter", ForeignKey("meter.id"), nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("email", String, nullable=False),
    Column("role", String, nullable=False),
    Column("language", String, nullable=False),
    Column("buildings", JSON, nullable=False),
    Column("zones", JSON, nullable=False),
    Column("skills", JSON, nullable=False),
)

calendar_day = Table(
    "calendar_day",
    metadata,
    Column("site", ForeignKey("site.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("kind", String, primary_key=True),
)

dirty_window = Table(  # evidence that is newer than its figures
    "dirty_window",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("meter", ForeignKey("meter.id"), nullable=False, index=True),
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger, nullable=False),
)

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
    Index("ix_quarantine_device_reason", "device", "reason"),
    UniqueConstraint("spool_id", "device", "reason", "detail"),  # a packet replayed does not stand here twice
)

quarantine_count = Table(  # how many packets and lines came to quarantine; of packets only some stay there
    "quarantine_count",
    metadata,
    Column("device", String, primary_key=True),
    Column("reason", String, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("spool_id", BigInteger, nullable=False),  # the last packet counted: a packet replayed is not counted twice
    Column("received_ms", BigInteger, nullable=False),
)

ticket = Table(
    "ticket",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("meter", ForeignKey("meter.id"), nullable=False),
    Column("rule", String, nullable=False),
    Column("cause", String, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("urgency", String, nullable=False),
    Column("skill", String, nullable=False),
    Column("first_abnormal_s", BigInteger, nullable=False),
    Column("last_abnormal_s", BigInteger, nullable=False),
    Column("opened_s", BigInteger, nullable=False, index=True),
    Column("cleared_s", BigInteger),
    Column("score", Float, nullable=False),
    Column("numbers", JSON, nullable=False),
    Column("assigned_to", ForeignKey("person.id")),
    # The key of a living ticket, empty once it is over: the database itself refuses a second living one.
    Column("living_key", String, unique=True),
)

ticket_event = Table(  # who did what, and why; never changed
    "ticket_event",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("ticket", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("at_s", BigInteger, nullable=False),
    Column("who", String, nullable=False),  # a person's id, or `meter`
    Column("state", String, nullable=False),
    Column("note", Text, nullable=False),
)

outbox = Table(  # what must be told to whom; the row is marked after the sending
    "outbox",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("kind", String, nullable=False),  # `ticket`, `digest`
    Column("subject_key", String, nullable=False),  # e.g. `ticket:12`, `digest:2026-W46`
    Column("person", ForeignKey("person.id"), nullable=False),
    Column("due_s", BigInteger, nullable=False),  # the next try is not before this
    Column("sent_s", BigInteger),
    Column("given_up_s", BigInteger),  # refused for good; the row stays with its reason
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
    UniqueConstraint("kind", "subject_key", "person"),
)

progress_mark = Table(  # how far a job has come, so that it goes on there after a restart
    "progress_mark",
    metadata,
    Column("job", String, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("who", String, nullable=False),
    Column("what", Text, nullable=False),
)
