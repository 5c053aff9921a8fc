"""The ledger's promise through the doors that people use: folders and packets in, `export` and `ledger check` out."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector import rollup_job
from collector.pipeline import Pipeline
from collector.spool import Spool
from plagewatch.metering.edits import swap_stretches
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, MeterFacts, Site
from plagewatch.metering.readings import Packet
from plagewatch.store.records import registry, work
from tests.collector.index_folder import NOW_MS, Door, Exchanged, Sample, opened_door
from tests.metering.ledger_oracle import Exchange, Register, account
from tests.metering.test_conservation import Stream, arrays, booked, disturbed, monotone, rows, wild

NUMBERS = count()
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    """One product for many examples, each with meters of its own: making the tables takes longest."""
    with opened_door() as opened:
        yield opened


def folder_of(stream: Stream) -> tuple[list[Sample], list[Exchanged], dict[str, Any]]:
    """The stream as rows of a folder, and the row of its meter."""
    facts = stream.facts
    told: dict[str, Any] = {
        "meter": f"m{next(NUMBERS)}",
        "interval_s": stream.usual_s,
        "digits": facts.digits,
        "decimals": facts.decimals,
        "multiplier": facts.multiplier,
        "max_power_kw": facts.max_power_kw,
    }
    samples = [(at_ms, value / 10, "total") for at_ms, value in stream.samples]
    swaps: list[Exchanged] = [(one.at_ms, one.last_index, one.first_index, one.digits) for one in stream.swaps]
    return samples, swaps, told


def exported(door: Door, meter: str) -> list[dict[int, tuple[float, ...]]]:
    return [rows(door.figures(resolution, meter=meter)) for resolution in Resolution]


def assert_right(door: Door, stream: Stream, meter: str) -> None:
    """The export is what the pure ledger makes of all readings, and the check balances."""
    found = booked(stream.samples, stream.terms)
    assert rows(door.figures(meter=meter)) == rows(found.quarters)
    accounts = door.accounts(meter)
    assert accounts or np.isnan(found.first_index)
    for one in accounts.values():
        assert one["balanced"]
        moved = one["last_index"] - one["first_index"] + one["declared_steps"]
        assert one["booked"] + one["quarantined"] == pytest.approx(moved, abs=1e-6)


@few
@given(wild(), st.data())
def test_folders_in_any_order_and_pieces_export_what_one_folder_exports(door, stream, data):
    samples, swaps, told = folder_of(stream)
    pieces = {**told, "meter": f"m{next(NUMBERS)}"}
    door.take(samples, swaps, told)
    assert_right(door, stream, told["meter"])
    order = data.draw(st.permutations(samples))
    again = data.draw(st.lists(st.sampled_from(samples), max_size=3))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=3)))
    parts = [order[first:after] for first, after in zip([0, *cuts], [*cuts, len(order)], strict=True)] + [again]
    declared = data.draw(st.integers(0, len(parts) - 1))
    for place, part in enumerate(parts):
        door.take(part, swaps if place == declared else (), pieces)
    door.take((), swaps, pieces)  # told once more
    assert exported(door, pieces["meter"]) == exported(door, told["meter"])
    assert list(door.accounts(pieces["meter"]).values()) == list(door.accounts(told["meter"]).values())


@few
@given(disturbed())
def test_export_and_check_agree_with_the_account_by_hand(door, stream):
    samples, swaps, told = folder_of(stream)
    door.take(samples, swaps, told)
    exchanges = [Exchange(one.at_ms, round(one.last_index * 10), round(one.first_index * 10)) for one in stream.swaps]
    full_scale = None if stream.facts.digits is None else 10 ** (stream.facts.digits + 1)
    most = None if stream.facts.max_power_kw is None else round(stream.facts.max_power_kw * 10)
    by_hand = account(stream.samples, Register(900_000, full_scale, most, exchanges))
    assert by_hand is not None
    ((_, told_account),) = door.accounts(told["meter"]).items()
    words = ("first_index", "last_index", "declared_steps", "booked", "quarantined")
    figures = (by_hand.first, by_hand.last, by_hand.declared, by_hand.booked, by_hand.quarantined)
    assert [told_account[word] for word in words] == pytest.approx([float(one) / 10 for one in figures], abs=1e-6)
    quarters = door.figures(meter=told["meter"])
    assert [start_s * 1000 for start_s in quarters.start_s.tolist()] == list(by_hand.quarters)
    amounts = [np.nan if amount is None else float(amount) / 10 for amount, _ in by_hand.quarters.values()]
    np.testing.assert_allclose(quarters.amount, amounts, atol=1e-9)
    np.testing.assert_allclose(quarters.coverage, [float(one) for _, one in by_hand.quarters.values()], atol=1e-9)


@few
@given(wild(), st.data())
def test_packets_in_any_order_and_batches_are_all_at_once(door, tmp_path_factory, stream, data):
    meter = f"m{next(NUMBERS)}"
    facts = MeterFacts(
        meter, 0, *(getattr(stream.facts, name) for name in ("digits", "decimals", "multiplier", "max_power_kw"))
    )
    registry.save(
        door.engine,
        [
            Site("s", "Site"),
            Meter(meter, "s", meter, Carrier.ELECTRICITY, Kind.INDEX, "kWh", stream.usual_s),
            facts,
            Binding(meter, "energy_import_total", meter),
        ],
    )
    spool = Spool(tmp_path_factory.mktemp("spool") / "spool.db")
    pipeline = Pipeline(spool, door.series, door.engine)
    packets = []
    for at_ms, value in stream.samples:
        body = {"at": at_ms / 1000, "registers": {"electricity_index": {"value": value / 10, "unit": "kWh"}}}
        packets.append(Packet(f"loggers/{meter}/readings", json.dumps(body).encode(), NOW_MS))
    swaps = [
        type(one)(meter, "energy_import_total", *(getattr(one, name) for name in SWAP_FIELDS)) for one in stream.swaps
    ]
    declared = data.draw(st.integers(0, len(packets)))
    for place, packet in enumerate([*data.draw(st.permutations(packets)), *packets[:2]]):
        if place == declared:
            registry.save(door.engine, swaps)
            windows = [work.DirtyWindow(meter, first, after - 1) for first, after in swap_stretches([], swaps)]
            work.mark_dirty(door.engine, windows)
        pipeline.accept([packet])
        if data.draw(st.booleans()):
            pipeline.drain(NOW_MS)
            rollup_job.run(door.engine, door.series, NOW_MS // 1000)
    pipeline.drain(NOW_MS)
    spool.close()
    rollup_job.run(door.engine, door.series, NOW_MS // 1000)
    assert_right(door, stream, meter)


SWAP_FIELDS = ("at_ms", "last_index", "first_index", "serial", "digits")


@few
@given(monotone(most=30), monotone(most=30), st.booleans())
def test_day_and_night_in_two_folders_are_both_at_once(door, day, night, night_first):
    sides = [(day, "day"), (night, "night")]
    parts = [[(at_ms, value / 10, word) for at_ms, value in stream.samples] for stream, word in sides]
    one, other = ({"meter": f"m{next(NUMBERS)}"} for _ in range(2))
    door.take(parts[0] + parts[1], told=one)
    for part in parts[::-1] if night_first else parts:
        door.take(part, told=other)
    assert exported(door, other["meter"]) == exported(door, one["meter"])
    accounts = door.accounts(other["meter"])
    for stream, word in sides:
        assert accounts[word]["balanced"]
        assert accounts[word]["booked"] == pytest.approx(float(np.ptp(arrays(stream.samples)[1])), abs=1e-6)


@pytest.mark.parametrize("base", [100.0, 1e9])
def test_the_check_sees_a_tenth_that_is_wrong_however_large_the_index(door, base):
    told = {"meter": f"m{next(NUMBERS)}"}
    door.take([(at_ms, base + value / 10, "total") for at_ms, value in PLAIN.samples], told=told)
    (right,) = door.accounts(told["meter"]).values()
    figures = door.figures(meter=told["meter"])
    forged = Intervals.measured(figures.start_s[:1], figures.amount[:1] + 0.1)
    door.series.write_intervals(Resolution.QUARTER, told["meter"], "electricity", forged)
    (wrong,) = door.accounts(told["meter"]).values()
    assert (right["balanced"], wrong["balanced"]) == (True, False)
    assert wrong["booked"] - right["booked"] == pytest.approx(0.1, abs=1e-5)


PLAIN = Stream([1_772_323_200_000 + place * 900_000 for place in range(40)], list(range(0, 120, 3)))
