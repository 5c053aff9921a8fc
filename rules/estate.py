"""What the registry says of meters that are judged."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

from plagewatch.metering.calendars.entered import EnteredDays
from plagewatch.metering.meters import Binding, Carrier, Meter, Share, SubMeter, Swap, Use
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry, rule_modes
from plagewatch.store.records.calendars import entered_days
from plagewatch.store.weather import Whose
from rules import catalogue
from rules.catalogue import Rule
from rules.in_force import in_force
from rules.set_aside import SetAside, set_aside


@dataclass(frozen=True, slots=True)
class Estate:
    """What the registry says of meters that are judged, read once for a run over many.

    zones: the time zone of each site. sunny: sites with solar panels. device_of: the device that reports for a meter.
    rules: those that look, with their parameters. entered: what people entered of the days of a site. shares: which
    buildings a meter serves. weather: whose weather counts for a site; None = nobody's. places: latitude and longitude
    of sites [degrees]. care: buildings in which people are cared for. parts: the meters behind a meter. exchanged_s:
    when a meter or the device that reports for it was exchanged. set_aside: what the ledger set aside of a meter.
    """

    meters: Sequence[Meter]
    zones: Mapping[str, str]
    sunny: Collection[str]
    device_of: Mapping[str, str]
    rules: Sequence[Rule] = catalogue.RULES
    entered: Mapping[str, EnteredDays] = field(default_factory=dict)
    shares: Mapping[str, Sequence[Share]] = field(default_factory=dict)
    weather: Whose | None = None
    places: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    care: Collection[str] = ()
    parts: Mapping[str, Sequence[SubMeter]] = field(default_factory=dict)
    exchanged_s: Mapping[str, Sequence[int]] = field(default_factory=dict)
    set_aside: Mapping[str, Sequence[SetAside]] = field(default_factory=dict)

    @classmethod
    def read(cls, engine: Engine) -> Self:
        """All that is registered."""
        meters, sites, bindings = registry.meters(engine), registry.sites(engine), registry.bindings(engine)
        return cls(
            meters,
            {site.id: site.timezone for site in sites},
            {meter.site for meter in meters if meter.carrier is Carrier.SOLAR},
            {binding.meter: binding.device for binding in bindings},  # the newest binding counts
            in_force(rule_modes.history(engine)),
            entered_days(engine),
            _grouped((share.meter, share) for share in registry.shares(engine)),
            Whose.read(engine),
            {site.id: (site.latitude, site.longitude) for site in sites},
            {building.id for building in registry.buildings(engine) if building.use is Use.CARE_HOME},
            _grouped((one.head, one) for one in registry.sub_meters(engine)),
            _grouped(_exchanges(bindings, registry.swaps(engine))),
            set_aside(engine, meters),
        )

    def units(self) -> dict[str, Self]:
        """Parts that can be judged apart from each other, by the first of their sites: sites that share no device."""
        first = {site: site for site in self.zones}

        def root(site: str) -> str:
            while first[site] != site:
                site = first[site]
            return site

        seen: dict[str, str] = {}  # device -> a site of it
        for meter in self.meters:
            if device := self.device_of.get(meter.id):
                here, there = sorted((root(meter.site), root(seen.setdefault(device, meter.site))))
                first[there] = here
        grouped: dict[str, list[Meter]] = {root(site): [] for site in sorted(first)}
        for meter in self.meters:
            grouped[root(meter.site)].append(meter)
        return {unit: replace(self, meters=members) for unit, members in grouped.items()}


Value = TypeVar("Value")


def _grouped(pairs: Iterable[tuple[str, Value]]) -> dict[str, list[Value]]:
    found: dict[str, list[Value]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return dict(found)


def _exchanges(bindings: Iterable[Binding], swaps: Iterable[Swap]) -> Iterator[tuple[str, int]]:
    """Meters and when their device was exchanged, declared or by another device that reports for it [s]."""
    for swap in swaps:
        yield swap.meter, swap.at_ms // 1000
    for binding in bindings:
        if binding.from_ms > 0:
            yield binding.meter, binding.from_ms // 1000
