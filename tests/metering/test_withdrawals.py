"""Whatever is bound, moved, ended and bound again: what counts of a device is what its bindings say now."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from plagewatch.metering.claiming import in_force
from plagewatch.metering.meters import Binding
from plagewatch.metering.withdrawals import Withdrawal, settled

LAST_MS = 12
CHANGES = st.lists(st.tuples(st.integers(0, LAST_MS - 1), st.sampled_from(["a", "b", "c", ""])), min_size=1, max_size=8)


def withdrawn(standing: list[Withdrawal], meter: str, at_ms: int) -> bool:
    return any(one.meter == meter and one.from_ms <= at_ms < one.to_ms for one in standing)


@given(CHANGES)
def test_evidence_counts_exactly_where_the_bindings_say(changes):
    bindings: list[Binding] = []
    standing: list[Withdrawal] = []
    had: set[tuple[str, int]] = set()
    for number, (from_ms, meter) in enumerate(changes):
        before = list(bindings)
        fed = in_force(before, "d", "gas_volume", from_ms)
        if meter:
            made = Binding("d", "gas_volume", meter, from_ms)
        elif fed is not None:
            made = replace(fed, to_ms=from_ms)
        else:
            continue
        bindings = [one for one in bindings if one.from_ms != made.from_ms] + [made]
        found = settled(standing, before, bindings, "els", number)
        standing = list(found.standing)
        # Everything has been replayed: a meter has evidence of all the time in which it was ever fed.
        feeds = {at_ms: in_force(bindings, "d", "gas_volume", at_ms) for at_ms in range(LAST_MS)}
        had |= {(one.meter, at_ms) for at_ms, one in feeds.items() if one is not None}
        for name, at_ms in had:
            now = feeds[at_ms]
            assert withdrawn(standing, name, at_ms) == (now is None or now.meter != name)
        spans = sorted((one.meter, one.from_ms, one.to_ms) for one in standing)
        assert all(one[0] != other[0] or one[2] <= other[1] for one, other in zip(spans, spans[1:], strict=False))


def test_a_move_withdraws_and_moving_back_restores_as_much():
    old, new = Binding("d", "gas_volume", "old"), Binding("d", "gas_volume", "new", 50, to_ms=80)
    moved = settled([], [old], [old, new], "els", 7)
    # Until 80 the new meter is fed, from then on none: all of the old meter's from 50 on goes.
    assert [(one.meter, one.from_ms, one.to_ms, one.who) for one in moved.withdrawn] == [("old", 50, 1 << 62, "els")]
    back = settled(moved.standing, [old, new], [old, replace(new, meter="old", to_ms=None)], "jo", 9)
    assert [(one.meter, one.from_ms, one.to_ms) for one in back.restored] == [("old", 50, 1 << 62)]
    assert [(one.meter, one.from_ms, one.to_ms, one.who) for one in back.standing] == [("new", 50, 80, "jo")]
