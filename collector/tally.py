"""What the collector did since it started, counted where it happens: for metrics, read from another thread."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from plagewatch.metering.readings import Reason

BATCH_UPTO_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(slots=True)
class Durations:
    """How long batches took [s], sorted into buckets; the last bucket has all that took longer.

    >>> seen = Durations()
    >>> seen.add(0.02); seen.add(99.0)
    >>> seen.counts[2], seen.counts[-1], seen.sum_s
    (1, 1, 99.02)
    """

    counts: list[int] = field(default_factory=lambda: [0] * (len(BATCH_UPTO_S) + 1))
    sum_s: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one batch."""
        self.counts[bisect_left(BATCH_UPTO_S, seconds)] += 1
        self.sum_s += seconds


@dataclass(slots=True)
class Tally:
    """Packets and values of batches that are in the stores, and writes that failed by kind.

    unkept: packets that went into no store and not into quarantine either; the spool has them.
    """

    packets: int = 0
    samples: int = 0
    unbound: int = 0
    unkept: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    write_errors: Counter[str] = field(default_factory=Counter)
    batches: Durations = field(default_factory=Durations)

    def stored(self, packets: int, samples: int, unbound: int) -> None:
        """Count a batch that is in the stores."""
        self.packets += packets
        self.samples += samples
        self.unbound += unbound

    def kept(self, reasons: Iterable[Reason]) -> None:
        """Count what went to quarantine."""
        self.quarantined.update(reason.value for reason in reasons)
