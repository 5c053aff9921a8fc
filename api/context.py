"""What the pages and the API are given by whoever starts them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from plagewatch.health import PartHealth
from plagewatch.metering.meters import Meter
from plagewatch.plage.portfolio import Portfolio
from plagewatch.store.engine import Engine
from plagewatch.store.series.protocol import SeriesStore
from plagewatch.tickets.states import Ticket


@dataclass(frozen=True, slots=True)
class AppContext:
    """The stores, the clock, and the words of other rooms.

    now_s: seconds since 1970 UTC. ticket_title, ticket_sentence, first_checks: what the rules say of a ticket, in the
    language that is their last argument.
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


def context_of(request: Request) -> AppContext:
    """The context that `create_app` was given."""
    context: AppContext = request.app.state.context
    return context


Context = Annotated[AppContext, Depends(context_of)]
"""A route's parameter of this type receives the context."""
