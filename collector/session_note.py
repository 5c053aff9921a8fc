"""A note on disk that there is a session at the broker, so that its loss is noticed after a restart too."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Session:
    """Whose session stands where, and the filters it holds."""

    broker: str
    client_id: str
    filters: tuple[str, ...]

    def is_of(self, other: "Session | None") -> bool:
        """Whether it is the same session, whatever its filters."""
        return other is not None and (self.broker, self.client_id) == (other.broker, other.client_id)


def read(path: Path | None) -> Session | None:
    """The session that was noted; None where there is no note, or none that can be read."""
    if path is None:
        return None
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(path.read_text(encoding="utf-8"))
        return Session(str(told["broker"]), str(told["client_id"]), _texts(told["filters"]))
    return None


def write(path: Path | None, session: Session) -> None:
    """Note a session. A disk that refuses costs a warning after the next restart, nothing else."""
    if path is None:
        return
    told = {"broker": session.broker, "client_id": session.client_id, "filters": list(session.filters)}
    new = path.with_name(f"{path.name}.new")
    with suppress(OSError):
        new.write_text(json.dumps(told), encoding="utf-8")
        new.replace(path)


def _texts(told: Sequence[object]) -> tuple[str, ...]:
    return tuple(str(text) for text in told)
