"""Three collectors share a subscription, three workers share the meters; one of each is killed."""

from collections.abc import Callable
from contextlib import closing

import pytest

from collector.spool import Spool
from plagewatch.bench.chaos import Fault, Plan
from tests.services.chaos_folder import ended

pytestmark = pytest.mark.service

THREE = Plan(
    seconds=9,
    collectors=3,
    workers=3,
    plain=8,
    each=1,
    per_s=40,
    settle_s=60,
    given=(Fault(2.0, "kill", "collector", 1, 2.0), Fault(3.0, "kill", "rules", 1, 1.0)),
)


def test_three_and_three_with_one_of_each_killed_lose_nothing_and_find_each_cause_once(
    missing: Callable[[str], None],
) -> None:
    with ended(THREE, missing) as (outcome, folder):
        taken = []
        for number in range(THREE.collectors):
            with closing(Spool(folder / f"collector-{number}" / "spool.db")) as spool:
                taken.append(spool.last_id())
        assert sum(taken) >= outcome.messages
        assert min(taken) > outcome.messages / 10  # each had its share, the killed one too
