"""Who is mailed what today, and what is held back for now. Pure: the caller loads and writes.

What is held stands on the page and in the weekly mail, and is mailed as soon as there is room: nothing is lost by it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from plagewatch.tickets.findings import Urgency
from plagewatch.tickets.states import State, Ticket

DAY_S = 86_400
COOL_DOWN_S = 2 * DAY_S
"""So long after a ticket of the same meter and cause faded, a new one that is not urgent is not mailed [s]."""


class Why(StrEnum):
    """Why a notice is held back."""

    CAP = "cap"
    COOL_DOWN = "cool_down"


@dataclass(frozen=True, slots=True)
class Cap:
    """How many tickets one person is mailed within 24 hours, urgent ones by a limit of their own.

    What is urgent cannot wait, but a rule gone wrong must not bury people in urgent mails either.
    """

    a_day: int = 8
    urgent_a_day: int = 20


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket that one person has not been mailed. rank: EUR a year, weighed; more goes first. cooling: see above."""

    ticket: int
    person: str
    urgency: Urgency
    rank: float
    opened_s: int
    cooling: bool = False


@dataclass(frozen=True, slots=True)
class Telling:
    """Each waiting notice is in one of the two."""

    tell: tuple[Waiting, ...]
    hold: Mapping[Waiting, Why]


def choose(waiting: Iterable[Waiting], told: Iterable[tuple[str, Urgency]], cap: Cap) -> Telling:
    """Which notices go out now: the most urgent first, then what is worth most, then what waits longest.

    told: person and urgency of each ticket mailed within the last 24 hours.

    >>> leak = Waiting(1, "anna", Urgency.URGENT, 0.0, 0)
    >>> lamps = [Waiting(n, "anna", Urgency.SOON, 10.0 * n, 0) for n in (2, 3)]
    >>> chosen = choose([*lamps, leak], [], Cap(a_day=1))
    >>> [one.ticket for one in chosen.tell], [one.ticket for one in chosen.hold]
    ([1, 3], [2])
    """
    order = list(Urgency)
    used = Counter((person, urgency is Urgency.URGENT) for person, urgency in told)
    tell: list[Waiting] = []
    hold: dict[Waiting, Why] = {}
    for one in sorted(waiting, key=lambda w: (order.index(w.urgency), -w.rank, w.opened_s, w.ticket, w.person)):
        urgent = one.urgency is Urgency.URGENT
        if one.cooling and not urgent:
            hold[one] = Why.COOL_DOWN
        elif used[one.person, urgent] >= (cap.urgent_a_day if urgent else cap.a_day):
            hold[one] = Why.CAP
        else:
            used[one.person, urgent] += 1
            tell.append(one)
    return Telling(tuple(tell), hold)


def cools(ticket: Ticket, others: Iterable[Ticket], now_s: int) -> bool:
    """Whether a ticket comes so soon after one of its meter and cause that faded that its mail waits.

    It waits until the older one is long enough ago; by then the new one is over too, or worth a mail.
    """
    return any(
        other.key == ticket.key
        and other.id != ticket.id
        and other.state is State.FADED
        and other.cleared_s is not None
        and other.cleared_s <= ticket.opened_s
        and now_s < other.cleared_s + COOL_DOWN_S
        for other in others
    )
