"""Tables of the records: what people and the product decided, written so that PostgreSQL can hold them too.

Evidence is not here.

Instants are integers in the unit of their name (`_ms`, `_s`), UTC. The migrations in `schema/` make these tables;
a test compares both.
"""

from plagewatch.store.tables.collecting import (
    device_memory,
    import_mapping,
    quarantine,
    quarantine_count,
    replay,
    replay_part,
    spool,
    topic_route,
)
from plagewatch.store.tables.conventions import metadata
from plagewatch.store.tables.evidence import (
    delivery,
    dirty_window,
    ledger_account,
    ledger_finding,
    ledger_tail,
    manual_reading,
    register_usual,
    serial_seen,
    stored_file,
    swap_dismissed,
    withdrawal,
)
from plagewatch.store.tables.following import (
    audit,
    evaluation,
    outbox,
    progress_mark,
    ticket,
    ticket_event,
)
from plagewatch.store.tables.moving import (
    store_move,
    store_move_step,
)
from plagewatch.store.tables.registry import (
    binding,
    building,
    building_share,
    calendar_day,
    calorific_value,
    meter,
    meter_facts,
    meter_share,
    opening_hours,
    organisation,
    person,
    school_years,
    site,
    sub_meter,
    swap,
    virtual_formula,
)
from plagewatch.store.tables.weather import (
    weather_fetch,
    weather_source,
    weather_trouble,
)

__all__ = [
    "audit",
    "binding",
    "building",
    "building_share",
    "calendar_day",
    "calorific_value",
    "delivery",
    "device_memory",
    "dirty_window",
    "evaluation",
    "import_mapping",
    "ledger_account",
    "ledger_finding",
    "ledger_tail",
    "manual_reading",
    "metadata",
    "meter",
    "meter_facts",
    "meter_share",
    "opening_hours",
    "organisation",
    "outbox",
    "person",
    "progress_mark",
    "quarantine",
    "quarantine_count",
    "register_usual",
    "replay",
    "replay_part",
    "school_years",
    "serial_seen",
    "site",
    "spool",
    "store_move",
    "store_move_step",
    "stored_file",
    "sub_meter",
    "swap",
    "swap_dismissed",
    "ticket",
    "ticket_event",
    "topic_route",
    "virtual_formula",
    "weather_fetch",
    "weather_source",
    "weather_trouble",
    "withdrawal",
]
