"""A replay and how far it is, on each spool and as a whole."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """How far a replay is on one spool.

    next_id, last_id: places in the spool up to which it is done, and where it ends. counted: packets that quarantine
    had counted when it began. packets: of the device, handled so far. samples: values stored by them. gone: of those
    counted, at least how many the spool no longer had. complete_from_ms: where the spool no longer had all, from when
    on it did. trouble: why it stands still or what it lacks; empty = nothing.
    """

    replay: int
    spool: str
    next_id: int
    last_id: int
    counted: int
    packets: int
    samples: int
    done_ms: int | None
    gone: int
    complete_from_ms: int | None
    trouble: str


@dataclass(frozen=True, slots=True)
class Replay:
    """A stretch of the spools that shall be handled again.

    device, template: whose packets, or packets of which topics; both empty = all. since_ms, until_ms: received in
    [since, until); until None = no end. done_ms: when the last spool was through. said: what is told of it as a whole.
    """

    id: int
    device: str
    template: str
    since_ms: int
    who: str
    asked_ms: int
    done_ms: int | None
    said: str
    until_ms: int | None
    parts: tuple[Part, ...] = ()

    @property
    def begun(self) -> bool:
        """Whether some collector works on it."""
        return bool(self.parts)

    @property
    def counted(self) -> int:
        """Packets that quarantine had counted when it began, of all spools."""
        return sum(part.counted for part in self.parts)

    @property
    def packets(self) -> int:
        """Packets handled so far, of all spools."""
        return sum(part.packets for part in self.parts)

    @property
    def samples(self) -> int:
        """Values stored so far, of all spools."""
        return sum(part.samples for part in self.parts)

    @property
    def gone(self) -> int:
        """At least how many of those counted no spool had any more."""
        return sum(part.gone for part in self.parts)

    @property
    def complete_from_ms(self) -> int | None:
        """From when on all spools had everything; None = they had all that was asked for."""
        return max((part.complete_from_ms for part in self.parts if part.complete_from_ms is not None), default=None)

    @property
    def trouble(self) -> str:
        """Why it stands still or what it lacks; empty = nothing."""
        return "; ".join(dict.fromkeys(text for text in (*(part.trouble for part in self.parts), self.said) if text))

    def part(self, spool: str) -> Part | None:
        """How far it is on a spool; None = not begun there."""
        return next((part for part in self.parts if part.spool == spool), None)
