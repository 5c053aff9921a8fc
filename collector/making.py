"""What making one meter's figures works with: the stores, what waits to be written, and where the meter stands."""

from collections.abc import Collection
from dataclasses import dataclass, field

from collector.ahead import Ahead
from collector.unwritten import Unwritten
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.readings import Flow
from plagewatch.metering.tails import Carry, RegisterTail, Tail
from plagewatch.store.engine import Engine
from plagewatch.store.series.protocol import SeriesStore


@dataclass(frozen=True, slots=True)
class Stores:
    """Where evidence is read, where figures wait to be written, and where what is known besides is kept.

    told: (meter, register) of which findings stand in the records; all others have none to be taken back.
    """

    engine: Engine
    series: SeriesStore
    unwritten: Unwritten
    told: Collection[tuple[str, str]]


@dataclass(slots=True)
class Making:
    """One meter's figures on their way.

    ahead: what was read ahead; None where the change is none at the end. registers, carries: where the meter stands
    once they are made; registers_told: all that make its flows.
    """

    ahead: Ahead | None = None
    registers: dict[str, RegisterTail] = field(default_factory=dict)
    carries: dict[tuple[Flow, Resolution], Carry] = field(default_factory=dict)
    registers_told: Collection[str] = ()

    def tail(self) -> Tail | None:
        """Where the meter stands now, if that is known of each of its registers."""
        known = self.registers_told and self.registers.keys() == set(self.registers_told)
        return Tail(self.registers, self.carries) if known else None

    def carry(self, flow: Flow, resolution: Resolution) -> Carry | None:
        """What was carried into a coarser interval before the change."""
        return None if self.ahead is None else self.ahead.tail.carries.get((flow, resolution))
