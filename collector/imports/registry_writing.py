"""What a canonical folder says of meters, brought into the registry. What people entered there stays."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from collector.imports.refusals import Refusals, RowRefused
from collector.imports.registry_files import MeterList
from plagewatch.metering.calendars.entered import EnteredDays, MarkedDay
from plagewatch.metering.meters import Meter, MeterFacts, Swap
from plagewatch.metering.readings import Reason
from plagewatch.store.records import calendars, registry
from plagewatch.store.records.life_cycle import MeterEditor


def save_meters(listed: MeterList, file: str, editor: MeterEditor, refusals: Refusals) -> tuple[list[str], int]:
    """Enter new sites and meters, and facts that changed; the ids of the new meters, and how many facts changed.

    A meter that is there already keeps its name and place; one that is there as something else (another carrier, unit
    or kind) is refused and leaves the list, so that its rows are not taken for the other's.
    """
    engine = editor.engine
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
    registry.save(engine, (site for site in listed.sites.values() if site.id not in sites))
    new = [imported.meter for meter_id, imported in listed.meters.items() if meter_id not in known]
    registry.save(engine, new)
    registry.save(engine, _eans_learnt(listed, known))
    facts = (_with_what_is_known(one, registry.facts_of(engine, one.meter)) for one in listed.facts.values())
    return [meter.id for meter in new], sum(editor.enter_facts(one) for one in facts)


def _with_what_is_known(told: MeterFacts, known: Iterable[MeterFacts]) -> MeterFacts:
    """Facts of a file; of what it does not tell, that which is entered for the same instant stays."""
    there = next((one for one in known if one.valid_from_ms == told.valid_from_ms), told)
    nothing = MeterFacts(told.meter, told.valid_from_ms)
    names = [name for name in MeterFacts.__slots__ if getattr(told, name) != getattr(nothing, name)]
    return replace(there, **{name: getattr(told, name) for name in names})


def _eans_learnt(listed: MeterList, known: Mapping[str, Meter]) -> Iterable[Meter]:
    """Meters that are there without an EAN code and have one in the file."""
    for meter_id, imported in listed.meters.items():
        there = known.get(meter_id)
        if there and there.ean is None and imported.meter.ean:
            yield replace(there, ean=imported.meter.ean)


def save_swaps(swaps: Iterable[Swap], editor: MeterEditor) -> int:
    """Enter declared replacements that are new, and have the figures they change made again; how many were new.

    Who did it, the photo and the note are people's own: a file that tells the same swap again leaves them.
    """
    new = 0
    for swap in swaps:
        known = registry.swaps_of(editor.engine, swap.meter)
        there = next((one for one in known if (one.register, one.at_ms) == (swap.register, swap.at_ms)), swap)
        serial = swap.serial or there.serial
        new += editor.declare_swap(replace(swap, serial=serial, who=there.who, photo=there.photo, note=there.note))
    return new


def save_days(days: Iterable[MarkedDay], editor: MeterEditor) -> int:
    """Enter marked days that are new; how many were."""
    known = {_key(day) for of_site in calendars.entered_days(editor.engine).values() for day in of_site.marked}
    fresh: dict[str, list[MarkedDay]] = {}
    for day in days:
        if _key(day) not in known:
            fresh.setdefault(day.site, []).append(replace(day, who=editor.by.who, at_ms=editor.by.at_ms))
    calendars.save(editor.engine, {site: EnteredDays(marked=marked) for site, marked in fresh.items()})
    return sum(map(len, fresh.values()))


def _key(day: MarkedDay) -> tuple[str, date, str, str]:
    return day.site, day.day, day.kind, day.building
