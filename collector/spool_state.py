"""How full the spool and its disk are, and whether that is well. Pure but for `measured`, which asks the disk."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from collector.spool import Spool, SpoolError
from collector.spool_figures import SpoolFigures
from plagewatch.health import Alarm, PartHealth, PartState
from plagewatch.tickets.texts import N_

GB = 1_000_000_000
SOON_H = 24.0  # a disk that is full before anybody comes to work again
RATE_OVER_S = (120.0, 1800.0)  # a rate is told of at least, and of at most so much time
ALMOST_FULL = 0.8
NOTHING_LEFT_BYTES = 16_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What the settings say of the spool.

    keep_days, keep_bytes: handled packets older, or beyond, go. free_bytes, free_share: of the disk, below which
    handled packets go and people are told. late_s: how long a packet may wait before people are told.
    """

    keep_days: float = 30.0
    keep_bytes: int = 20 * GB
    free_bytes: int = 2 * GB
    free_share: float = 0.05
    late_s: float = 900.0


@dataclass(frozen=True, slots=True)
class SpoolState:
    """The spool and its disk at an instant. set_aside: damaged spools that stand beside it."""

    at_s: float
    figures: SpoolFigures
    disk_free_bytes: int
    disk_bytes: int
    set_aside: tuple[str, ...] = ()

    @property
    def room_bytes(self) -> int:
        """What packets can still take: the free disk, and the room that pruned packets left in the file."""
        return self.disk_free_bytes + self.figures.free_bytes

    @property
    def late_s(self) -> float:
        """Since when the oldest packet waits; 0 = none does."""
        received_ms = self.figures.oldest_waiting_ms
        return 0.0 if received_ms is None else max(0.0, self.at_s - received_ms / 1000)


def measured(spool: Spool, now_s: float) -> SpoolState:
    """The state now. Raises SpoolError."""
    path = spool.path
    try:
        disk = os.statvfs(path.parent)
        aside = tuple(sorted(str(one) for one in path.parent.glob(f"{path.name}.damaged-*[0-9]")))
    except OSError as error:
        raise SpoolError(f"spool {path}: {error}", retryable=True) from error
    return SpoolState(now_s, spool.figures(), disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize, aside)


def least_room_bytes(state: SpoolState, limits: Limits) -> int:
    """Below how much room people are told."""
    return int(max(min(limits.free_bytes, state.disk_bytes // 2), limits.free_share * state.disk_bytes))


def hours_left(past: Sequence[SpoolState]) -> float | None:
    """In how many hours the disk is full at the rate that was seen; None = not filling, or not seen for long enough.

    past: oldest first, the last is now.

    >>> def state(at_s, free_gb):
    ...     return SpoolState(at_s, SpoolFigures(), int(free_gb * GB), 100 * GB)
    >>> hours_left([state(0, 11.0), state(1800, 10.0)])  # 1 GB in half an hour: 10 GB in five
    5.0
    >>> hours_left([state(0, 10.0), state(1800, 10.0)]), hours_left([state(0, 11.0), state(60, 10.0)])
    (None, None)
    """
    if not past:
        return None
    now = past[-1]
    since = next((one for one in past if now.at_s - one.at_s <= RATE_OVER_S[1]), now)
    over_s, less = now.at_s - since.at_s, since.room_bytes - now.room_bytes
    if over_s < RATE_OVER_S[0] or less <= 0:
        return None
    return now.room_bytes / (less / over_s) / 3600


def alarms(past: Sequence[SpoolState], limits: Limits) -> list[Alarm]:
    """What people should be told of the spool, the worst first."""
    if not past:
        return []
    now, found = past[-1], []
    figures, left_h = now.figures, hours_left(past)
    if now.room_bytes < NOTHING_LEFT_BYTES:
        found.append(Alarm(FULL, {"gb": now.room_bytes / GB}))
    if left_h is not None and left_h < SOON_H:
        found.append(Alarm(FULL_SOON, {"hours": left_h, "gb": now.room_bytes / GB}))
    elif now.room_bytes < least_room_bytes(now, limits):
        found.append(Alarm(LITTLE_ROOM, {"gb": now.room_bytes / GB}))
    if figures.waiting_bytes > ALMOST_FULL * limits.keep_bytes:
        found.append(Alarm(LARGE, {"gb": figures.waiting_bytes / GB, "kept": round(limits.keep_bytes / GB, 1)}))
    if now.late_s > limits.late_s:
        found.append(_late(figures.waiting, now.late_s))
    if now.set_aside:
        found.append(Alarm(DAMAGED, {"files": len(now.set_aside)}))
    return found


def health(past: Sequence[SpoolState], limits: Limits, path: Path, now_s: float) -> PartHealth:
    """The spool as it was last seen."""
    if not past:
        return PartHealth("spool", PartState.DEGRADED, "has not been looked at yet")
    now, found = past[-1], alarms(past, limits)
    state = PartState.WELL
    if found:
        state = PartState.DOWN if found[0].text == FULL else PartState.DEGRADED
    told = [alarm.sentence() for alarm in found]
    if now.set_aside:
        told.append(f"set aside: {', '.join(now.set_aside)}")
    detail = f"{path}: {' '.join(told)}" if told else ""
    if now_s - now.at_s > 60:
        state = max(state, PartState.DEGRADED, key=list(PartState).index)
        detail = f"was last seen {now_s - now.at_s:.0f} s ago: the disk is slow or stands still. {detail}".rstrip()
    return PartHealth("spool", state, detail, max(0.0, now_s - now.at_s), tuple(found))


def _late(packets: int, late_s: float) -> Alarm:
    if late_s < 7_200:
        return Alarm(LATE_MINUTES, {"packets": packets, "minutes": int(late_s / 60)})
    return Alarm(LATE_HOURS, {"packets": packets, "hours": int(late_s / 3600)})


FULL = N_(
    "The disk of the incoming messages is full. Nothing is lost: new ones wait at the broker. "
    "Make room on the disk now."
)
FULL_SOON = N_(
    "At this rate the disk of the incoming messages is full in %(hours)s hours (%(gb)s GB are left). "
    "Make room, or get the databases to work again."
)
LITTLE_ROOM = N_("The disk of the incoming messages has %(gb)s GB left. Make room, or give it a larger disk.")
LARGE = N_(
    "Messages that wait take %(gb)s GB; the limit is %(kept)s GB. Nothing that waits is thrown away: "
    "get the databases to work again."
)
LATE_MINUTES = N_(
    "%(packets)s messages wait to be counted, the oldest for %(minutes)s minutes. They are safe on the disk; "
    "the parts of the product below say why."
)
LATE_HOURS = N_(
    "%(packets)s messages wait to be counted, the oldest for %(hours)s hours. They are safe on the disk; "
    "the parts of the product below say why."
)
DAMAGED = N_(
    "A damaged file of incoming messages was set aside (%(files)s in all) and a new one was begun. "
    "Its messages can be saved: see “The spool is damaged” in docs/production.md."
)
