"""Local moments and indexes as people type them."""

import re
from datetime import datetime
from enum import StrEnum

from api.entries import number_typed
from plagewatch.metering.local_time import instants_s, zone
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.tickets.texts import N_

FIRST_YEAR, LAST_YEAR = 1970, 2100
_THREE_DECIMALS = re.compile(r"\d+,\d{3}")


class Which(StrEnum):
    """Which of the two hours, on the last Sunday of October."""

    UNSAID = ""
    FIRST = "first"  # summer time still
    SECOND = "second"  # winter time already


def moment_typed(text: str, which: Which, tz: str, now_ms: int) -> int:
    """The instant [ms since 1970 UTC] of a local date and time that has been. Raises EditRefused.

    A time that came twice is asked back: a guess would move an hour of use.

    >>> moment_typed("2026-10-25T02:30", Which.SECOND, "Europe/Brussels", 2**41)
    1792891800000
    >>> moment_typed("2026-10-25T02:30", Which.UNSAID, "Europe/Brussels", 2**41)
    Traceback (most recent call last):
    plagewatch.metering.refused.EditRefused: 2026-10-25 02:30 came twice: the clock was put back. Say which of the two.
    """
    shown = text.strip().replace("T", " ")[:40]
    try:
        wall = datetime.fromisoformat(text.strip())
    except ValueError:
        wall = None
    if wall is None or wall.tzinfo is not None or not FIRST_YEAR < wall.year < LAST_YEAR:
        raise EditRefused(Refusal.MOMENT, N_("“%(typed)s” is no date and time."), typed=shown)
    instants = instants_s(wall.replace(microsecond=0), tz)
    if not instants:
        text = N_("%(typed)s never was: the clock was put forward over it. Give the time on the meter's own clock.")
        raise EditRefused(Refusal.MOMENT, text, typed=shown)
    if len(instants) > 1 and which is Which.UNSAID:
        text = N_("%(typed)s came twice: the clock was put back. Say which of the two.")
        raise EditRefused(Refusal.TWICE, text, typed=shown)
    at_ms = instants[-1 if which is Which.SECOND else 0] * 1000
    if at_ms > now_ms:
        raise EditRefused(Refusal.MOMENT, N_("%(typed)s is still to come."), typed=shown)
    return at_ms


def moment_text(at_ms: int, tz: str) -> tuple[str, Which]:
    """An instant as a form takes it, to the second, and which of two it is.

    >>> moment_text(1_792_888_200_000, "Europe/Brussels"), moment_text(1_792_920_000_000, "Europe/Brussels")
    (('2026-10-25T02:30:00', <Which.FIRST: 'first'>), ('2026-10-25T10:20:00', <Which.UNSAID: ''>))
    """
    wall = datetime.fromtimestamp(at_ms // 1000, zone(tz)).replace(tzinfo=None, fold=0)
    instants = instants_s(wall, tz)
    which = Which.UNSAID if len(instants) < 2 else Which.FIRST if at_ms // 1000 == instants[0] else Which.SECOND
    return wall.isoformat(), which


def index_typed(text: str) -> float:
    """An index as it stands on a meter: decimals behind a comma, three of them on gas and water. Raises EditRefused.

    >>> index_typed("00812,345"), index_typed("15 204.7")
    (812.345, 15204.7)
    """
    plain = "".join(text.split())
    index = float(plain.replace(",", ".")) if _THREE_DECIMALS.fullmatch(plain) else number_typed(text)
    if index < 0:
        raise EditRefused(Refusal.INDEX, N_("An index is never below 0: “%(typed)s”."), typed=text.strip()[:40])
    return index
