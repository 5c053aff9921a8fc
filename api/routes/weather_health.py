"""What the page on the data shows of the weather: whose each site has, since when, and how much of it is known."""

from dataclasses import dataclass

from api.context import AppContext
from plagewatch import weather_state
from plagewatch.metering.weather import Source
from plagewatch.tickets.texts import N_
from plagewatch.weather_state import Lack, SiteWeather

LACKS = {
    Lack.NO_COORDINATES: N_("The site has no coordinates, so this source cannot be asked for it."),
    Lack.NOTHING_YET: N_("Nothing known in the last 30 days."),
}

CREDITS = {
    Source.OPEN_METEO: ("https://open-meteo.com/", "Weather data by Open-Meteo.com"),
    Source.RMI: ("https://opendata.meteo.be/", "Royal Meteorological Institute of Belgium"),
}
"""Whom a licence asks to name, as they write it themselves."""


@dataclass(frozen=True, slots=True)
class Card:
    """The weather of a site that has one of its own or of a source. also: sites that take theirs from here."""

    state: SiteWeather
    lack: str
    also: tuple[str, ...]


def health(context: AppContext, now_s: int) -> dict[str, object]:
    """Cards of the sites with weather, the worst first, and the names of those without any."""
    states = weather_state.by_site(context.engine, context.series, now_s)
    borrowed: dict[str, list[str]] = {}
    for one in states:
        if one.taken_from is not None:
            borrowed.setdefault(one.taken_from.id, []).append(one.site.name)
    cards = [
        Card(one, LACKS.get(one.lack, "") if one.lack else "", tuple(borrowed.get(one.site.id, ())))
        for one in states
        if one.taken_from is None and one.lack is not Lack.UNASSIGNED
    ]
    told_by = {one.source for one in states} | {_of_file(one) for one in states}
    return {
        "weather": sorted(cards, key=lambda card: (card.state.trouble is None and not card.lack, card.state.coverage)),
        "without_weather": [one.site.name for one in states if one.lack is Lack.UNASSIGNED],
        "credits": [credit for source, credit in CREDITS.items() if source in told_by],
    }


def _of_file(one: SiteWeather) -> Source | None:
    """Files name their licence where they are the institute's."""
    return Source.RMI if one.origin is not None and one.origin.source is Source.FILE and one.origin.licence else None
