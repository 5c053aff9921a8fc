"""Sites, meters and what feeds them, people and organisations: what is entered once and kept up to date."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    text,
)

from plagewatch.store.tables.conventions import EMPTY, metadata

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
    Column("contracted_kw", Float),
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
    Column("building", String, primary_key=True, server_default=EMPTY),  # empty: the whole site
    Column("source", String, nullable=False, server_default=EMPTY),
    Column("who", String, nullable=False, server_default=EMPTY),
    Column("at_ms", BigInteger, nullable=False, server_default=text("0")),
)

opening_hours = Table(  # when a building is open, by weekday, from a day on
    "opening_hours",
    metadata,
    Column("site", ForeignKey("site.id"), primary_key=True),
    Column("building", String, primary_key=True),  # empty: the whole site
    Column("valid_from", Date, primary_key=True),
    Column("weekday", Integer, primary_key=True, autoincrement=False),  # 0 = Monday
    Column("open_h", Float, nullable=False),  # local hours; both equal: closed
    Column("close_h", Float, nullable=False),
    Column("source", String, nullable=False),
    Column("who", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

school_years = Table(  # whose school holidays a building follows, from a day on
    "school_years",
    metadata,
    Column("site", ForeignKey("site.id"), primary_key=True),
    Column("building", String, primary_key=True),  # empty: the whole site
    Column("valid_from", Date, primary_key=True),
    Column("community", String),  # `flemish`, `french`; empty: of no school any more
    Column("source", String, nullable=False),
    Column("who", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

works = Table(  # works on a building of which somebody told, so that what it uses after them is watched
    "works",
    metadata,
    Column("building", ForeignKey("building.id"), primary_key=True),
    Column("ended_on", Date, primary_key=True),
    Column("what", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("who", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
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
