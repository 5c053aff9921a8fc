"""The registry as one reading sees it: who stands where, and which meter serves which building today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from api.problems import not_found
from plagewatch.metering.local_time import local_day
from plagewatch.metering.meters import Building, Carrier, Meter, Share, Site, SubMeter, shares_on
from plagewatch.metering.virtual import VirtualMeters, virtual_meters
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry


@dataclass(frozen=True, slots=True)
class Registry:
    """Sites, buildings and meters by id; shares as they are in force on one day. sub_meters: of all dates."""

    sites: Mapping[str, Site]
    buildings: Mapping[str, Building]
    meters: Mapping[str, Meter]
    shares_of_meter: Mapping[str, Sequence[Share]]
    shares_of_building: Mapping[str, Sequence[Share]]
    sub_meters: Sequence[SubMeter] = ()
    virtual: VirtualMeters = field(default_factory=VirtualMeters)

    def meters_of(self, building: str) -> list[tuple[Meter, float]]:
        """Meters that serve a building, with the building's share, those of one carrier beside each other."""
        order = list(Carrier)
        served = [(self.meters[share.meter], share.share) for share in self.shares_of_building.get(building, ())]
        return sorted(served, key=lambda pair: (order.index(pair[0].carrier), pair[0].id))

    def shares_of(self, meter: str) -> Sequence[Share]:
        """The shares of a meter, in the order of its buildings' ids."""
        return self.shares_of_meter.get(meter, ())

    def buildings_of(self, meter: str) -> list[Building]:
        """Buildings that a meter serves, by name."""
        served = [self.buildings[share.building] for share in self.shares_of(meter)]
        return sorted(served, key=lambda building: building.name)

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
    """The registry with the shares of today, in six queries however large it is."""
    sites = {site.id: site for site in registry.sites(engine)}
    meters = {meter.id: meter for meter in registry.meters(engine)}
    today = {zone: local_day(now_s, zone) for zone in {site.timezone for site in sites.values()}}
    days = {meter.id: today[sites[meter.site].timezone] for meter in meters.values()}
    buildings = {building.id: building for building in registry.buildings(engine)}
    shares = in_force(registry.shares(engine), days)
    links = registry.sub_meters(engine)
    virtual = virtual_meters(meters.values(), registry.virtual_formulas(engine))
    return Registry(sites, buildings, meters, _by(shares, "meter"), _by(shares, "building"), links, virtual)


def in_force(shares: Sequence[Share], days: Mapping[str, date]) -> list[Share]:
    """The shares that hold on the local day of each meter; meters far apart may not have the same one.

    >>> old, new = Share("m", "a", 1.0), Share("m", "b", 1.0, date(2026, 6, 1))
    >>> [s.building for s in in_force([old, new], {"m": date(2026, 5, 31)})]
    ['a']
    """
    by_day: dict[date, list[Share]] = {}
    for share in shares:
        by_day.setdefault(days[share.meter], []).append(share)
    return [share for day, some in by_day.items() for share in shares_on(some, day)]


def _by(shares: Sequence[Share], name: Literal["meter", "building"]) -> dict[str, list[Share]]:
    # Once for all: pages ask for every meter, and a walk over all shares each time grows with the square of the meters.
    found: dict[str, list[Share]] = {}
    for share in shares:
        found.setdefault(share.meter if name == "meter" else share.building, []).append(share)
    return found
