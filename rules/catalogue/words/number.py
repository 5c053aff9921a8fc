"""How one number of a rule is told to people, and between which values they may move it."""

from dataclasses import dataclass

from plagewatch.tickets.texts import N_

DAYS, NIGHTS, WEEKS, HOURS = N_("days"), N_("nights"), N_("weeks"), N_("hours")
TIMES, DEVIATIONS = N_("times"), N_("usual deviations")


@dataclass(frozen=True, slots=True)
class NumberWords:
    """title: what it is called. means: what it does, one sentence. unit: behind the number; empty = none.

    least, most: what it may be, both included, beyond which the rule would see nothing or fail. scale: what it is
    multiplied by for people. moves: False where it belongs to what the rule is, or where its sentence names it.
    """

    title: str
    means: str
    unit: str
    least: float
    most: float
    scale: float = 1.0
    moves: bool = True


def percent(title: str, means: str, least: float, most: float, *, moves: bool = True) -> NumberWords:
    """Words of a share, which people read and type as a percentage.

    >>> told = percent("Share", "Of what.", 0.05, 0.5)
    >>> told.unit, told.scale, told.most
    ('%', 100.0, 0.5)
    """
    return NumberWords(title, means, "%", least, most, 100.0, moves)


def fixed(title: str, means: str, unit: str) -> NumberWords:
    """Words of a number that is shown and that nobody moves."""
    return NumberWords(title, means, unit, float("-inf"), float("inf"), moves=False)


LOOKED_BACK = N_("Weeks looked back at")
LEFT_OUT = N_("Newest days left out")
NOT_LEARNT = N_("So that a fault is not learnt as usual while it lasts.")
KEEPS_ALIVE = N_("What keeps a ticket alive")
PART_OF_LIMIT = N_("So much of what opens a ticket; below it the meter counts as normal again.")
LEAST_KNOWN = N_("Days that must be known")
NO_VERDICT = N_("With fewer days known nothing is said.")
EXPLAINED = N_("How well the temperature must explain the use")
TOO_LITTLE_HEAT = N_("Where it explains less, the meter heats too little for this rule.")
