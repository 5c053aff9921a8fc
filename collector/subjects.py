"""Meters with what the records know of them, as the ledger needs it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from plagewatch.metering.meters import Carrier, Delivery, Meter, MeterFacts, Swap
from plagewatch.metering.registers import Terms
from plagewatch.metering.virtual import VirtualMeters, virtual_meters
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry, work

LOG = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Subject:
    """A meter and what the records know of it.

    stations: all weather gauges of its site, for one of them. virtual: all virtual meters, the same for every subject.
    """

    meter: Meter
    timezone: str
    facts: Sequence[MeterFacts]
    swaps: Sequence[Swap]
    stations: Sequence[str] = ()
    deliveries: Sequence[Delivery] = ()
    virtual: VirtualMeters = field(default_factory=VirtualMeters)

    def terms(self, register: str, usual_s: float) -> Terms:
        """What the ledger needs to know of one register."""
        swaps = [swap for swap in self.swaps if swap.register == register]
        return Terms(usual_s, self.meter.unit, self.facts, swaps, register)


def subjects(engine: Engine) -> dict[str, Subject]:
    """All meters with their site's time zone, dated facts and declared swaps, by meter; six queries in all."""
    timezones = {site.id: site.timezone for site in registry.sites(engine)}
    meters = registry.meters(engine)
    facts, swaps = work.facts_and_swaps(engine)
    stations: dict[str, list[str]] = {}
    for meter in meters:
        if meter.carrier is Carrier.WEATHER:
            stations.setdefault(meter.site, []).append(meter.id)
    virtual = virtual_meters(meters, registry.virtual_formulas(engine))
    for formula, why in virtual.refused:
        LOG.error("formula cannot be computed", meter=formula.meter, formula=formula.formula, error=why)
    deliveries: dict[str, list[Delivery]] = {}
    for delivery in registry.deliveries(engine):
        deliveries.setdefault(delivery.meter, []).append(delivery)
    return {
        meter.id: Subject(
            meter,
            timezones[meter.site],
            facts.get(meter.id, ()),
            swaps.get(meter.id, ()),
            stations.get(meter.site, ()) if meter.carrier is Carrier.WEATHER else (),
            deliveries.get(meter.id, ()),
            virtual,
        )
        for meter in meters
    }
