"""Sites, buildings, meters and what is known of them, read from and written to the records."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from enum import StrEnum
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Engine, Table, delete, select

from plagewatch.metering.ean import WrongEan, refusal
from plagewatch.metering.meters import (
    Binding,
    Building,
    BuildingShare,
    CalorificValue,
    Carrier,
    Delivery,
    Kind,
    Meter,
    MeterFacts,
    Organisation,
    Person,
    Role,
    Share,
    Site,
    SubMeter,
    Swap,
    Use,
    VirtualFormula,
)
from plagewatch.store import tables
from plagewatch.store.records.alone import EDITS, alone
from plagewatch.store.records.conflicts import put_over
from plagewatch.store.records.work import in_lists

Noun = TypeVar("Noun")
Entry = (
    Site
    | Building
    | Meter
    | MeterFacts
    | Swap
    | Share
    | Binding
    | Person
    | Organisation
    | BuildingShare
    | SubMeter
    | VirtualFormula
    | CalorificValue
    | Delivery
)

Dated = TypeVar(
    "Dated",
    Site,
    Building,
    Meter,
    MeterFacts,
    Swap,
    Share,
    BuildingShare,
    SubMeter,
    VirtualFormula,
    CalorificValue,
    Delivery,
    Organisation,
)

TABLE_OF: dict[type[Entry], Table] = {
    Site: tables.site,
    Building: tables.building,
    Meter: tables.meter,
    MeterFacts: tables.meter_facts,
    Swap: tables.swap,
    Share: tables.meter_share,
    Binding: tables.binding,
    Person: tables.person,
    Organisation: tables.organisation,
    BuildingShare: tables.building_share,
    SubMeter: tables.sub_meter,
    VirtualFormula: tables.virtual_formula,
    CalorificValue: tables.calorific_value,
    Delivery: tables.delivery,
}

_ENUMS: dict[str, type[StrEnum]] = {"use": Use, "carrier": Carrier, "kind": Kind, "role": Role}
_TUPLES = ("buildings", "zones", "skills")


def save(engine: Engine, entries: Iterable[Entry]) -> None:
    """Write entries of the registry, each over the one with the same key. All or none, in the order given.

    Raises WrongEan for a meter whose EAN code is none.
    """
    with engine.begin() as connection:
        alone(connection, EDITS)
        for noun, some in groupby(entries, type):
            put_over(connection, TABLE_OF[noun], [_row(entry) for entry in some])


def put(connection: Connection, entry: Entry) -> None:
    """Write an entry over the one with the same key, in the caller's transaction."""
    put_over(connection, TABLE_OF[type(entry)], [_row(entry)])


def remove(connection: Connection, entry: Entry) -> None:
    """Remove the entry with the same key, in the caller's transaction; nothing where there is none."""
    table, row = TABLE_OF[type(entry)], _row(entry)
    connection.execute(delete(table).where(*(column == row[column.name] for column in table.primary_key.columns)))


def entries(connection: Connection, noun: type[Dated], **equal: object) -> list[Dated]:
    """All entries of a kind whose columns equal what is given, as the caller's transaction sees them."""
    table = TABLE_OF[noun]
    query = select(table).where(*(table.c[name] == value for name, value in equal.items()))
    return _built(noun, connection.execute(query))


def sites(engine: Engine) -> list[Site]:
    """All sites, by name."""
    return _all(engine, Site, tables.site, "name")


def buildings(engine: Engine) -> list[Building]:
    """All buildings, by name."""
    return _all(engine, Building, tables.building, "name")


def meters(engine: Engine, names: Sequence[str] | None = None, carrier: Carrier | None = None) -> list[Meter]:
    """Meters by id: all, those named, or those of a carrier."""
    found: list[Meter] = []
    with engine.connect() as connection:
        for some in in_lists(names):
            query = select(tables.meter).order_by(tables.meter.c.id)
            query = query if some is None else query.where(tables.meter.c.id.in_(some))
            query = query if carrier is None else query.where(tables.meter.c.carrier == carrier)
            found += _built(Meter, connection.execute(query))
    return found


def meter(engine: Engine, meter_id: str) -> Meter | None:
    """One meter, or None where there is none of that id."""
    return next(iter(_where(engine, Meter, tables.meter, id=meter_id)), None)


def facts_of(engine: Engine, meter_id: str) -> list[MeterFacts]:
    """The dated facts of a meter, oldest first; empty where nothing was entered."""
    return sorted(_where(engine, MeterFacts, tables.meter_facts, meter=meter_id), key=lambda f: f.valid_from_ms)


def facts_with_contract(engine: Engine) -> list[MeterFacts]:
    """All dated facts, the oldest first, of meters of which a contracted power was ever entered."""
    table = tables.meter_facts
    told = select(table.c.meter).where(table.c.contracted_kw.is_not(None))
    query = select(table).where(table.c.meter.in_(told)).order_by(table.c.valid_from_ms)
    with engine.connect() as connection:
        return _built(MeterFacts, connection.execute(query))


def swaps_of(engine: Engine, meter_id: str) -> list[Swap]:
    """Declared replacements at a meter, oldest first."""
    return sorted(_where(engine, Swap, tables.swap, meter=meter_id), key=lambda s: s.at_ms)


def swaps(engine: Engine) -> list[Swap]:
    """Declared replacements at all meters."""
    return _all(engine, Swap, tables.swap, "at_ms")


def shares(engine: Engine) -> list[Share]:
    """Which meter serves which building, all dates."""
    return _all(engine, Share, tables.meter_share, "meter")


def bindings(engine: Engine) -> list[Binding]:
    """All bindings of device registers to meters, oldest first."""
    return _all(engine, Binding, tables.binding, "from_ms")


def organisations(engine: Engine) -> list[Organisation]:
    """All organisations, by name."""
    return _all(engine, Organisation, tables.organisation, "name")


def building_shares(engine: Engine) -> list[BuildingShare]:
    """Which organisation uses which building, all dates."""
    return _all(engine, BuildingShare, tables.building_share, "building")


def sub_meters(engine: Engine) -> list[SubMeter]:
    """Which meter stands behind which, all dates."""
    return _all(engine, SubMeter, tables.sub_meter, "head")


def virtual_formulas(engine: Engine) -> list[VirtualFormula]:
    """Formulas of all virtual meters, oldest first."""
    return _all(engine, VirtualFormula, tables.virtual_formula, "valid_from_ms")


def calorific_values(engine: Engine) -> list[CalorificValue]:
    """Calorific values of gas, all stations, oldest first."""
    return _all(engine, CalorificValue, tables.calorific_value, "valid_from")


def deliveries(engine: Engine) -> list[Delivery]:
    """Fuel deliveries of all meters, oldest first."""
    return _all(engine, Delivery, tables.delivery, "delivered_on")


def deliveries_of(engine: Engine, meter_id: str) -> list[Delivery]:
    """Fuel deliveries of a meter, oldest first."""
    return sorted(_where(engine, Delivery, tables.delivery, meter=meter_id), key=lambda d: d.delivered_on)


def persons(engine: Engine) -> list[Person]:
    """All persons, by id."""
    return _all(engine, Person, tables.person, "id")


def _row(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, Meter) and entry.ean is not None and (why := refusal(entry.ean)):
        raise WrongEan(why)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(entry).items()}


def _all(engine: Engine, noun: Callable[..., Noun], table: Table, order: str) -> list[Noun]:
    with engine.connect() as connection:
        return _built(noun, connection.execute(select(table).order_by(table.c[order])))


def _where(engine: Engine, noun: Callable[..., Noun], table: Table, **equal: object) -> list[Noun]:
    query = select(table).where(*(table.c[name] == value for name, value in equal.items()))
    with engine.connect() as connection:
        return _built(noun, connection.execute(query))


def _built(noun: Callable[..., Noun], rows: CursorResult[Any]) -> list[Noun]:
    # What is to be made of which column is found out once, not for each of twenty thousand rows.
    names = tuple(rows.keys())
    turned: list[tuple[int, Callable[[Any], Any]]] = [
        (place, tuple) for place, name in enumerate(names) if name in _TUPLES
    ]
    turned += [(place, _ENUMS[name]) for place, name in enumerate(names) if name in _ENUMS and name not in _TUPLES]
    found = []
    for row in rows.all():
        values = list(row)
        for place, turn in turned:
            values[place] = turn(values[place])
        found.append(noun(**dict(zip(names, values, strict=True))))
    return found
