"""What people decide of a rule: whether it tells, only counts, or rests; and what they say of its tickets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite

from plagewatch.metering.meters import Carrier
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.tickets.states import LIVING, State, Ticket
from plagewatch.tickets.texts import N_


class Mode(StrEnum):
    """What a rule does with what it finds."""

    ON = "on"
    SHADOW = "shadow"  # it opens tickets that are counted and that nobody is told of
    OFF = "off"


class Label(StrEnum):
    """What a person who looked says of a ticket."""

    REAL = "real"
    FALSE_ALARM = "false_alarm"


@dataclass(frozen=True, slots=True)
class RuleMode:
    """How a rule stands from a moment on, milliseconds since 1970 UTC, until the next of the same rule.

    parameters: those of its detector that differ from the catalogue's, by name. who: a person's id.
    """

    rule: str
    mode: Mode
    parameters: Mapping[str, float] = field(default_factory=dict)
    who: str = ""
    at_ms: int = 0
    note: str = ""


def mode_at(history: Iterable[RuleMode], rule: str, at_ms: int) -> RuleMode:
    """How a rule stood at a moment; on, as the catalogue has it, where nobody has said anything yet.

    history: oldest first; of two words of one moment the later one counts.

    >>> tried = RuleMode("night_water", Mode.SHADOW, at_ms=1000)
    >>> [mode_at([tried], "night_water", at_ms).mode.value for at_ms in (999, 1000)]
    ['on', 'shadow']
    """
    said = [one for one in history if one.rule == rule and one.at_ms <= at_ms]
    return sorted(said, key=lambda one: one.at_ms)[-1] if said else RuleMode(rule, Mode.ON)


def in_shadow(ticket: Ticket, history: Iterable[RuleMode], now_ms: int) -> bool:
    """Whether nobody is told of a ticket: its rule only counts now or, once it is over, did when it was opened."""
    at_ms = now_ms if ticket.state in LIVING else ticket.opened_s * 1000
    return mode_at(history, ticket.rule, at_ms).mode is Mode.SHADOW


@dataclass(frozen=True, slots=True)
class RuleNumber:
    """One of the numbers by which a rule looks, in the words of a language.

    name: as programs call it. title, means, unit: for people; the unit may be empty. usual: as the catalogue has it.
    least, most: what it may be, both included. scale: what it is multiplied by for people, 100 where they read percent.
    moves: whether it may be moved.
    """

    name: str
    title: str
    means: str
    unit: str
    usual: float
    least: float
    most: float
    scale: float = 1.0
    moves: bool = True

    @property
    def whole(self) -> bool:
        """Whether it counts things."""
        return isinstance(self.usual, int)


@dataclass(frozen=True, slots=True)
class RuleWords:
    """A rule as people are shown it: its title in their language, its numbers, and what its meters count."""

    id: str
    title: str
    numbers: Sequence[RuleNumber] = ()
    carriers: frozenset[Carrier] = frozenset(Carrier)

    @property
    def parameters(self) -> dict[str, float]:
        """Its numbers as the catalogue has them, by name."""
        return {number.name: number.usual for number in self.numbers}


def moved(numbers: Iterable[RuleNumber], wanted: Mapping[str, float]) -> dict[str, float]:
    """The wanted numbers of a rule that differ from the catalogue's. Raises EditRefused.

    >>> nights = RuleNumber("nights", "Nights in a row", "", "nights", 3, 3, 14)
    >>> moved([nights], {"nights": 4.0}), moved([nights], {"nights": 3.0})
    ({'nights': 4}, {})
    >>> moved([nights], {"nights": 4.5})
    Traceback (most recent call last):
    plagewatch.metering.refused.EditRefused: “Nights in a row” is a whole number.
    """
    known, found = {number.name: number for number in numbers}, dict[str, float]()
    for name, value in wanted.items():
        number = known.get(name)
        if number is None:
            raise EditRefused(Refusal.UNKNOWN, N_("This rule has no number “%(name)s”."), name=name[:80])
        if value == number.usual:
            continue
        if not number.moves:
            raise EditRefused(Refusal.QUANTITY, N_("“%(title)s” cannot be moved."), title=number.title)
        # Typed as 2,2 % it is 0.022000000000000002: the ends belong to what it may be.
        near = 1e-9 * max(abs(number.least), abs(number.most))
        if not isfinite(value) or not number.least - near <= value <= number.most + near:
            least, most = (round(end * number.scale, 9) for end in (number.least, number.most))
            text = N_("“%(title)s” goes from %(least)s to %(most)s.")
            raise EditRefused(Refusal.QUANTITY, text, title=number.title, least=least, most=most)
        if number.whole and value != int(value):
            raise EditRefused(Refusal.QUANTITY, N_("“%(title)s” is a whole number."), title=number.title)
        found[name] = int(value) if number.whole else float(value)
    return found


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """How a rule has done: all its tickets, by how they went on and by what people said of them.

    verified: over because the meter agreed with the person who mended it. faded: over by itself. living: not over.
    real, false_alarm: those a person called so. shadow: those nobody was told of. They are counted in the others too.
    """

    tickets: int = 0
    real: int = 0
    false_alarm: int = 0
    living: int = 0
    shadow: int = 0
    verified: int = 0
    faded: int = 0

    @property
    def precision(self) -> float:
        """Part of the labelled tickets that were real, 0...1; NaN where none is labelled.

        >>> RuleRecord(tickets=9, real=3, false_alarm=1).precision
        0.75
        """
        labelled = self.real + self.false_alarm
        return self.real / labelled if labelled else float("nan")


def record_of(
    rule: str, tickets: Iterable[Ticket], labels: Mapping[int, Label], history: Iterable[RuleMode], now_ms: int
) -> RuleRecord:
    """Counts over all tickets of a rule. labels: the newest word on each ticket, by its number."""
    mine, said = [ticket for ticket in tickets if ticket.rule == rule], list(history)
    return RuleRecord(
        tickets=len(mine),
        real=sum(labels.get(ticket.id) is Label.REAL for ticket in mine),
        false_alarm=sum(labels.get(ticket.id) is Label.FALSE_ALARM for ticket in mine),
        living=sum(ticket.state in LIVING for ticket in mine),
        shadow=sum(in_shadow(ticket, said, now_ms) for ticket in mine),
        verified=sum(ticket.state is State.VERIFIED for ticket in mine),
        faded=sum(ticket.state is State.FADED for ticket in mine),
    )
