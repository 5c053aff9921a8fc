"""When people are told of the spool, and what; hand-made states of a disk of 100 GB."""

from pathlib import Path

import pytest

from collector.spool_figures import SpoolFigures
from collector.spool_state import (
    DAMAGED,
    FULL,
    FULL_SOON,
    GB,
    LARGE,
    LATE_HOURS,
    LATE_MINUTES,
    LITTLE_ROOM,
    Limits,
    SpoolState,
    alarms,
    health,
    hours_left,
)
from plagewatch.health import PartState

NOW_S = 1_795_000_000.0
LIMITS = Limits(keep_days=30, keep_bytes=20 * GB, free_bytes=2 * GB, free_share=0.05, late_s=900)
PATH = Path("/data/spool.db")


def state(at_s: float, free_gb: float, figures: SpoolFigures | None = None, aside: tuple[str, ...] = ()) -> SpoolState:
    return SpoolState(NOW_S + at_s, figures or SpoolFigures(), int(free_gb * GB), 100 * GB, aside)


def waiting(minutes: float, packets: int = 1_000, of: int = 1_000, file_gb: float = 1.0) -> SpoolFigures:
    oldest_ms = int((NOW_S - 60 * minutes) * 1000)
    return SpoolFigures("name", of, of, packets, oldest_ms, int(file_gb * GB))


def test_nothing_to_tell() -> None:
    told = health([state(0, 50.0)], LIMITS, PATH, NOW_S)
    assert (told.state, told.detail, told.alarms) == (PartState.WELL, "", ())


def test_the_hours_until_the_disk_is_full_are_told_a_day_before() -> None:
    # 50 GB were free half an hour ago, 49 GB are: 2 GB an hour, so full in 24.5 h; told below 24 h.
    assert hours_left([state(0, 50.0), state(1800, 49.0)]) == pytest.approx(24.5)
    assert alarms([state(0, 50.0), state(1800, 49.0)], LIMITS) == []
    # 50 -> 40 GB within 1 000 s: 36 GB an hour, 40 / 36 h.
    (alarm,) = alarms([state(0, 50.0), state(1000, 40.0)], LIMITS)
    assert alarm.text == FULL_SOON
    assert alarm.numbers == {"hours": pytest.approx(40 / 36), "gb": 40.0}


def test_the_rate_is_that_of_the_last_half_hour() -> None:
    # What was lost before that (10 GB) does not count.
    assert hours_left([state(0, 60.0), state(3600, 50.0), state(5400, 50.0)]) is None


def test_room_inside_the_file_is_room() -> None:
    # The disk is short of 5 %, but packets that went left 10 GB in the file.
    assert alarms([state(0, 1.0, SpoolFigures(free_bytes=10 * GB))], LIMITS) == []


@pytest.mark.parametrize(("free_gb", "told"), [(5.1, []), (4.9, [LITTLE_ROOM]), (0.01, [FULL, LITTLE_ROOM])])
def test_little_room(free_gb: float, told: list[str]) -> None:
    assert [alarm.text for alarm in alarms([state(0, free_gb)], LIMITS)] == told


@pytest.mark.parametrize(
    ("minutes", "text", "numbers"),
    [
        (16, LATE_MINUTES, {"packets": 1_000, "minutes": 16}),
        (125, LATE_HOURS, {"packets": 1_000, "hours": 2}),
    ],
)
def test_packets_that_wait_for_long(minutes: float, text: str, numbers: dict[str, int]) -> None:
    (alarm,) = alarms([state(0, 50.0, waiting(minutes))], LIMITS)
    assert (alarm.text, alarm.numbers) == (text, numbers)
    assert alarms([state(0, 50.0, waiting(14))], LIMITS) == []


def test_what_waits_comes_near_the_limit() -> None:
    # 90 % of 18.5 GB wait: 16.65 GB, more than 80 % of 20 GB; what is handled does not count.
    (alarm,) = alarms([state(0, 50.0, waiting(1, packets=900, file_gb=18.5))], LIMITS)
    assert alarm.text == LARGE
    assert alarms([state(0, 50.0, waiting(1, packets=800, file_gb=18.5))], LIMITS) == []


def test_a_spool_set_aside_is_told_until_somebody_takes_it_away() -> None:
    told = health([state(0, 50.0, aside=("/data/spool.db.damaged-20261118T110640",))], LIMITS, PATH, NOW_S)
    assert told.state is PartState.DEGRADED
    assert [alarm.text for alarm in told.alarms] == [DAMAGED]
    assert "/data/spool.db.damaged-20261118T110640" in told.detail


def test_a_full_disk_is_down_and_one_that_stands_still_is_told() -> None:
    assert health([state(0, 0.0)], LIMITS, PATH, NOW_S).state is PartState.DOWN
    late = health([state(0, 50.0)], LIMITS, PATH, NOW_S + 90)
    assert (late.state, late.data_age_s) == (PartState.DEGRADED, 90)
    assert late.detail.startswith("was last seen 90 s ago")
    assert health([], LIMITS, PATH, NOW_S).state is PartState.DEGRADED
