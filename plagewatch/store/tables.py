"""Tables of the records: what people and the product decided, written so that PostgreSQL can hold them too.

Evidence is not here.

Instants are integers in the unit of their name (`_ms`, `_s`), UTC. The migrations in `schema/` make these tables;
a test compares both.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
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
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Rows that stood there before a column was added have nothing in it.
EMPTY = text("''")

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
    Column("gas_station", String, nullable=False, server_default=EMPTY),
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
    Column("max_flow_m3h", Float),
    Column("pulse_weight", Float),
    Column("unit", String),
    Column("tank_l", Float),
    Column("source", String, nullable=False, server_default=EMPTY),
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
    Column("who", String, nullable=False, server_default=EMPTY),
    Column("photo", String, nullable=False, server_default=EMPTY),
    Column("note", Text, nullable=False, server_default=EMPTY),
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
    Column("as_register", String),
    Column("unit", String),
    Column("to_ms", BigInteger),
)

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

evaluation = Table(  # how far the rules have looked at each unit of meters that are judged together
    "evaluation",
    metadata,
    Column("unit", ForeignKey("site.id"), primary_key=True),  # the first of its sites
    Column("looked_s", BigInteger),  # the last tick looked at; empty: never
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

organisation = Table(
    "organisation",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
)

building_share = Table(
    "building_share",
    metadata,
    Column("building", ForeignKey("building.id"), primary_key=True),
    Column("organisation", ForeignKey("organisation.id"), primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("share", Float, nullable=False),
)

sub_meter = Table(
    "sub_meter",
    metadata,
    Column("head", ForeignKey("meter.id"), primary_key=True),
    Column("sub", ForeignKey("meter.id"), primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date),
)

virtual_formula = Table(
    "virtual_formula",
    metadata,
    Column("meter", ForeignKey("meter.id"), primary_key=True),
    Column("valid_from_ms", BigInteger, primary_key=True),
    Column("formula", Text, nullable=False),
)

calorific_value = Table(
    "calorific_value",
    metadata,
    Column("station", String, primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("kwh_per_m3", Float, nullable=False),
    Column("source", String, nullable=False),
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

weather_source = Table(  # whose weather counts for a site, from an instant on: the newest in force, never a mixture
    "weather_source",
    metadata,
    Column("site", ForeignKey("site.id"), primary_key=True),
    Column("valid_from_s", BigInteger, primary_key=True),
    Column("source", String, nullable=False),  # `own`, `open-meteo`, `rmi`
    Column("station", String, nullable=False),  # the source's own code; empty where it goes by coordinates
    Column("who", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

weather_fetch = Table(  # which hours a source was asked for, or a file brought, and what it said of the place
    "weather_fetch",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("site", ForeignKey("site.id"), nullable=False),
    Column("source", String, nullable=False),
    Column("station", String, nullable=False),
    Column("start_s", BigInteger, nullable=False),
    Column("end_s", BigInteger, nullable=False),
    Column("fetched_ms", BigInteger, nullable=False),
    Column("provisional", Boolean, nullable=False),  # the source may still change it: asked again
    Column("place", String, nullable=False),  # what was asked for: coordinates or station code
    Column("model", String, nullable=False),  # or name of the station
    Column("latitude", Float),
    Column("longitude", Float),
    Column("elevation_m", Float),
    Column("licence", String, nullable=False),
    Index("ix_weather_fetch_site_source_start_s", "site", "source", "start_s"),
)

weather_trouble = Table(  # why the last request to a source failed, and until when it is left alone
    "weather_trouble",
    metadata,
    Column("source", String, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("retry_ms", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
)

store_move = Table(  # stores that were brought to others; where it is not over, the target is not whole
    "store_move",
    metadata,
    Column("id", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("target", String, nullable=False),
    Column("halves", String, nullable=False),  # `records`, `series`, `records series`
    Column("began_ms", BigInteger, nullable=False),
    Column("done_ms", BigInteger),
)

store_move_step = Table(  # how far each part of a move has come
    "store_move_step",
    metadata,
    Column("move", ForeignKey("store_move.id"), primary_key=True),
    Column("step", String, primary_key=True),  # `table meter`, `evidence`, `figures`, `points`, `compared`
    Column("upto", JSON, nullable=False),  # the key of the last that is there
    Column("number", BigInteger, nullable=False),  # rows or values that are there
    Column("done", Boolean, nullable=False),
)
