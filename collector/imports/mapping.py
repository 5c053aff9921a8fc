"""Which column of a table is what, as somebody confirmed it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableMapping:
    """Placeholder."""
