"""What the rules looked at, what came of it, who is told, and who did what."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from plagewatch.store.tables.conventions import EMPTY, Serial, metadata

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

ticket_label = Table(  # what people said of a ticket; the newest counts, none is changed
    "ticket_label",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("ticket", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("label", String, nullable=False),  # `real`, `false_alarm`
    Column("who", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
)

ticket_part = Table(  # which ticket belongs to which storm, itself a ticket
    "ticket_part",
    metadata,
    Column("ticket", ForeignKey("ticket.id"), primary_key=True),
    Column("whole", ForeignKey("ticket.id"), nullable=False),
)

notice_held = Table(  # a mail that was not sent for now, and why; gone when it is put in the outbox
    "notice_held",
    metadata,
    Column("ticket", ForeignKey("ticket.id"), primary_key=True),
    Column("person", ForeignKey("person.id"), primary_key=True),
    Column("why", String, nullable=False),  # `cap`, `cool_down`
    Column("held_s", BigInteger, nullable=False),
)

rule_mode = Table(  # what people decided of a rule; the newest counts, none is changed
    "rule_mode",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("rule", String, nullable=False),
    Column("mode", String, nullable=False),  # `on`, `shadow`, `off`
    Column("parameters", JSON, nullable=False),  # those that differ from the catalogue's
    Column("who", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
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
    Column("queued_s", BigInteger),  # when it was put in; empty: before this was kept
    UniqueConstraint("kind", "subject_key", "person"),
)

progress_mark = Table(  # how far a job has come, so that it goes on there after a restart
    "progress_mark",
    metadata,
    Column("job", String, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

evaluation = Table(  # how far the rules have looked at each unit of meters that are judged together
    "evaluation",
    metadata,
    Column("unit", ForeignKey("site.id"), primary_key=True),  # the first of its sites
    Column("looked_s", BigInteger),  # the last tick looked at; empty: never
    Column("learnt_s", BigInteger),  # the tick up to which was learnt what is usual; empty: never
)

rule_news = Table(  # meters with new figures, at which rules look that need not wait for an hour to be over
    "rule_news",
    metadata,
    Column("meter", ForeignKey("meter.id"), primary_key=True),
    Column("mark", String, nullable=False),  # another one each time
)

rule_learnt = Table(  # what is usual at a meter in the hours to come, so that a look need not read its past
    "rule_learnt",
    metadata,
    Column("meter", ForeignKey("meter.id"), primary_key=True),
    Column("made_s", BigInteger, nullable=False),
    Column("packed", LargeBinary, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("who", String, nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", String, nullable=False, server_default=EMPTY, index=True),  # the meter, building, ... it is about
    Column("before", JSON),
    Column("after", JSON),
)
