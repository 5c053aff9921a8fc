"""Whoever is killed and whatever is cut: what the broker acknowledged is stored exactly, and found once.

The long form is `plagewatch bench chaos --minutes 10`.
"""

from collections.abc import Callable

import pytest

from plagewatch.bench.chaos import KILLS, Plan
from plagewatch.bench.cluster import FAKETIME
from tests.services.chaos_folder import ended

pytestmark = pytest.mark.service

SHORT = Plan(
    seconds=13,
    seed=1,
    plain=4,
    each=1,
    per_s=40,
    fault_every_s=1.2,
    settle_s=60,
    kinds=(
        *(("kill", name) for name in KILLS),
        ("cut", "collector-broker"),
        ("freeze", "publisher-broker"),
        ("reset", "influxdb"),
        ("reset", "postgresql"),
        ("step", "clock"),
    ),
)


def test_nothing_acknowledged_is_lost_or_counted_or_told_twice(missing: Callable[[str], None]) -> None:
    with ended(SHORT, missing) as (outcome, _):
        assert {fault.what for fault in outcome.faults if fault.how == "kill"} == set(KILLS)
        assert outcome.connections > 1
    if not FAKETIME:
        missing("NO CLOCK STEPS: install faketime (Debian package `faketime`)")
