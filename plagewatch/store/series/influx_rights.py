"""Who may do what with the buckets: what a token of each room must allow, and what its `check` asks for."""

from collections.abc import Collection
from dataclasses import dataclass

from plagewatch.store.names import ENERGY_BUCKET, EVIDENCE_BUCKET

BOTH = frozenset({EVIDENCE_BUCKET, ENERGY_BUCKET})


@dataclass(frozen=True, slots=True)
class Rights:
    """The buckets that are read and those that are written."""

    reads: frozenset[str]
    writes: frozenset[str]

    def __or__(self, other: "Rights") -> "Rights":
        return Rights(self.reads | other.reads, self.writes | other.writes)


EVERYTHING = Rights(BOTH, BOTH)

RIGHTS = {
    "collector": EVERYTHING,  # it makes the figures, too
    "figures": Rights(BOTH, frozenset({ENERGY_BUCKET})),
    "rules": Rights(BOTH, frozenset({ENERGY_BUCKET})),  # the progress of a PLAGE
    "api": Rights(BOTH, frozenset({EVIDENCE_BUCKET})),  # readings by hand
    "digest": Rights(BOTH, frozenset()),
    "grafana": Rights(frozenset({ENERGY_BUCKET}), frozenset()),
}


def rights_of(rooms: Collection[str]) -> Rights:
    """What a process with these rooms needs; all where none is named, as a command may do anything.

    >>> sorted(rights_of(["api", "digest"]).writes), rights_of([]) == EVERYTHING
    (['evidence'], True)
    """
    needed = Rights(frozenset(), frozenset())
    for room in rooms:
        needed |= RIGHTS[room]
    return needed if rooms else EVERYTHING
