"""What lines of the audit say, in English: what was done, and which of its parts went from what to what."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from plagewatch.store.records.audit import AuditLine
from plagewatch.store.records.claims import CLAIMED, RELEASED
from plagewatch.store.records.life_cycle import What
from plagewatch.store.records.withdrawals import RESTORED, WITHDRAWN
from plagewatch.tickets.texts import N_

DONE: Mapping[str, str] = {
    What.FACTS_ENTERED: N_("Facts entered"),
    What.FACTS_CHANGED: N_("Facts changed"),
    What.FACTS_REMOVED: N_("Facts taken back"),
    What.SWAP_DECLARED: N_("Replacement declared"),
    What.SWAP_CHANGED: N_("Replacement corrected"),
    What.SWAP_REMOVED: N_("Replacement taken back"),
    What.SWAP_DISMISSED: N_("Nothing was replaced"),
    What.SHARES_SET: N_("Shares entered"),
    What.SHARES_REMOVED: N_("Shares taken back"),
    What.FORMULA_SET: N_("Formula entered"),
    What.FORMULA_REMOVED: N_("Formula taken back"),
    What.CALORIFIC_VALUE_SET: N_("Calorific value entered"),
    What.CALORIFIC_VALUE_REMOVED: N_("Calorific value taken back"),
    What.SUB_METER_SET: N_("Sub-meter entered"),
    What.SUB_METER_REMOVED: N_("Sub-meter taken back"),
    What.READING_ENTERED: N_("Reading by hand"),
    What.DELIVERY_ENTERED: N_("Delivery entered"),
    What.DELIVERY_CHANGED: N_("Delivery corrected"),
    What.DELIVERY_REMOVED: N_("Delivery taken back"),
    What.METER_ENTERED: N_("Meter entered"),
    What.METER_CHANGED: N_("Meter changed"),
    What.ORGANISATION_SET: N_("Organisation entered"),
    What.OPENING_HOURS_SET: N_("Opening hours entered"),
    What.OPENING_HOURS_REMOVED: N_("Opening hours taken back"),
    What.DAY_MARKED: N_("Days marked"),
    What.DAY_UNMARKED: N_("Marks taken back"),
    What.SCHOOL_YEARS_SET: N_("School holidays chosen"),
    What.SCHOOL_YEARS_REMOVED: N_("Choice of school holidays taken back"),
    What.WORKS_ENTERED: N_("Works entered"),
    What.WORKS_REMOVED: N_("Works taken back"),
    CLAIMED: N_("Device claimed"),
    RELEASED: N_("Device let go"),
    WITHDRAWN: N_("Readings withdrawn"),
    RESTORED: N_("Readings count again"),
}
PARTS: Mapping[str, str] = {
    "register": N_("which index"),
    "at_ms": N_("when"),
    "valid_from_ms": N_("valid from"),
    "valid_from": N_("valid from"),
    "valid_to": N_("valid to"),
    "from_ms": N_("from"),
    "to_ms": N_("to"),
    "last_index": N_("last index"),
    "first_index": N_("first index"),
    "serial": N_("serial number"),
    "digits": N_("digits before the comma"),
    "decimals": N_("digits behind the comma"),
    "multiplier": N_("multiplication factor"),
    "max_power_kw": N_("greatest power (kW)"),
    "max_flow_m3h": N_("greatest flow (m³/h)"),
    "pulse_weight": N_("weight of a pulse"),
    "unit": N_("unit"),
    "tank_l": N_("tank (l)"),
    "contracted_kw": N_("contracted power (kW)"),
    "source": N_("source"),
    "photo": N_("photo"),
    "note": N_("note"),
    "who": N_("who"),
    "value": N_("reading"),
    "device": N_("device"),
    "formula": N_("formula"),
    "share": N_("share"),
    "building": N_("building"),
    "organisation": N_("organisation"),
    "head": N_("head meter"),
    "sub": N_("sub-meter"),
    "kind": N_("what"),
    "ended_on": N_("ended on"),
    "what": N_("what"),
    "readings": N_("number of readings"),
}
"""Parts that are shown; others, such as the meter itself, are not."""


def done(what: str) -> str:
    """What was done, in English; a word we have no text for as it is."""
    return DONE.get(what, what)


def parts(line: AuditLine, shown: Callable[[str, Any], str]) -> Iterator[tuple[str, str, str]]:
    """Each part that changed: its English name, and what it was and is as `shown(part, value)` writes it.

    A part that was not there, or is no more, is empty; a change of several entries tells each of them.

    >>> line = AuditLine(1, 0, "cell", "facts_changed", "m", {"multiplier": 1.0, "digits": 6}, {"multiplier": 40.0})
    >>> list(parts(line, lambda part, value: str(value)))
    [('digits before the comma', '6', ''), ('multiplication factor', '1.0', '40.0')]
    """
    for before, after in _pairs(line.before, line.after):
        for name in PARTS:
            old, new = before.get(name), after.get(name)
            if old != new and not {old, new} <= {None, ""}:
                yield PARTS[name], _text(shown, name, old), _text(shown, name, new)


def _pairs(before: Any, after: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    if isinstance(before, list) or isinstance(after, list):
        for one in _listed(before):
            yield one, {}
        for one in _listed(after):
            yield {}, one
    else:
        yield _record(before), _record(after)


def _listed(told: Any) -> list[dict[str, Any]]:
    return [_record(one) for one in told] if isinstance(told, list) else [_record(told)]


def _record(told: Any) -> dict[str, Any]:
    return told if isinstance(told, dict) else {}


def _text(shown: Callable[[str, Any], str], name: str, value: Any) -> str:
    return "" if value is None or value == "" else shown(name, value)
