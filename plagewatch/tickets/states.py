"""The life of a ticket: its states and which may follow which."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from plagewatch.tickets.findings import Skill, Urgency


class State(StrEnum):
    """Where a ticket stands. The first three are work to do; `resolved` waits for the meter's word."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"  # a person says it is mended
    VERIFIED = "verified"  # the meter agrees
    FADED = "faded"  # the meter went back to normal before anybody said so


LIVING = frozenset({State.OPEN, State.ACKNOWLEDGED, State.IN_PROGRESS, State.RESOLVED})
"""States in which a ticket stands for its cause: no second one is opened."""

BY_PERSON: Mapping[State, frozenset[State]] = {
    State.OPEN: frozenset({State.ACKNOWLEDGED, State.IN_PROGRESS, State.RESOLVED}),
    State.ACKNOWLEDGED: frozenset({State.IN_PROGRESS, State.RESOLVED}),
    State.IN_PROGRESS: frozenset({State.ACKNOWLEDGED, State.RESOLVED}),
    State.RESOLVED: frozenset({State.IN_PROGRESS}),
    State.VERIFIED: frozenset(),
    State.FADED: frozenset(),
}
"""What a person may do. Verified, faded and reopening belong to the meter: see `rules/incidents.py`."""


class NotAllowed(ValueError):
    """A person asked for a step that the ticket's state does not allow. Trying again does not help."""


def step_by_person(now: State, wanted: State) -> State:
    """The state after a person's step.

    Raises NotAllowed with both states named.

    >>> step_by_person(State.OPEN, State.ACKNOWLEDGED).value
    'acknowledged'
    """
    if wanted not in BY_PERSON[now]:
        raise NotAllowed(f"a ticket that is {now.value} cannot become {wanted.value} by hand")
    return wanted


@dataclass(frozen=True, slots=True)
class Ticket:
    """One cause at one meter, from the moment it was opened. Times in seconds since 1970 UTC.

    opened_s: when it was opened; at least one interval after first_abnormal_s.
    cleared_s: when the meter was back to normal; None while it is not.
    resolved_s: when a person said "mended"; only where the ticket stands as resolved and the loader asked for it.
    """

    id: int
    meter: str
    rule: str
    cause: str
    state: State
    urgency: Urgency
    skill: Skill
    first_abnormal_s: int
    last_abnormal_s: int
    opened_s: int
    score: float
    numbers: Mapping[str, float] = field(default_factory=dict)
    cleared_s: int | None = None
    assigned_to: str | None = None
    resolved_s: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        """One living ticket per meter and cause."""
        return self.meter, self.cause
