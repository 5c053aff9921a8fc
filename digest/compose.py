"""What the weekly mail says. Pure: from the facts of a week to its sections, in words not yet in a language."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from digest.advice import advice_for
from digest.comparison import compare
from digest.facts import BuildingWeek, MeterWeek, TicketFacts, TicketWeek, WeekFacts
from digest.health import HEALTHY, health_of
from digest.phrases import NN_, Change, Euro, Phrase, UnitPrice, Value, counted
from digest.rows import NOTABLE_EUR, ORDER, BuildingSection, Row, section_of
from digest.target import target_of
from plagewatch.metering.calendars import public_holidays
from plagewatch.metering.meters import Carrier
from plagewatch.metering.prices import price_on
from plagewatch.tickets.findings import Urgency
from plagewatch.tickets.texts import N_
from plagewatch.tickets.worth import rank_of, worth_of

ABOUT_THE_SAME = 0.03
SATURDAY = 5
SHOWN_TICKETS = 3
SHOWN_ADVICE = 3


class Kind(StrEnum):
    """What sort of week it was, which decides how much the mail says."""

    CHANGED = "changed"
    QUIET = "quiet"
    NO_DATA = "no_data"
    NO_BUILDING = "no_building"


@dataclass(frozen=True, slots=True)
class TicketLine:
    """A ticket to show. eur_per_year: what it costs if it is left as it is; NaN = not known. rank: see worth."""

    facts: TicketFacts
    eur_per_year: float
    rank: float = 0.0


@dataclass(frozen=True, slots=True)
class Digest:
    """The mail before rendering, complete: the text and the HTML say the same. Empty tuples are left out of it."""

    language: str
    first_on: date
    last_on: date
    kind: Kind
    subject: Phrase
    opening: tuple[Phrase, ...]
    buildings: tuple[BuildingSection, ...]
    tickets: tuple[TicketLine, ...]
    ticket_counts: tuple[Phrase, ...]
    to_do: tuple[Phrase, ...]
    plage: tuple[Phrase, ...]
    health: tuple[Phrase, ...]
    prices: tuple[Phrase, ...]
    chart: MeterWeek | None
    chart_building: str = ""


def compose(facts: WeekFacts, language: str) -> Digest:
    """The mail of one person and week. Nothing is said of an amount that is not known, and no money without a price."""
    sections = tuple(section_of(building, facts) for building in facts.buildings)
    kind = _kind(facts, sections)
    # What the weather explains is told after what it does not.
    changed = sorted(_notable(sections), key=lambda pair: (pair[1].by_weather, -abs(pair[1].cost_change_eur)))
    shown = sections if kind in (Kind.CHANGED, Kind.QUIET) else ()
    chart = _chart(facts.buildings, changed)
    return Digest(
        language=language,
        first_on=facts.first_on,
        last_on=facts.last_on,
        kind=kind,
        subject=_subject(kind, changed, facts.tickets),
        opening=(*_opening(kind, sections), *_holidays(kind, facts)),
        buildings=shown,
        tickets=_shown(facts),
        ticket_counts=tuple(_ticket_counts(facts.tickets, len(_shown(facts)))),
        to_do=tuple(_to_do(changed)),
        plage=tuple(target_of(facts.plage)),
        health=tuple(health_of(facts.buildings)),
        prices=tuple(_price_notes(facts, shown)),
        chart=chart,
        chart_building=changed[0][0].name if chart else "",
    )


def _kind(facts: WeekFacts, sections: tuple[BuildingSection, ...]) -> Kind:
    if not sections:
        return Kind.NO_BUILDING
    if not any(row.comparison.known for section in sections for row in section.rows):
        return Kind.NO_DATA
    busy = any(_notable(sections)) or facts.tickets.living or facts.tickets.opened or facts.tickets.verified
    return Kind.CHANGED if busy else Kind.QUIET


def _notable(sections: tuple[BuildingSection, ...]) -> Iterator[tuple[BuildingSection, Row]]:
    yield from ((section, row) for section in sections for row in section.rows if row.notable)


MORE = {
    Carrier.ELECTRICITY: N_("Week {week}: more electricity at {building} ({change})"),
    Carrier.GAS: N_("Week {week}: more gas at {building} ({change})"),
    Carrier.HEAT: N_("Week {week}: more heat at {building} ({change})"),
    Carrier.WATER: N_("Week {week}: more water at {building} ({change})"),
}
LESS = {
    Carrier.ELECTRICITY: N_("Week {week}: less electricity at {building} ({change})"),
    Carrier.GAS: N_("Week {week}: less gas at {building} ({change})"),
    Carrier.HEAT: N_("Week {week}: less heat at {building} ({change})"),
    Carrier.WATER: N_("Week {week}: less water at {building} ({change})"),
}


def _subject(kind: Kind, changed: list[tuple[BuildingSection, Row]], tickets: TicketWeek) -> Phrase:
    if kind is Kind.NO_BUILDING:
        return Phrase(N_("Week {week}: no building is entered for you"))
    if kind is Kind.NO_DATA:
        return Phrase(N_("Week {week}: no data from your buildings"))
    if changed and not np.isnan(changed[0][1].comparison.change):
        section, row = changed[0]
        texts = MORE if row.comparison.change > 0 else LESS
        return Phrase(texts[row.carrier], {"building": section.name, "change": Change(row.comparison.change)})
    if tickets.living:
        return counted(NN_("Week {week}: {n} notice is open", "Week {week}: {n} notices are open"), len(tickets.living))
    return Phrase(N_("Week {week}: a quiet week")) if kind is Kind.QUIET else Phrase(N_("Week {week}: your buildings"))


def _opening(kind: Kind, sections: tuple[BuildingSection, ...]) -> Iterator[Phrase]:
    if kind is Kind.NO_BUILDING:
        yield Phrase(N_("No building is entered for you, so there is nothing to tell."))
        yield Phrase(N_("Ask the energy cell to add yours."))
        return
    if kind is Kind.NO_DATA:
        yield Phrase(N_("None of the meters of your buildings gave data this week."))
        yield Phrase(N_("This mail has no figures, because there are none."))
        return
    rows = [row for section in sections for row in section.rows]
    if kind is Kind.QUIET:
        whole = all(row.comparison.comparable and row.comparison.coverage >= HEALTHY for row in rows)
        yield Phrase(
            N_("A quiet week: nothing changed that you need to look at, and no notice is open.")
            if whole
            else N_("As far as the readings go, nothing stands out. A part of them is missing: see below.")
        )
    yield _money([row for row in rows if not np.isnan(row.cost_change_eur)])


def _money(rows: list[Row]) -> Phrase:
    if not rows:
        return Phrase(N_("The two weeks have too little in common to compare them."))
    more_eur = sum(row.cost_change_eur for row in rows)
    if abs(more_eur) < max(NOTABLE_EUR, ABOUT_THE_SAME * sum(row.cost_eur for row in rows)):
        return Phrase(N_("Together your buildings cost about as much as the week before."))
    text = (
        N_("Together your buildings cost about {money} more than the week before.")
        if more_eur > 0
        else N_("Together your buildings cost about {money} less than the week before.")
    )
    return Phrase(text, {"money": Euro(abs(more_eur))})


def _holidays(kind: Kind, facts: WeekFacts) -> Iterator[Phrase]:
    if kind not in (Kind.CHANGED, Kind.QUIET):
        return
    for day in sorted(public_holidays(facts.first_on - timedelta(days=7), facts.last_on)):
        text = (
            N_("{day} was a public holiday: less use is usual on such a day.")
            if day >= facts.first_on
            else N_("{day}, in the week before, was a public holiday: that week was not an ordinary one either.")
        )
        if day.weekday() < SATURDAY:
            yield Phrase(text, {"day": day})


URGENCY = {urgency: place for place, urgency in enumerate(Urgency)}


def _ticket_lines(facts: WeekFacts) -> Iterator[TicketLine]:
    for living in facts.tickets.living:
        meter = living.meter
        worth = worth_of(living.ticket, meter, facts.prices, facts.first_on, None)
        yield TicketLine(living, worth.eur_per_year if worth else float("nan"), rank_of(living.ticket, worth))


def _weight(line: TicketLine) -> tuple[int, float, float, int]:
    ticket = line.facts.ticket
    return URGENCY[ticket.urgency], -line.rank, -ticket.score, ticket.id


def _shown(facts: WeekFacts) -> tuple[TicketLine, ...]:
    """The first of all, and whatever was not mailed on its day: this mail is where that is told at the latest."""
    lines = sorted(_ticket_lines(facts), key=_weight)
    return tuple(line for place, line in enumerate(lines) if place < SHOWN_TICKETS or line.facts.held)


def _ticket_counts(tickets: TicketWeek, shown: int) -> Iterator[Phrase]:
    if tickets.opened:
        yield counted(NN_("{n} notice was opened this week.", "{n} notices were opened this week."), tickets.opened)
    if tickets.verified:
        texts = NN_("{n} repair was confirmed by the meter.", "{n} repairs were confirmed by the meter.")
        yield counted(texts, tickets.verified)
    if (tickets.opened or tickets.verified) and not tickets.living:
        yield Phrase(N_("No notice is open now."))
    held = sum(one.held for one in tickets.living)
    if held:
        texts = NN_(
            "{n} notice was not mailed on its day, because there were too many; it stands above.",
            "{n} notices were not mailed on their day, because there were too many; they stand above.",
        )
        yield counted(texts, held)
    if (more := len(tickets.living) - shown) > 0:
        yield counted(NN_("{n} more notice is open.", "{n} more notices are open."), more)


def _to_do(changed: list[tuple[BuildingSection, Row]]) -> Iterator[Phrase]:
    rose = [(section, row.carrier) for section, row in changed if row.cost_change_eur > 0 and not row.by_weather]
    for section, carrier in rose[:SHOWN_ADVICE]:
        for advice in advice_for(section.use, [carrier]):
            yield Phrase(advice.text, {"building": section.name})


def _chart(buildings: tuple[BuildingWeek, ...], changed: list[tuple[BuildingSection, Row]]) -> MeterWeek | None:
    if not changed:
        return None
    section, row = changed[0]
    meters = next(b.meters for b in buildings if b.building.id == section.id)
    same = [m for m in meters if (m.meter.carrier, m.meter.unit) == (row.carrier, row.unit)]
    return max(same, key=lambda m: abs(compare(m).common - compare(m).common_before), default=None)


def _price_notes(facts: WeekFacts, shown: tuple[BuildingSection, ...]) -> Iterator[Phrase]:
    used = {(row.carrier, row.unit) for section in shown for row in section.rows if not np.isnan(row.cost_eur)}
    for carrier, unit in sorted(used, key=lambda pair: ORDER.index(pair[0])):
        price = price_on(facts.prices, carrier, unit, facts.first_on)
        if price is None:
            continue
        text = (
            N_("{carrier} {price} (assumption since {day}: {source})")
            if price.assumed
            else N_("{carrier} {price} (since {day}: {source})")
        )
        numbers: dict[str, Value] = {"price": UnitPrice(price.eur_per_unit, unit), "day": price.valid_from}
        yield Phrase(text, {"carrier": Phrase(CARRIERS[carrier]), "source": Phrase(price.source), **numbers})


CARRIERS = {
    Carrier.ELECTRICITY: N_("Electricity"),
    Carrier.GAS: N_("Gas"),
    Carrier.HEAT: N_("Heat"),
    Carrier.WATER: N_("Water"),
    Carrier.SOLAR: N_("Solar panels"),
}
