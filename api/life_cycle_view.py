"""The page of a meter's life, made of what the records, the telegrams and the ledger tell."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from babel.dates import format_date
from babel.numbers import format_decimal
from fastapi import Request
from fastapi.responses import HTMLResponse

from api.context import AppContext
from api.entries import Typed
from api.language import language_of
from api.life_cycle import registers_of, unit_of
from api.pages import audit_words, page
from api.pages.people import remembered, who_may_act
from api.pages.registers import UNIT_NAMES, register_name
from api.registry import Registry, read
from api.typed_moments import moment_text
from plagewatch.metering.installations import installations
from plagewatch.metering.local_time import local_day
from plagewatch.metering.meters import Meter, MeterFacts, Swap
from plagewatch.metering.proposals import Proposal
from plagewatch.metering.units import to_canonical
from plagewatch.number_words import locale, time_text
from plagewatch.store.records import audit
from plagewatch.store.records import registry as records
from plagewatch.store.records.serials import serials_of
from plagewatch.store.records.swap_proposals import open_proposals
from plagewatch.words import words

AUDIT_SHOWN = 30
FACTS = ("digits", "decimals", "multiplier", "max_power_kw", "max_flow_m3h", "pulse_weight", "unit", "tank_l", "source",
         "contracted_kw")  # fmt: skip


def place_of(meter_id: str) -> str:
    """Where the page stands."""
    return f"/meters/{quote(meter_id, safe='')}/life-cycle"


def life_cycle_page(request: Request, context: AppContext, meter_id: str, typed: Typed) -> HTMLResponse:
    """The page; typed: what a form brought that was refused, or what is to be corrected. Raises SeriesError."""
    registry, language = read(context.engine, context.now_s()), language_of(request)
    meter, now_ms = registry.meter(meter_id), context.now_s() * 1000
    tz, say = registry.site_of(meter).timezone, words(language).gettext
    swaps = records.swaps_of(context.engine, meter_id)
    seen = [(one.register, one.at_ms, one.serial) for one in serials_of(context.engine, meter_id)]
    facts = records.facts_of(context.engine, meter_id)
    number = partial(number_text, language=language)
    registers, people = registers_of(context, meter), who_may_act(context)
    names = {person.id: person.name for person in people}
    proposals = open_proposals(context.engine, context.series, meter_id)
    values = {
        "meter": meter,
        "tz": tz,
        "buildings": registry.buildings_of(meter_id),
        "registers": registers,
        "units": {register: unit_of(context, meter, register, now_ms) for register in registers},
        "devices": installations(swaps, seen),
        "facts": facts[::-1],
        "in_force": next((one for one in facts[::-1] if one.valid_from_ms <= now_ms), None),
        "proposals": [(one, _fields_of(one, tz)) for one in proposals],
        "lines": _lines(context, registry, meter, say, language),
        "typed": typed,
        "blank": Typed(),
        "fact_units": [name for name in UNIT_NAMES if to_canonical(1.0, name)[1] == meter.unit],
        "today": local_day(context.now_s(), tz).isoformat(),
        "day_of": lambda at_ms: local_day(at_ms // 1000, tz).isoformat(),
        "day": lambda at_ms: format_date(local_day(at_ms // 1000, tz), "d MMM y", locale=locale(language)),
        "name_of": lambda register: say(register_name(register)),
        "number": number,
        "people": people,
        "names": names,
        "chosen": typed["who"] or remembered(request),
    }
    return page(request, "life_cycle.html", values, 422 if typed.refusal else 200)


def number_text(value: float, language: str) -> str:
    """A number with all the decimals that it has, up to six."""
    return format_decimal(value, "#,##0.######", locale(language))


def swap_fields(swap: Swap, tz: str) -> dict[str, str]:
    """A swap as its form takes it."""
    at, which = moment_text(swap.at_ms, tz)
    return {
        "register": swap.register,
        "at": at,
        "which": which,
        "last_index": plain_number(swap.last_index),
        "first_index": plain_number(swap.first_index),
        "serial": swap.serial,
        "digits": "" if swap.digits is None else str(swap.digits),
        "who": swap.who,
        "note": swap.note,
        "picture": swap.photo,
    }


def facts_fields(facts: MeterFacts) -> dict[str, str]:
    """Facts as their form takes them, the day from which they hold left aside."""
    told = {name: getattr(facts, name) for name in FACTS}
    return {
        name: "" if value is None else value if isinstance(value, str) else plain_number(value)
        for name, value in told.items()
    }


def plain_number(value: float) -> str:
    """A number as a form takes it back without doubt: with a point, and never with three digits alone behind it.

    >>> plain_number(812.345), plain_number(40.0)
    ('812.3450', '40')
    """
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return f"{text}0" if len(text.partition(".")[2]) == 3 else text


def _fields_of(proposal: Proposal, tz: str) -> Typed:
    return Typed("", swap_fields(proposal.as_swap(), tz))


def _lines(
    context: AppContext, registry: Registry, meter: Meter, say: Callable[[str], str], language: str
) -> list[dict[str, Any]]:
    tz = registry.site_of(meter).timezone
    people = {person.id: person.name for person in records.persons(context.engine)}

    def shown(part: str, value: Any) -> str:
        if part.endswith("_ms"):
            if value == 0:
                return say("ever")
            return time_text(value // 1000, tz, language, "d MMM y, HH:mm")
        if part == "register":
            return say(register_name(value))
        if part == "building" and value in registry.buildings:
            return registry.buildings[value].name
        if part == "who":
            return people.get(value, str(value))
        if part == "photo":
            return say("yes")
        if part == "share":
            return number_text(value * 100, language) + " %"
        return number_text(value, language) if isinstance(value, int | float) else str(value)

    return [
        {
            "at_s": line.at_ms // 1000,
            "who": line.who,
            "done": say(audit_words.done(line.what)),
            "parts": [(say(name), old, new) for name, old, new in audit_words.parts(line, shown)],
        }
        for line in audit.lines(context.engine, meter.id, AUDIT_SHOWN)
    ]
