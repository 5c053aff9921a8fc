"""What the pages and the API are given by whoever starts them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from plagewatch.device_preview import DevicePreview
from plagewatch.health import PartHealth
from plagewatch.metering.meters import Meter
from plagewatch.plage.portfolio import Portfolio
from plagewatch.store.engine import Engine
from plagewatch.store.records.quarantine import Quarantined
from plagewatch.store.records.topic_routes import TopicRoute
from plagewatch.store.series.protocol import SeriesStore
from plagewatch.tickets.modes import RuleWords
from plagewatch.tickets.states import Ticket


def no_rules(language: str) -> Sequence[RuleWords]:
    """Of a process without rules."""
    return ()


@dataclass(frozen=True, slots=True)
class AppContext:
    """The stores, the clock, and the words of other rooms.

    now_s: seconds since 1970 UTC. ticket_title, ticket_sentence, first_checks: what the rules say of a ticket, in the
    language that is their last argument. preview: what the collector reads in a device's packets in quarantine (the
    oldest first), by the routes there are and what decoders remember. families: names of the decoder families.
    away: why the records cannot be used now, empty where they can; it is asked with every request and must not wait.
    rules: the rules there are, in a language. metrics: what /metrics answers, in Prometheus' text.
    """

    engine: Engine
    series: SeriesStore
    health: Callable[[], list[PartHealth]]
    now_s: Callable[[], int]
    portfolio: Portfolio
    base_url: str
    ticket_title: Callable[[Ticket, str], str]
    ticket_sentence: Callable[[Ticket, Meter, str], str]
    first_checks: Callable[[Ticket, str], list[str]]
    preview: Callable[[str, Sequence[Quarantined], Sequence[TopicRoute], Mapping[str, str]], DevicePreview]
    families: Sequence[str]
    away: Callable[[], str] = str
    rules: Callable[[str], Sequence[RuleWords]] = no_rules
    metrics: Callable[[], bytes] = bytes


class RecordsAway(Exception):
    """The records cannot be used now; the message says why. Asking them would only wait."""


async def context_of(request: Request) -> AppContext:
    """The context that `create_app` was given. Raises RecordsAway."""
    context = await context_alone(request)
    if why := context.away():
        raise RecordsAway(why)
    return context


async def context_alone(request: Request) -> AppContext:
    """The context for what needs no store."""
    # These are coroutines, so that a request that waits for nothing needs none of the threads, which may all wait.
    context: AppContext = request.app.state.context
    return context


Context = Annotated[AppContext, Depends(context_of)]
"""A route's parameter of this type receives the context."""

ContextAlone = Annotated[AppContext, Depends(context_alone)]
"""The same for a route that needs no store and must answer when these do not."""
