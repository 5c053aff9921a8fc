"""What every series store does, tried on SQLite and on a real InfluxDB alike."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import numpy as np
import pytest

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.readings import Quality, Samples
from plagewatch.metering.withdrawals import SourceSpan, Withdrawal
from plagewatch.store.series.counted import counted
from plagewatch.store.series.influx import InfluxSeries
from plagewatch.store.series.protocol import Figures, FiguresHeld, Points, SeriesError, SeriesStore
from plagewatch.store.series.sqlite import SqliteSeries

T0_MS = 1_774_738_800_000  # 2026-03-29 in Brussels, the 23-hour day
T0_S = T0_MS // 1000
EVER_MS = (-(10**14), 10**14)
INDEX = "energy_import_total"


@pytest.fixture(params=["sqlite", pytest.param("influx", marks=pytest.mark.service)])
def store(request: pytest.FixtureRequest, tmp_path) -> Iterator[SeriesStore]:
    if request.param == "sqlite":
        opened: SeriesStore = SqliteSeries(tmp_path / "series.db")
    else:
        found = request.getfixturevalue("influx")
        opened = InfluxSeries(found.url, found.token, found.org, 30)
        opened.set_up()
    yield opened
    opened.close()


def samples(at_ms: list[int], value: list[float], meter: str = "m", register: str = INDEX, received_ms: int = T0_MS):
    return [Samples(meter, register, at_ms, value, "mqtt:logger", received_ms)]


def kept(store: SeriesStore, meter: str = "m", register: str = INDEX) -> list[tuple[int, float]]:
    evidence = store.samples(meter, register, *EVER_MS)
    return list(zip(evidence.at_ms.tolist(), evidence.value.tolist(), strict=True))


def intervals(amount: list[float], start_s: int = T0_S) -> Intervals:
    count = len(amount)
    parts = (np.linspace(low, low + 1, count) for low in (0.0, 10.0, 20.0, 30.0, 40.0))
    return Intervals(start_s + np.arange(count) * 900, np.array(amount), *parts)


def test_a_store_that_is_set_up_says_so(store):
    store.check()


def test_nothing_is_there_before_it_was_written(store):
    assert kept(store) == []
    assert store.registers("m") == []
    assert store.latest_sample_ms() == {}
    assert len(store.intervals(Resolution.DAY, "m", 0, 2**33)) == 0
    assert len(store.points("weather", {"site": "s"}, 0, 2**33).start_s) == 0
    assert len(store.samples_around("m", INDEX, 0, T0_MS, 5).at_ms) == 0


def test_evidence_comes_back_by_time_as_it_was_to_the_last_bit(store):
    value = [0.1 + 0.2, 1e-300, 123456789.123456789, -0.5, 5e-324, 1.7976931348623157e308]
    at_ms = [T0_MS + 7, T0_MS, T0_MS + 3, T0_MS + 1, T0_MS + 2, T0_MS + 5]
    store.write_samples(samples(at_ms, value, received_ms=T0_MS + 123))
    assert kept(store) == sorted(zip(at_ms, value, strict=True))
    assert store.samples("m", INDEX, *EVER_MS).received_ms.tolist() == [T0_MS + 123] * 6


def test_a_repeat_changes_nothing_and_a_contradiction_keeps_both_in_any_order(store):
    blocks = [samples([T0_MS, T0_MS + 900_000], [1.0, 2.0]), samples([T0_MS], [7.5]), samples([T0_MS], [1.0])]
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
        for place in order:
            store.write_samples(blocks[place])
        assert kept(store) == [(T0_MS, 1.0), (T0_MS, 7.5), (T0_MS + 900_000, 2.0)]


def test_of_a_value_told_with_two_qualities_the_better_holds_in_any_order(store):
    told = [(Quality.ESTIMATED, [1.0, 2.0, 3.0]), (Quality.MANUAL, [2.0]), (Quality.MEASURED, [3.0, 4.0])]
    for number, order in enumerate(permutations(told)):
        for quality, values in order:
            store.write_samples([Samples(f"m{number}", INDEX, [T0_MS] * len(values), values, "s", T0_MS, quality)])
        for again in order:
            store.write_samples([Samples(f"m{number}", INDEX, [T0_MS], again[1][:1], "s", T0_MS, Quality.ESTIMATED)])
        found = store.samples(f"m{number}", INDEX, *EVER_MS)
        assert found.value.tolist() == [1.0, 2.0, 3.0, 4.0]
        assert found.quality.tolist() == [Quality.ESTIMATED, Quality.MANUAL, Quality.MEASURED, Quality.MEASURED]
        assert len(found.received_ms) == 4


def test_samples_of_all_qualities_are_evidence_of_one_register(store):
    store.write_samples([Samples("m", INDEX, [T0_MS], [1.0], "s", T0_MS, Quality.ESTIMATED)])
    store.write_samples([Samples("m", INDEX, [T0_MS + 1], [2.0], "s", T0_MS, Quality.MANUAL)])
    store.write_samples([Samples("m", INDEX, [T0_MS + 2], [3.0], "s", T0_MS)])
    assert store.registers("m") == [INDEX]
    assert store.latest_sample_ms() == {"m": T0_MS + 2}
    assert store.samples_around("m", INDEX, T0_MS + 1, T0_MS + 2, 1).quality.tolist() == [2, 1, 0]


def test_minus_zero_is_zero(store):
    store.write_samples(samples([T0_MS], [0.0]))
    store.write_samples(samples([T0_MS], [-0.0]))
    assert kept(store) == [(T0_MS, 0.0)]


def test_many_values_of_one_instant_all_stay(store):
    value = np.arange(200) / 10
    store.write_samples(samples([T0_MS] * 200, value.tolist()))
    assert [v for _, v in kept(store)] == value.tolist()


def test_bounds_are_half_open_to_the_millisecond(store):
    store.write_samples(samples([T0_MS - 1, T0_MS, T0_MS + 1], [1.5, 2.5, 3.5]))
    assert store.samples("m", INDEX, T0_MS, T0_MS + 1).value.tolist() == [2.5]
    assert store.samples("m", INDEX, T0_MS - 1, T0_MS).value.tolist() == [1.5]


def test_what_is_no_number_is_refused_and_nothing_of_it_kept(store):
    for bad in (float("nan"), float("inf")):
        with pytest.raises(SeriesError) as refused:
            store.write_samples([*samples([T0_MS], [1.0]), *samples([T0_MS], [bad], register="gas_volume")])
        assert not refused.value.retryable
    assert store.registers("m") == []


def test_around_gives_the_nearest_instants_beyond_the_span(store):
    at_ms = [T0_MS + place * 1000 for place in range(10)]
    store.write_samples(samples(at_ms, list(range(10))))
    store.write_samples(samples([at_ms[2]] * 30, [100.0 + place for place in range(30)]))
    around = store.samples_around("m", INDEX, at_ms[4], at_ms[6], 2)
    assert sorted(set(around.at_ms.tolist())) == at_ms[2:8]
    assert len(around.at_ms) == 6 + 30
    empty = store.samples_around("m", INDEX, at_ms[4] + 1, at_ms[4] + 2, 1)
    assert empty.at_ms.tolist() == at_ms[4:6]
    assert store.samples_around("m", INDEX, 0, 10**15, 3).at_ms.tolist()[-1] == at_ms[-1]


def test_registers_and_newest_evidence_of_each_meter(store):
    store.write_samples(samples([T0_MS, T0_MS + 5], [1.0, 2.0]))
    store.write_samples(samples([T0_MS + 900_000], [1.0], register="energy_export_total"))
    store.write_samples(samples([T0_MS - 5], [1.0], meter="other", register="gas_volume"))
    assert store.registers("m") == ["energy_export_total", INDEX]
    assert store.latest_sample_ms() == {"m": T0_MS + 900_000, "other": T0_MS - 5}


@pytest.mark.parametrize(
    "name",
    [
        "m' OR meter =~ /.*/ --",
        'x" y',
        "comma,equals=space ",
        "back\\slash\\",
        "line\nbreak",
        "50% é €",
        "%41",
        "'; DROP TABLE sample; --",
    ],
)
def test_a_name_is_only_a_name(store, name):
    store.write_samples(samples([T0_MS], [1.0], meter="victim"))
    store.write_samples([Samples(name, INDEX, [T0_MS], [2.0], f'source "{name}', T0_MS)])
    store.write_intervals(Resolution.DAY, name, "electricity", intervals([4.0]))
    store.write_points("plage", {"organisation": name}, Points(np.array([T0_S]), {"actual_kwh": np.array([9.0])}))
    assert kept(store, name) == [(T0_MS, 2.0)]
    assert store.registers(name) == [INDEX]
    assert store.latest_sample_ms() == {"victim": T0_MS, name: T0_MS}
    assert store.intervals(Resolution.DAY, name, 0, 2**33).amount.tolist() == [4.0]
    assert store.points("plage", {"organisation": name}, 0, 2**33).fields["actual_kwh"].tolist() == [9.0]


@pytest.mark.parametrize("resolution", list(Resolution))
def test_figures_come_back_whole(store, resolution):
    written = intervals([1.25, float("nan"), 0.0])
    store.write_intervals(resolution, "m", "electricity", written)
    found = store.intervals(resolution, "m", T0_S, T0_S + 2700)
    assert found.start_s.tolist() == written.start_s.tolist()
    for name in ("amount", "coverage", "interpolated", "spread", "estimated", "manual"):
        np.testing.assert_array_equal(getattr(found, name), getattr(written, name), err_msg=name)


def test_a_figure_that_becomes_unknown_is_unknown_and_known_again_later(store):
    for amount in (3.0, float("nan"), 0.0):
        store.write_intervals(Resolution.QUARTER, "m", "gas", Intervals.measured(np.array([T0_S]), np.array([amount])))
        np.testing.assert_array_equal(store.intervals(Resolution.QUARTER, "m", T0_S, T0_S + 1).amount, [amount])


def test_figures_of_meters_flows_and_resolutions_do_not_mix(store):
    store.write_intervals(Resolution.HOUR, "m", "electricity", intervals([1.0]))
    store.write_intervals(Resolution.HOUR, "m", "electricity", intervals([2.0]), "export")
    store.write_intervals(Resolution.DAY, "m", "electricity", intervals([3.0]))
    store.write_intervals(Resolution.HOUR, "m2", "electricity", intervals([4.0]))
    assert store.intervals(Resolution.HOUR, "m", 0, 2**33).amount.tolist() == [1.0]
    assert store.intervals(Resolution.HOUR, "m", 0, 2**33, "export").amount.tolist() == [2.0]
    assert store.intervals(Resolution.DAY, "m", 0, 2**33).amount.tolist() == [3.0]


def test_an_interval_never_written_is_absent_and_bounds_are_half_open(store):
    store.write_intervals(Resolution.QUARTER, "m", "water", intervals([1.0, 2.0]))
    store.write_intervals(Resolution.QUARTER, "m", "water", intervals([5.0], T0_S + 9000))
    assert store.intervals(Resolution.QUARTER, "m", T0_S + 900, T0_S + 9000).amount.tolist() == [2.0]
    assert store.intervals(Resolution.QUARTER, "m", T0_S, T0_S + 9001).start_s.tolist() == [
        T0_S,
        T0_S + 900,
        T0_S + 9000,
    ]


def test_rows_of_several_fields_are_known_field_by_field(store):
    starts = T0_S + np.arange(3) * 3600
    nan = float("nan")
    rows = {"temp_c": np.array([1.0, nan, nan]), "ghi_wm2": np.array([nan, 0.0, nan])}
    store.write_points("weather", {"site": "s"}, Points(starts, rows))
    store.write_points("weather", {"site": "elsewhere"}, Points(starts, {"temp_c": np.full(3, 30.0)}))
    found = store.points("weather", {"site": "s"}, T0_S, T0_S + 10_800)
    assert found.start_s.tolist() == starts.tolist()
    assert set(found.fields) == {"temp_c", "ghi_wm2"}
    for name, values in rows.items():
        np.testing.assert_array_equal(found.fields[name], values)
    again = {"temp_c": np.array([nan]), "ghi_wm2": np.array([5.0])}
    store.write_points("weather", {"site": "s"}, Points(starts[:1], again))
    first = store.points("weather", {"site": "s"}, T0_S, T0_S + 1)
    np.testing.assert_array_equal(first.fields["temp_c"], [nan])
    assert first.fields["ghi_wm2"].tolist() == [5.0]


def test_a_year_of_quarters_in_one_call(store):
    count = 35_040
    value = np.cumsum(np.full(count, 0.3))
    store.write_samples(samples((T0_MS + np.arange(count) * 900_000).tolist(), value.tolist()))
    store.write_intervals(Resolution.QUARTER, "m", "electricity", intervals([0.3] * count))
    np.testing.assert_array_equal(store.samples("m", INDEX, *EVER_MS).value, value)
    assert len(store.intervals(Resolution.QUARTER, "m", T0_S, T0_S + count * 900)) == count


def test_several_threads_write_and_read_at_once(store):
    def work(number: int) -> int:
        for place in range(20):
            store.write_samples(samples([T0_MS + place], [float(place)], meter=f"m{number}"))
            store.samples("m0", INDEX, *EVER_MS)
        return len(kept(store, f"m{number}"))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [20] * 8


def test_what_a_source_told_in_a_span_can_be_passed_over(store):
    store.write_samples([Samples("m", INDEX, [T0_MS + n for n in range(6)], [float(n) for n in range(6)], "a", T0_MS)])
    store.write_samples([Samples("m", INDEX, [T0_MS + 3, T0_MS + 9], [33.0, 9.0], 'b\'s "x"', T0_MS)])
    of_a, of_b = SourceSpan("a", T0_MS + 2, T0_MS + 5), SourceSpan('b\'s "x"', 0, 1 << 62)
    assert store.samples("m", INDEX, *EVER_MS, [of_a]).value.tolist() == [0.0, 1.0, 33.0, 5.0, 9.0]
    assert store.samples("m", INDEX, *EVER_MS, [of_a, of_b]).value.tolist() == [0.0, 1.0, 5.0]
    assert store.samples("m", INDEX, *EVER_MS, [SourceSpan("unheard", 0, 1 << 62)]).value.tolist()[-1] == 9.0
    assert store.instants_ms("m", INDEX, [of_a, of_b]).tolist() == [T0_MS, T0_MS + 1, T0_MS + 5]
    # The nearest instants on both sides are those that stand, however many are passed over in between.
    around = store.samples_around("m", INDEX, T0_MS + 3, T0_MS + 4, 1, [of_a, of_b])
    assert around.at_ms.tolist() == [T0_MS + 1, T0_MS + 5]
    assert len(store.samples("m", INDEX, *EVER_MS).value) == 8


@pytest.mark.parametrize("sources", [("a", "b"), ("mqtt:a", "mqtt:b"), ("file:a", "mqtt:b"), ("mqtt:a", "file:b")])
def test_a_value_told_by_two_is_one_value_and_at_least_of_who_told_it_last(store, sources):
    first, last = sources
    for source, quality in ((first, Quality.MEASURED), (last, Quality.ESTIMATED), (last, Quality.MEASURED)):
        store.write_samples([Samples("m", INDEX, [T0_MS], [1.0], source, T0_MS, quality)])
    ever = (0, 1 << 62)
    found = store.samples("m", INDEX, *EVER_MS)
    assert (found.value.tolist(), found.quality.tolist()) == ([1.0], [Quality.MEASURED])
    assert store.instants_ms("m", INDEX).tolist() == [T0_MS]
    assert store.samples("m", INDEX, *EVER_MS, [SourceSpan(first, *ever)]).value.tolist() == [1.0]
    both = [SourceSpan(first, *ever), SourceSpan(last, *ever)]
    assert store.samples("m", INDEX, *EVER_MS, both).value.tolist() == []
    assert store.instants_ms("m", INDEX, both).tolist() == []
    assert store.samples_around("m", INDEX, T0_MS + 5, T0_MS + 6, 3, both).value.tolist() == []


def test_the_moment_of_receipt_is_that_of_the_packet(store):
    hour_ms = 3_600_000
    for packet in range(2):
        at_ms = [T0_MS + packet * hour_ms + place * 900_000 for place in range(4)]
        store.write_samples(
            [Samples("m", INDEX, at_ms, [float(packet * 4 + n) for n in range(4)], "mqtt:a", at_ms[-1])]
        )
    found = store.samples("m", INDEX, *EVER_MS)
    assert found.received_ms.tolist() == [T0_MS + 2_700_000] * 4 + [T0_MS + hour_ms + 2_700_000] * 4


def test_evidence_of_many_sources_around_an_instant(store):
    # Twelve contradictions and repeats by four devices before each instant that is asked for.
    for place in range(6):
        for source in ("mqtt:a", "mqtt:b", "mqtt:c", "file:x"):
            values = [float(place * 100 + n) for n in range(12)]
            store.write_samples([Samples("m", INDEX, [T0_MS + place * 1000] * 12, values, source, T0_MS)])
    around = store.samples_around("m", INDEX, T0_MS + 3_000, T0_MS + 4_000, 2)
    assert np.unique(around.at_ms - T0_MS).tolist() == [1000, 2000, 3000, 4000, 5000]
    assert len(around.at_ms) == 5 * 12
    left = [SourceSpan(source, T0_MS, T0_MS + 4_500) for source in ("mqtt:a", "mqtt:b", "mqtt:c", "file:x")]
    assert np.unique(store.samples_around("m", INDEX, T0_MS, T0_MS + 1, 3, left).at_ms - T0_MS).tolist() == [5000]


def all_of(store: SeriesStore, meter: str = "m", register: str = INDEX) -> set[tuple[object, ...]]:
    return {
        (at_ms, value, block.source, block.quality, block.received_ms)
        for block in store.blocks(meter, register, *EVER_MS)
        for at_ms, value in zip(block.at_ms, block.value, strict=True)
    }


def test_evidence_can_be_told_again_as_it_was(store, tmp_path):
    told = [
        Samples("m", INDEX, [T0_MS, T0_MS + 1], [1.0, 2.0], "mqtt:a", T0_MS + 50),
        Samples("m", INDEX, [T0_MS + 2, T0_MS + 3], [3.0, 4.0], "mqtt:a", T0_MS + 60),
        Samples("m", INDEX, [T0_MS + 2, T0_MS + 3], [5.0, 6.0], "mqtt:b c", T0_MS + 70),
        Samples("m", INDEX, [T0_MS + 4], [7.0], 'file:x "y"', T0_MS + 80, Quality.ESTIMATED),
    ]
    store.write_samples([*told, Samples("other", INDEX, [T0_MS], [9.0], "mqtt:a", T0_MS)])
    expected = {
        (at_ms, value, block.source, block.quality, block.received_ms)
        for block in told
        for at_ms, value in zip(block.at_ms, block.value, strict=True)
    }
    assert all_of(store) == expected
    assert [b.value for b in store.blocks("m", INDEX, T0_MS + 1, T0_MS + 2)] == [[2.0]]
    assert list(store.blocks("unheard", INDEX, *EVER_MS)) == []
    copy = SqliteSeries(tmp_path / "copy.db")
    copy.write_samples(list(store.blocks("m", INDEX, *EVER_MS)))
    assert all_of(copy) == expected
    copy.close()


def test_much_evidence_is_told_again_in_pieces_that_lose_nothing(store):
    count = 25_000
    at_ms, value = [T0_MS + 1000 * place for place in range(count)], [float(place // 2) for place in range(count)]
    for start in range(0, count, 100):
        piece = slice(start, start + 100)
        store.write_samples([Samples("m", INDEX, at_ms[piece], value[piece], "mqtt:a", at_ms[start] + 7)])
    blocks = list(store.blocks("m", INDEX, *EVER_MS))
    assert max(len(block.at_ms) for block in blocks) == 100
    assert [at for block in blocks for at in block.at_ms] == at_ms
    assert [v for block in blocks for v in block.value] == value
    assert {(block.received_ms - block.at_ms[0]) % 100_000 for block in blocks} == {7}


def test_what_is_there_can_be_listed(store):
    assert (store.registers_held(), store.figures_held(), store.points_held()) == ([], [], [])
    store.write_samples(samples([T0_MS], [1.0], meter="b") + samples([T0_MS], [1.0], "a, c", "gas_volume"))
    store.write_samples(samples([T0_MS + 5], [2.0], meter="b", register="energy_export_total"))
    store.write_intervals(Resolution.HOUR, "b", "electricity", intervals([1.0]), "export")
    store.write_intervals(Resolution.HOUR, "a, c", "gas", intervals([float("nan")]))
    store.write_intervals(Resolution.MONTH, "b", "electricity", intervals([1.0]))
    row = Points(np.array([T0_S]), {"temp_c": np.array([9.0])})
    store.write_points("weather", {"site": "x y", "kind": "z"}, row)
    store.write_points("weather", {"site": "n=1"}, row)
    store.write_points("plage", {"organisation": "o"}, row)
    assert store.registers_held() == [("a, c", "gas_volume"), ("b", "energy_export_total"), ("b", INDEX)]
    assert store.figures_held() == [
        FiguresHeld(Resolution.HOUR, "a, c", "gas", "main"),
        FiguresHeld(Resolution.HOUR, "b", "electricity", "export"),
        FiguresHeld(Resolution.MONTH, "b", "electricity", "main"),
    ]
    held = [(one.measurement, dict(sorted(one.tags.items()))) for one in store.points_held()]
    by_site = [("weather", {"kind": "z", "site": "x y"}), ("weather", {"site": "n=1"})]
    assert held[0] == ("plage", {"organisation": "o"})
    assert sorted(held[1:], key=repr) == sorted(by_site, key=repr)
    for measurement, tags in held:
        assert store.points(measurement, tags, 0, 2**33).fields["temp_c"].tolist() == [9.0]


NAMES = ["m", "m.2", "mx2", "a/b", "50% (é)", "x|m", "line\nbreak", "^$[1]*+?{2}", "back\\slash", "q'"]


def test_many_meters_are_read_in_one_question(store):
    for number, name in enumerate(NAMES):
        store.write_samples(samples([T0_MS, T0_MS + 1000], [float(number), 50.0], meter=name))
        store.write_intervals(Resolution.QUARTER, name, "electricity", intervals([float(number), float("nan")]))
    store.write_samples(samples([T0_MS], [7.0], meter="m", register="energy_export_total"))
    store.write_intervals(Resolution.QUARTER, "m", "electricity", intervals([8.0]), "export")
    for wanted in (["m"], NAMES[1:], [*NAMES, "unheard"], []):
        found = store.samples_of(wanted, T0_MS, T0_MS + 1000)
        pairs = {(name, INDEX) for name in wanted if name != "unheard"}
        assert found.keys() == pairs | ({("m", "energy_export_total")} if "m" in wanted else set())
        for meter, register in found:
            alone = store.samples(meter, register, T0_MS, T0_MS + 1000)
            assert found[meter, register].value.tolist() == alone.value.tolist()
            assert found[meter, register].at_ms.tolist() == [T0_MS]
        figures = store.intervals_of(Resolution.QUARTER, wanted, T0_S, T0_S + 901)
        flows = {(name, "main") for name in wanted if name != "unheard"}
        assert figures.keys() == flows | ({("m", "export")} if "m" in wanted else set())
        for name, flow in figures:
            told = store.intervals(Resolution.QUARTER, name, T0_S, T0_S + 901, flow)
            np.testing.assert_array_equal(figures[name, flow].amount, told.amount)
    assert store.samples_of(NAMES, T0_MS + 2000, T0_MS + 3000) == {}


def test_each_of_many_meters_is_read_as_it_is_alone(store):
    at_ms = [T0_MS, T0_MS + 1000, T0_MS + 2000]
    for name in ("a", "c", "e"):
        store.write_samples(samples(at_ms, [1.0, 2.0, 3.0], name))
    store.write_samples(samples(at_ms[:2], [5.0, 6.0], "b", received_ms=T0_MS + 7))
    store.write_samples(samples(at_ms[:1], [4.0], "b", received_ms=T0_MS + 9))  # another value of that instant
    for source, quality in (("mqtt:one", Quality.MEASURED), ("mqtt:two", Quality.MEASURED), ("a.csv", Quality.MANUAL)):
        store.write_samples([Samples("d", INDEX, at_ms, [1.0, 2.0, 3.0], source, T0_MS + 3, quality)])
    store.write_samples([Samples("e", "gas_volume", at_ms[1:], [8.0, 9.0], "a.csv", T0_MS + 5, Quality.ESTIMATED)])
    found = store.samples_of(list("abcde"), *EVER_MS)
    assert len(found) == 6
    for pair, evidence in found.items():
        alone = store.samples(*pair, *EVER_MS)
        for name in ("at_ms", "value", "quality", "received_ms"):
            assert getattr(evidence, name).tolist() == getattr(alone, name).tolist(), (pair, name)
    assert found["b", INDEX].value.tolist() == [4.0, 5.0, 6.0]
    assert found["d", INDEX].at_ms.tolist() == at_ms
    assert found["e", "gas_volume"].quality.tolist() == [Quality.ESTIMATED] * 2


def test_figures_as_rows_are_the_same_figures(store):
    told = intervals([1.5, float("nan"), 0.1 + 0.2])
    days = Intervals.measured(np.array([T0_S]), np.array([4.5]))
    store.write_figures(
        [
            Figures("x, y=1", "electricity", "main", {Resolution.QUARTER: list(told.rows())}),
            Figures("m", "electricity", "export", {Resolution.QUARTER: told, Resolution.DAY: list(days.rows())}),
        ]
    )
    for meter, flow in (("x, y=1", "main"), ("m", "export")):
        found = store.intervals(Resolution.QUARTER, meter, 0, 2**33, flow)
        known = np.array([True, False, True])
        for name in ("start_s", "amount"):
            np.testing.assert_array_equal(getattr(found, name), getattr(told, name))
        for name in ("coverage", "interpolated", "spread", "estimated", "manual"):
            np.testing.assert_array_equal(getattr(found, name)[known], getattr(told, name)[known])
    assert store.intervals(Resolution.DAY, "m", 0, 2**33, "export").amount.tolist() == [4.5]


def test_what_is_withdrawn_is_passed_over_for_many_meters_too(store):
    for meter in ("m", "n"):
        store.write_samples([Samples(meter, INDEX, [T0_MS, T0_MS + 1], [1.0, 2.0], "mqtt:a", T0_MS)])
        store.write_samples([Samples(meter, "gas_volume", [T0_MS], [1.0], "mqtt:a", T0_MS)])
    standing = counted(
        store,
        [
            Withdrawal("m", INDEX, "mqtt:a", T0_MS, T0_MS + 1, "a", "me", 0),
            Withdrawal("n", "gas_volume", "mqtt:a", 0, 1 << 62, "a", "me", 0),
        ],
    )
    found = {pair: evidence.value.tolist() for pair, evidence in standing.samples_of(["m", "n"], *EVER_MS).items()}
    assert found == {("m", INDEX): [2.0], ("m", "gas_volume"): [1.0], ("n", INDEX): [1.0, 2.0]}


def test_the_ends_of_the_evidence_of_many_meters_come_at_once(store):
    store.write_samples(samples([T0_MS + 5, T0_MS + 9], [1.0, 2.0], "a") + samples([T0_MS], [1.0], "a", "gas_volume"))
    store.write_samples(samples([T0_MS + 7], [4.0], "b") + samples([T0_MS], [4.0], "other"))
    assert store.evidence_ends_ms(["a", "b", "none"]) == {"a": (T0_MS, T0_MS + 9), "b": (T0_MS + 7, T0_MS + 7)}
    assert counted(store, []).evidence_ends_ms([]) == {}
