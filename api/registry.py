"""The registry as one reading sees it: who stands where, and which meter serves which building today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from api.problems import not_found
from plagewatch.metering.local_time import local_day
from plagewatch.metering.meters import Building, Carrier, Meter, Share, Site
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry


@dataclass(frozen=True, slots=True)
class Registry:
    """Sites, buildings and meters by id; shares as they are in force on one day."""

    sites: Mapping[str, Site]
    buildings: Mapping[str, Building]
    meters: Mapping[str, Meter]
    shares: Sequence[Share]

    def meters_of(self, building: str) -> list[tuple[Meter, float]]:
        """Meters that serve a building, with the building's share, those of one carrier beside each other."""
        order = list(Carrier)
        served = [(self.meters[s.meter], s.share) for s in self.shares if s.building == building]
        return sorted(served, key=lambda pair: (order.index(pair[0].carrier), pair[0].id))

    def buildings_of(self, meter: str) -> list[Building]:
        """Buildings that a meter serves, by name."""
        return [b for b in self.buildings.values() if any(s.meter == meter and s.building == b.id for s in self.shares)]

    def place_of(self, meter: Meter) -> str:
        """Where a meter stands, in a word people know: its building where there is one, else its site."""
        served = self.buildings_of(meter.id)
        return served[0].name if len(served) == 1 else self.sites[meter.site].name

    def full_name(self, meter: Meter) -> str:
        """A meter's name with its place, which many names already hold."""
        place = self.place_of(meter)
        return meter.name if place in meter.name else f"{place} · {meter.name}"

    def site_of(self, meter: Meter) -> Site:
        """The site of a meter."""
        return self.sites[meter.site]

    def meter(self, meter_id: str) -> Meter:
        """A meter that a request names. Raises Problem (404)."""
        if meter_id not in self.meters:
            raise not_found("meter", meter_id, "path: meter_id", "GET /api/v1/meters lists all meters.")
        return self.meters[meter_id]

    def building(self, building_id: str) -> Building:
        """A building that a request names. Raises Problem (404)."""
        if building_id not in self.buildings:
            raise not_found("building", building_id, "path: building_id", "The start page lists all buildings.")
        return self.buildings[building_id]


def read(engine: Engine, now_s: int) -> Registry:
    """The registry with the shares of today, in four queries however large it is."""
    sites = {site.id: site for site in registry.sites(engine)}
    meters = {meter.id: meter for meter in registry.meters(engine)}
    days = {meter.id: local_day(now_s, sites[meter.site].timezone) for meter in meters.values()}
    buildings = {building.id: building for building in registry.buildings(engine)}
    return Registry(sites, buildings, meters, in_force(registry.shares(engine), days))


def in_force(shares: Sequence[Share], days: Mapping[str, date]) -> list[Share]:
    """The shares that hold on the day of each meter: those of its newest date that has come.

    >>> old, new = Share("m", "a", 1.0), Share("m", "b", 1.0, date(2026, 6, 1))
    >>> [s.building for s in in_force([old, new], {"m": date(2026, 5, 31)})]
    ['a']
    """
    newest: dict[str, date] = {}
    for share in shares:
        if share.valid_from <= days[share.meter]:
            newest[share.meter] = max(share.valid_from, newest.get(share.meter, share.valid_from))
    return [share for share in shares if newest.get(share.meter) == share.valid_from]
