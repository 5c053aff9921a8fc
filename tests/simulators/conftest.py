"""One sample centre for all tests of this room: made once, it only ever answers questions."""

from datetime import UTC, datetime

import pytest

from simulators.world import World

NOW_S = int(datetime(2026, 11, 20, 14, 7, 31, tzinfo=UTC).timestamp())


@pytest.fixture(scope="session")
def now_s() -> int:
    return NOW_S


@pytest.fixture(scope="session")
def world() -> World:
    return World.make(NOW_S)
