"""Meters as people and files enter them: read by a device, computed from others, or tanks that are filled."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Engine

from plagewatch.metering import ean
from plagewatch.metering.meters import Building, Carrier, Kind, Meter, Share, Site
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.store.records import audit, registry, sharing
from plagewatch.store.records.life_cycle import By, Change, What, apply, editing
from plagewatch.tickets.texts import N_

FUELS = (Carrier.OIL, Carrier.PROPANE, Carrier.PELLETS, Carrier.WOOD)
"""What comes by lorry. Its figures are gross energy, in kWh."""

UNITS_OF: Mapping[Carrier, tuple[str, ...]] = {
    carrier: {Carrier.GAS: ("m3", "kWh"), Carrier.WATER: ("m3",), Carrier.INDOOR: ("°C",)}.get(carrier, ("kWh",))
    for carrier in Carrier
    if carrier is not Carrier.WEATHER
}
"""In what a meter of a carrier can count, the usual one first."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
LONGEST_NAME = 200


def slug(name: str, taken: Iterable[str], prefix: str = "") -> str:
    """An id that nobody has, from a name that people know; prefix: of a building's meters, its id and a dot.

    >>> slug("Rest été (kWh)", ["wzc-linde.rest-t-kwh"], "wzc-linde.")
    'wzc-linde.rest-t-kwh-2'
    """
    there = set(taken)
    word = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "unnamed"
    made, number = f"{prefix}{word}", 1
    while made in there:
        number += 1
        made = f"{prefix}{word}-{number}"
    return made


def checked(meter: Meter) -> None:
    """Raise EditRefused where a meter cannot be entered."""
    if not _ID.fullmatch(meter.id):
        text = N_("“%(id)s” is no number for a meter: letters, digits, dots and dashes, 100 at most.")
        raise EditRefused(Refusal.NAME, text, id=meter.id[:120])
    if not meter.name.strip() or len(meter.name) > LONGEST_NAME:
        raise EditRefused(Refusal.NAME, N_("Give the meter a name, in 200 characters at most."))
    if meter.kind is Kind.GAUGE and meter.carrier is not Carrier.INDOOR:
        raise EditRefused(Refusal.KIND, N_("What measures a state, and no amounts, comes with its files."))
    if meter.carrier is Carrier.INDOOR and meter.kind is not Kind.GAUGE:
        raise EditRefused(Refusal.KIND, N_("The temperature of a room is a state, no amount: enter it as a gauge."))
    if meter.ean is not None and not ean.valid(meter.ean):
        text = N_("“%(ean)s” is no EAN code: it has 18 digits, and the last one checks the others.")
        raise EditRefused(Refusal.NAME, text, ean=meter.ean[:40])
    if meter.kind is Kind.DELIVERY and meter.carrier not in FUELS:
        text = N_("%(carrier)s does not come in deliveries.")
        raise EditRefused(Refusal.KIND, text, carrier=meter.carrier)
    units = ("kWh",) if meter.kind is Kind.DELIVERY else UNITS_OF.get(meter.carrier, ())
    if meter.kind in (Kind.INDEX, Kind.INTERVAL) and meter.carrier in FUELS:
        units = ()  # what comes by lorry is told by its deliveries
    if meter.unit not in units:
        text = N_("A meter of %(carrier)s does not count in “%(unit)s” here.")
        raise EditRefused(Refusal.UNIT, text, carrier=meter.carrier, unit=meter.unit)


@dataclass(frozen=True, slots=True)
class MeterEntry:
    """Enters meters and what stands with them in the registry; raises EditRefused."""

    engine: Engine
    by: By

    def add(self, meter: Meter, parts: Mapping[str, float], valid_from: date = date(1970, 1, 1)) -> None:
        """A new meter, and the buildings that it serves with the part of each."""
        meter = replace(meter, name=meter.name.strip())
        checked(meter)
        sharing.checked(meter.name, parts)
        with editing(self.engine) as connection:
            if registry.entries(connection, Meter, id=meter.id):
                text = N_("There is a meter “%(meter)s” already.")
                raise EditRefused(Refusal.NAME, text, meter=meter.id)
            if not registry.entries(connection, Site, id=meter.site):
                raise EditRefused(Refusal.UNKNOWN, N_("There is no site “%(site)s”."), site=meter.site)
            for building in parts:
                if not registry.entries(connection, Building, id=building):
                    text = N_("There is no building “%(building)s”.")
                    raise EditRefused(Refusal.UNKNOWN, text, building=building)
            apply(connection, self.by, Change(What.METER_ENTERED, meter.id, [], [meter]))
            shares = [Share(meter.id, building, part, valid_from) for building, part in parts.items()]
            apply(connection, self.by, Change(What.SHARES_SET, meter.id, [], shares))

    def set_gas_station(self, meter_id: str, station: str) -> bool:
        """By which station's calorific values a gas meter has its energy; empty = none. Figures stay as they are."""
        with editing(self.engine) as connection:
            found = registry.entries(connection, Meter, id=meter_id)
            if not found:
                raise EditRefused(Refusal.UNKNOWN, N_("There is no meter “%(meter)s”."), meter=meter_id)
            if found[0].carrier is not Carrier.GAS:
                text = N_("%(meter)s counts no gas: it has no calorific value.")
                raise EditRefused(Refusal.KIND, text, meter=found[0].name)
            new = replace(found[0], gas_station=station.strip())
            if new == found[0]:
                return False
            # Over the old one, not in its place as `apply` does: much in the records points to it.
            registry.put(connection, new)
            audit.line(connection, self.by.at_ms, self.by.who, What.METER_CHANGED, meter_id, found[0], new)
            return True
