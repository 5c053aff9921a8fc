"""Meters with what the records know of them, as the ledger needs it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from plagewatch.metering.formula import mentioned
from plagewatch.metering.meters import Carrier, Delivery, Kind, Meter, MeterFacts, Swap
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


def subjects(engine: Engine, names: Sequence[str] | None = None) -> dict[str, Subject]:
    """Meters, None = all, with their site's time zone, dated facts and declared swaps, by meter.

    For those named nothing is read of the others, but for what formulas name: there may be a hundred thousand of them.
    """
    timezones = {site.id: site.timezone for site in registry.sites(engine)}
    meters = registry.meters(engine, names)
    facts, swaps = work.facts_and_swaps(engine, names)
    stations: dict[str, list[str]] = {}
    if any(meter.carrier is Carrier.WEATHER for meter in meters):
        for meter in registry.meters(engine, carrier=Carrier.WEATHER):
            stations.setdefault(meter.site, []).append(meter.id)
    virtual = _virtual(engine, meters, names is None)
    deliveries: dict[str, list[Delivery]] = {}
    if any(meter.kind is Kind.DELIVERY for meter in meters):
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


def _virtual(engine: Engine, meters: Sequence[Meter], all_of_them: bool) -> VirtualMeters:
    formulas = registry.virtual_formulas(engine)
    if not formulas:
        return VirtualMeters()
    known = meters
    if not all_of_them:
        needed = {one.meter for one in formulas}.union(*(mentioned(one.formula) for one in formulas))
        known = registry.meters(engine, sorted(needed))
    virtual, asked_for = virtual_meters(known, formulas), {meter.id for meter in meters}
    for formula, why in virtual.refused:
        if formula.meter in asked_for:
            LOG.error("formula cannot be computed", meter=formula.meter, formula=formula.formula, error=why)
    return virtual
