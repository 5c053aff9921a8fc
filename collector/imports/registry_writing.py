"""What a canonical folder says of meters, brought into the registry. What people entered there stays."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from collector.imports.refusals import Refusals, RowRefused
from collector.imports.registry_files import MeterList
from collector.imports.stores import ImportStore
from plagewatch.metering.edits import swap_stretches
from plagewatch.metering.meters import Meter, MeterFacts, Swap
from plagewatch.metering.readings import Reason
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry
from plagewatch.store.records.work import DirtyWindow, mark_dirty


def save_meters(
    listed: MeterList, file: str, engine: Engine, series: ImportStore, refusals: Refusals
) -> tuple[list[str], int]:
    """Enter new sites and meters, and facts that changed; the ids of the new meters, and how many facts changed.

    A meter that is there already keeps its name and place; one that is there as something else (another carrier, unit
    or kind) is refused and leaves the list, so that its rows are not taken for the other's.
    """
    sites = {site.id for site in registry.sites(engine)}
    known = {meter.id: meter for meter in registry.meters(engine)}
    for meter_id, imported in list(listed.meters.items()):
        meter, there = imported.meter, known.get(meter_id)
        if there and (there.carrier, there.unit, there.kind) != (meter.carrier, meter.unit, meter.kind):
            detail = f"{meter_id} is in the registry as {there.carrier}, {there.unit}, {there.kind}"
            refused = RowRefused(Reason.MALFORMED, "meter", detail, meter_id)
            refusals.add(file, listed.lines[meter_id], [meter_id], refused)
            del listed.meters[meter_id]
            listed.facts.pop(meter_id, None)
    changed = [facts for facts in listed.facts.values() if facts not in registry.facts_of(engine, facts.meter)]
    registry.save(engine, (site for site in listed.sites.values() if site.id not in sites))
    new = [imported.meter for meter_id, imported in listed.meters.items() if meter_id not in known]
    registry.save(engine, new)
    registry.save(engine, _eans_learnt(listed, known))
    registry.save(engine, changed)
    mark_dirty(engine, _all_evidence((facts for facts in changed if facts.meter in known), series))
    return [meter.id for meter in new], len(changed)


def _eans_learnt(listed: MeterList, known: Mapping[str, Meter]) -> Iterable[Meter]:
    """Meters that are there without an EAN code and have one in the file."""
    for meter_id, imported in listed.meters.items():
        there = known.get(meter_id)
        if there and there.ean is None and imported.meter.ean:
            yield replace(there, ean=imported.meter.ean)


def save_swaps(swaps: Iterable[Swap], engine: Engine) -> int:
    """Enter declared replacements that are new, and have the figures they change made again; how many were new."""
    by_meter: dict[str, list[Swap]] = {}
    for swap in swaps:
        by_meter.setdefault(swap.meter, []).append(swap)
    new = 0
    for meter, declared in by_meter.items():
        known = registry.swaps_of(engine, meter)
        fresh = [swap for place, swap in enumerate(declared) if swap not in known and swap not in declared[:place]]
        by_key = {(swap.register, swap.at_ms): swap for swap in [*known, *fresh]}
        stretches = swap_stretches(known, by_key.values())
        windows = [DirtyWindow(meter, first_ms, after_ms - 1) for first_ms, after_ms in stretches]
        # Marked on both sides of the write: who stops in between finds the swap known and would mark nothing again.
        mark_dirty(engine, windows)
        registry.save(engine, fresh)
        mark_dirty(engine, windows)
        new += len(fresh)
    return new


def save_days(days: Mapping[str, Iterable[tuple[date, str]]], engine: Engine) -> int:
    """Enter marked days that are new; how many were."""
    new = 0
    for site, marked in days.items():
        known = set(registry.calendar_of(engine, site))
        fresh = [day for day in marked if day not in known]
        if fresh:
            registry.save_calendar(engine, site, fresh)
        new += len(fresh)
    return new


def _all_evidence(facts: Iterable[MeterFacts], series: ImportStore) -> Iterable[DirtyWindow]:
    """Facts hold for all time: where they change, every figure of the meter does."""
    latest_ms = series.latest_sample_ms()
    for meter in {fact.meter for fact in facts}:
        firsts = [
            int(evidence.at_ms[0])
            for register in series.registers(meter)
            if len((evidence := series.samples_around(meter, register, 0, 0, 1)).at_ms)
        ]
        if firsts:
            yield DirtyWindow(meter, min(firsts), latest_ms[meter])
