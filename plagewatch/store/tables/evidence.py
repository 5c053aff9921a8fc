"""What is known of evidence beside the evidence itself, and what its ledger found."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
)

from plagewatch.store.tables.conventions import Serial, metadata

withdrawal = Table(  # evidence of a device that did not feed the meter after all: it stays, and does not count
    "withdrawal",
    metadata,
    Column("meter", ForeignKey("meter.id"), primary_key=True),
    Column("register", String, primary_key=True),
    Column("source", String, primary_key=True),  # as the evidence carries it
    Column("from_ms", BigInteger, primary_key=True),
    Column("to_ms", BigInteger, nullable=False),
    Column("device", String, nullable=False, index=True),
    Column("who", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

dirty_window = Table(  # evidence that is newer than its figures
    "dirty_window",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("meter", ForeignKey("meter.id"), nullable=False, index=True),
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger, nullable=False),
)

delivery = Table(
    "delivery",
    metadata,
    Column("meter", ForeignKey("meter.id"), primary_key=True),
    Column("delivered_on", Date, primary_key=True),
    Column("document", String, primary_key=True),
    Column("quantity", Float, nullable=False),
    Column("unit", String, nullable=False),
    Column("note", Text, nullable=False),
)

stored_file = Table(  # photos of meters, above all
    "stored_file",
    metadata,
    Column("id", String, primary_key=True),  # SHA-256 of the content
    Column("name", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("who", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

manual_reading = Table(  # who read which meter; the value itself is evidence in the series store
    "manual_reading",
    metadata,
    Column("meter", ForeignKey("meter.id"), primary_key=True),
    Column("register", String, primary_key=True),
    Column("at_ms", BigInteger, primary_key=True),
    Column("value", Float, primary_key=True),
    Column("who", String, nullable=False),
    Column("photo", String, nullable=False),
    Column("note", Text, nullable=False),
    Column("entered_ms", BigInteger, nullable=False),
)

serial_seen = Table(  # a serial number in telegrams, from the first of them on
    "serial_seen",
    metadata,
    Column("meter", ForeignKey("meter.id"), primary_key=True),
    Column("register", String, primary_key=True),
    Column("at_ms", BigInteger, primary_key=True),
    Column("serial", String, nullable=False),
)

swap_dismissed = Table(  # a proposed swap that somebody said was none
    "swap_dismissed",
    metadata,
    Column("meter", ForeignKey("meter.id"), primary_key=True),
    Column("register", String, primary_key=True),
    Column("at_ms", BigInteger, primary_key=True),
    Column("who", String, nullable=False),
    Column("said_ms", BigInteger, nullable=False),
)

register_usual = Table(  # the usual distance of a register's samples where nobody entered one
    "register_usual",
    metadata,
    Column("meter", ForeignKey("meter.id"), primary_key=True),
    Column("register", String, primary_key=True),
    Column("usual_s", Float, nullable=False),
)

ledger_tail = Table(  # where a meter's ledger stands; its row is had by who makes the meter's figures
    "ledger_tail",
    metadata,
    Column("meter", ForeignKey("meter.id"), primary_key=True),
    Column("tail", LargeBinary),  # nothing: all is looked at
)

ledger_finding = Table(  # what the ledger met in the evidence
    "ledger_finding",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("meter", ForeignKey("meter.id"), nullable=False),
    Column("register", String, nullable=False),
    Column("note", String, nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger, nullable=False),
    Column("step", Float, nullable=False),
    Index("ix_ledger_finding_meter_register_from_ms", "meter", "register", "from_ms"),
)

ledger_account = Table(  # what the nightly check found, register by register
    "ledger_account",
    metadata,
    Column("meter", ForeignKey("meter.id"), primary_key=True),
    Column("register", String, primary_key=True),
    Column("first_index", Float, nullable=False),
    Column("last_index", Float, nullable=False),
    Column("declared_steps", Float, nullable=False),
    Column("booked", Float, nullable=False),
    Column("quarantined", Float, nullable=False),
    Column("balanced", Boolean, nullable=False),
    Column("checked_ms", BigInteger, nullable=False),
)
