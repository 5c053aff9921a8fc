"""What an import needs of a series store: the real ones have it, and the one of a dry run."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from plagewatch.metering.readings import Samples
from plagewatch.store.series.protocol import Evidence, Points


class ImportStore(Protocol):
    """The part of `SeriesStore` that imports read and write."""

    def write_samples(self, blocks: Sequence[Samples]) -> None:
        """Keep evidence."""

    def samples(self, meter: str, register: str, start_ms: int, end_ms: int) -> Evidence:
        """Evidence in [start_ms, end_ms)."""

    def samples_around(self, meter: str, register: str, start_ms: int, end_ms: int, beyond: int) -> Evidence:
        """Evidence in [start_ms, end_ms) and the nearest `beyond` instants on either side."""

    def registers(self, meter: str) -> list[str]:
        """Registers of which the meter has evidence."""

    def latest_sample_ms(self) -> dict[str, int]:
        """The newest evidence of each meter."""

    def write_points(self, measurement: str, tags: Mapping[str, str], points: Points) -> None:
        """Write rows of figures."""

    def points(self, measurement: str, tags: Mapping[str, str], start_s: int, end_s: int) -> Points:
        """Rows of one series that start in [start_s, end_s)."""
