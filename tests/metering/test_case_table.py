"""Every case of the table in docs/case-table.md, through the normal door, each with a result computed by hand.

An ordinary meter here: electricity in kWh, one decimal, read each quarter from 2026-03-02 00:00 UTC on.
"""

import ast
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from collector import rollup_job
from collector.imports import importing
from collector.imports.importing import Order
from collector.imports.mapping import Counts, Layout, Series, TableMapping
from collector.imports.stamps import DateOrder
from collector.pipeline import Pipeline
from collector.spool import Spool
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, MeterFacts, Site
from plagewatch.metering.readings import Packet
from plagewatch.store.records import registry
from tests.collector.index_folder import NOW_MS, Door, opened_door, utc

QUARTER_MS = 900_000
HOUR_MS = 3_600_000
START_MS = utc("2026-03-02 00:00")
TZ = "Europe/Brussels"


@pytest.fixture
def door() -> Iterator[Door]:
    with opened_door() as opened:
        yield opened


def read(*index: float | None, first: int = 0, register: str = "total") -> list[tuple[int, float, str]]:
    """Readings a quarter apart, from quarter `first` on; None = nothing came."""
    return [
        (START_MS + (first + place) * QUARTER_MS, value, register)
        for place, value in enumerate(index)
        if value is not None
    ]


def test_nothing_received_for_hours(door):
    # 100 -> 101 in the first quarter; nothing for 8 quarters, then 109: 8 kWh over 8 quarters is 1.0 each; then +2.
    door.take(read(100.0, 101.0, *[None] * 7, 109.0, 111.0))
    assert door.amounts() == [1.0] + [1.0] * 8 + [2.0]
    assert door.coverage() == [1.0] + [0.0] * 8 + [1.0]
    assert door.figures().spread.tolist() == [0.0] + [1.0] * 8 + [0.0]
    # The first hour holds one measured quarter of four, the second none, the third one quarter of two.
    assert door.amounts(Resolution.HOUR) == [4.0, 4.0, 3.0]
    assert door.coverage(Resolution.HOUR) == [0.25, 0.0, 0.25]
    assert door.account() == (11.0, 0.0, 0.0)


def test_nothing_received_is_no_zero_while_it_lasts(door):
    door.take(read(100.0, 101.0))
    # No row stands after the last reading: an outage that still lasts is no consumption of 0.
    assert door.amounts() == [1.0]


def test_first_packet_after_an_outage(door):
    # A week of outage: 672 quarters in which 336 kWh went through. The first bar afterwards holds its own 0.4 kWh only.
    door.take(read(100.0, 100.5))
    door.take(read(436.5, 436.9, first=673))
    amounts = door.amounts()
    assert len(amounts) == 674
    assert (amounts[0], amounts[-1]) == (0.5, 0.4)
    assert set(amounts[1:-1]) == {0.5}  # 336 kWh / 672
    assert door.account() == (336.9, 0.0, 0.0)


def test_rollover_at_the_digits_of_the_meter(door):
    # Five digits: 99 999.8 -> 0.3 is 0.2 up to full scale and 0.3 after it.
    door.take(read(99_999.5, 99_999.8, 0.3, 0.7), told={"digits": 5})
    assert door.amounts() == [0.3, 0.5, 0.4]
    assert door.account() == (1.2, 0.0, 100_000.0)
    assert door.notes() == ["rollover"]


def test_rollover_within_an_outage(door):
    # 99 998 -> 6 over 8 quarters: 2 + 6 = 8 kWh, 1.0 in each.
    door.take(read(99_998.0, *[None] * 7, 6.0), told={"digits": 5})
    assert door.amounts() == [1.0] * 8
    assert door.coverage() == [0.0] * 8
    assert door.account() == (8.0, 0.0, 100_000.0)


SWAPPED = read(500.0, 501.0, 502.0, 4.0, 5.0, 6.0)
# At 00:37:30 the old meter showed 502.5 and the new one 3.2: 0.5 + 0.8 = 1.3 in the third quarter.
SWAP = (START_MS + 5 * QUARTER_MS // 2, 502.5, 3.2, None)


def test_swap_declared_before_its_readings(door):
    door.take(read(500.0))
    door.take(swaps=[SWAP])
    door.take(SWAPPED)
    assert door.amounts() == [1.0, 1.0, 1.3, 1.0, 1.0]
    assert door.coverage() == [1.0] * 5
    assert door.account() == (5.3, 0.0, 499.3)


def test_swap_declared_after_its_readings(door):
    door.take(SWAPPED)
    # What is known without it: the fall of 498 is a step, nothing is invented for its quarter.
    assert door.amounts() == [1.0, 1.0, None, 1.0, 1.0]
    assert door.account() == (4.0, 0.0, 498.0)
    for _ in range(2):  # told twice: the same
        door.take(swaps=[SWAP])
        assert door.amounts() == [1.0, 1.0, 1.3, 1.0, 1.0]
        assert door.account() == (5.3, 0.0, 499.3)


def test_swap_discovered_later(door):
    # The fall is the last reading: a suspect, not yet booked and not yet a step.
    door.take(SWAPPED[:4])
    assert door.amounts() == [1.0, 1.0, None]
    assert (door.account(), door.notes()) == ((2.0, 0.0, 0.0), ["suspect"])
    # The next reading confirms it: an undeclared swap, of which the ledger takes the step out and says so.
    door.take(SWAPPED[4:])
    assert door.amounts() == [1.0, 1.0, None, 1.0, 1.0]
    assert door.coverage() == [1.0, 1.0, 0.0, 1.0, 1.0]
    assert (door.account(), door.notes()) == ((4.0, 0.0, 498.0), ["undeclared_swap"])


def test_swap_in_the_middle_of_a_local_day(door):
    # Brussels is at UTC+1: from 23:00 UTC on. 97 readings of a day, 0.5 kWh a quarter; exchanged after 40 of them.
    start_ms = utc("2026-03-01 23:00")
    old = [(start_ms + n * QUARTER_MS, 900.0 + n / 2, "total") for n in range(40)]
    new = [(start_ms + n * QUARTER_MS, 10.0 + (n - 40) / 2, "total") for n in range(40, 97)]
    door.take(old + new, swaps=[(start_ms + 40 * QUARTER_MS, 920.0, 10.0, None)])
    assert door.amounts(Resolution.DAY) == [48.0]  # 96 x 0.5
    assert door.coverage(Resolution.DAY) == [1.0]
    assert door.amounts(Resolution.MONTH) == [48.0]
    assert door.account() == (48.0, 0.0, 910.0)


def test_one_packet_of_zero_and_back(door):
    # 100 -> (0) -> 102: the 2 kWh of both quarters lie between the readings around the zero, 1.0 in each.
    door.take(read(100.0, 0.0, 102.0, 102.5))
    assert door.amounts() == [1.0, 1.0, 0.5]
    assert (door.account(), door.notes()) == ((2.5, 0.0, 0.0), ["excursion"])


def test_one_packet_of_zero_as_the_newest_one_waits(door):
    door.take(read(100.0, 101.0, 0.0))
    assert (door.amounts(), door.notes()) == ([1.0, None], ["suspect"])
    door.take(read(103.0, first=3))
    # 101 -> 103 over two quarters.
    assert (door.amounts(), door.notes()) == ([1.0, 1.0, 1.0], ["excursion"])


def test_a_jump_that_returns(door):
    # A display of all nines for two packets: 100 -> 103 over three quarters.
    door.take(read(100.0, 99_999.9, 99_999.9, 103.0, 104.0), told={"digits": 5})
    assert door.amounts() == [1.0] * 4
    assert (door.account(), door.notes()) == ((4.0, 0.0, 0.0), ["excursion"])


def test_one_step_back_is_noise(door):
    # 100.4 is one step below 100.5: nothing is booked until 100.5 is passed, by 0.4.
    door.take(read(100.0, 100.5, 100.4, 100.5, 100.9))
    assert door.amounts() == [0.5, 0.0, 0.0, 0.4]
    assert door.coverage() == [1.0] * 4
    assert (door.account(), door.notes()) == ((0.9, 0.0, 0.0), ["step_back"])


def test_a_few_units_back_and_on(door):
    # 0.3 back is more than noise; the next reading is back on the course: the one between is set aside.
    # 100.5 -> 101.1 over two quarters is 0.3 each.
    door.take(read(100.0, 100.5, 100.2, 101.1, 101.4))
    assert door.amounts() == [0.5, 0.3, 0.3, 0.3]
    assert (door.account(), door.notes()) == ((1.4, 0.0, 0.0), ["excursion"])


def test_late_packet_for_a_closed_month(door):
    # January: one quarter is missing, its neighbours are 30 minutes apart, 3.0 kWh: 1.5 each.
    start_ms = utc("2026-01-31 22:00")  # 23:00 local: the last hour of January
    index = [500.0, 501.0, None, 504.0, 505.0, 506.0]
    january = [(start_ms + n * QUARTER_MS, value, "total") for n, value in enumerate(index) if value is not None]
    door.take(january)
    door.take(read(900.0, 901.0))
    assert door.amounts()[:5] == [1.0, 1.5, 1.5, 1.0, 1.0]
    # 505 at 23:00 UTC is midnight in Brussels; 5.0 lie in January. The gap from 506 (23:15 UTC) to 900 is February's.
    assert door.amounts(Resolution.MONTH)[0] == 5.0
    # In March the packet of 31 January arrives: 501 -> 501.5 -> 504.
    door.take([(start_ms + 2 * QUARTER_MS, 501.5, "total")])
    assert door.amounts()[:5] == [1.0, 0.5, 2.5, 1.0, 1.0]
    assert door.amounts(Resolution.HOUR)[0] == 5.0
    assert door.amounts(Resolution.MONTH)[0] == 5.0
    assert door.account() == (401.0, 0.0, 0.0)


@pytest.mark.parametrize("load_kw", [70.0, 500.0])
def test_a_large_load_without_a_greatest_power_is_booked(door, load_kw):
    step = load_kw / 4
    door.take(read(*(1000.0 + n * step for n in range(5))))
    assert door.amounts() == [step] * 4
    assert door.amounts(Resolution.HOUR) == [load_kw]
    assert door.account() == (load_kw, 0.0, 0.0)


def test_a_large_load_within_the_greatest_power_is_booked(door):
    door.take(read(1000.0, 1125.0, 1250.0), told={"max_power_kw": 630})  # 500 kW of a 630 kVA transformer
    assert door.amounts() == [125.0, 125.0]


def test_a_load_above_the_greatest_power_is_quarantined_not_dropped(door):
    # 40 kW is 10 kWh a quarter; 100 -> 225 is 500 kW.
    door.take(read(95.0, 100.0, 225.0, 230.0), told={"max_power_kw": 40})
    assert door.amounts() == [5.0, None, 5.0]
    assert door.coverage() == [1.0, 0.0, 1.0]
    assert (door.account(), door.notes()) == ((10.0, 125.0, 0.0), ["impossible"])
    # The contract is looked up: it is 630 kW. What was quarantined is booked.
    door.take(told={"max_power_kw": 630})
    assert door.amounts() == [5.0, 125.0, 5.0]
    assert (door.account(), door.notes()) == ((135.0, 0.0, 0.0), [])


def test_the_greatest_flow_of_a_water_meter_comes_from_its_size(door):
    # 3.0 m3/h is 0.75 m3 a quarter: 0.7 can be, 4.0 cannot.
    meter = Meter("m", "s", "Water", Carrier.WATER, Kind.INDEX, "m3", 900)
    registry.save(door.engine, [Site("s", "Site", timezone=TZ), meter, MeterFacts("m", decimals=1, max_flow_m3h=3.0)])
    door.take(read(10.0, 10.7, 14.7, 14.9), told={"carrier": "water", "unit": "m3", "decimals": ""})
    assert door.amounts() == [0.7, None, 0.2]
    assert (door.account(), door.notes()) == ((0.9, 4.0, 0.0), ["impossible"])


def test_a_clock_an_hour_ahead_that_is_set_right(door):
    """1 kWh a quarter. From quarter 4 on the clock runs an hour ahead, until it is set right at true quarter 10."""
    true = [100.0 + n for n in range(16)]
    right, ahead = read(*true[:4]), read(*true[4:10], first=8)
    again = read(*true[10:], first=10)
    # Stamps of quarters 10...13 now hold two values each: what was true at 6...9 (said an hour late) and at 10...13.
    door.take(right + ahead + again)
    amounts = door.amounts()
    assert len(amounts) == 15
    assert door.account() == (15.0, 0.0, 0.0)
    # Quarter 3 (103) and quarter 8 (stamped for true 4, 104) are 75 minutes apart: a gap of 1 kWh; 8 -> 9 is 1 kWh.
    # At 10...13 two values stand: 106...109 and 110...113. Neighbours are 105 and 114: both fit, none is chosen.
    # 105 (quarter 9) -> 114 (quarter 14) is a gap of 9 kWh in five quarters.
    assert amounts == [1.0] * 3 + [0.2] * 5 + [1.0] + [1.8] * 5 + [1.0]
    assert door.notes() == ["contradiction"] * 4


def test_a_clock_an_hour_behind_that_is_set_right(door):
    """1 kWh a quarter. From quarter 8 on the clock runs an hour behind, until it is set right at true quarter 14."""
    true = [100.0 + n for n in range(18)]
    right, behind, again = read(*true[:8]), read(*true[8:14], first=4), read(*true[14:], first=14)
    door.take(right + behind + again)
    # At 4...7 two values each: 104...107 and 108...111; both fit between 103 and 112. 103 (3) -> 112 (8): 9 kWh in 5
    # quarters, a gap; 112 -> 113 (9); 113 (9) -> 114 (14): 1 kWh in a gap of five; then 1 each.
    assert door.amounts() == [1.0] * 3 + [1.8] * 5 + [1.0] + [0.2] * 5 + [1.0] * 3
    assert door.account() == (17.0, 0.0, 0.0)
    assert door.notes() == ["contradiction"] * 4


def told_over_mqtt(door: Door, tmp_path, word: str, unit: str, packets: list[tuple[str, int, float]]) -> None:
    """Packets (gateway, instant, value) of the plain JSON family, each a second after its instant."""
    spool = Spool(tmp_path / "spool.db")
    pipeline = Pipeline(spool, door.series, door.engine)
    for gateway, at_ms, value in packets:
        body = {"at": at_ms // 1000, "registers": {word: {"value": value, "unit": unit}}}
        pipeline.accept([Packet(f"loggers/{gateway}/readings", json.dumps(body).encode(), at_ms + 1000)])
    pipeline.drain(NOW_MS)
    spool.close()
    rollup_job.run(door.engine, door.series, NOW_MS // 1000)


MAIN: list[Site | Meter] = [
    Site("s", "Site", timezone=TZ),
    Meter("m", "s", "Main", Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900),
]


def test_the_same_packet_through_two_gateways(door, tmp_path):
    gateways = "north", "south"
    registry.save(door.engine, [*MAIN, *(Binding(gateway, "energy_import_total", "m") for gateway in gateways)])
    packets = [(gateway, at_ms, value) for at_ms, value, _ in read(100.0, 101.0, 103.0) for gateway in gateways]
    told_over_mqtt(door, tmp_path, "electricity_index", "kWh", packets)
    assert door.amounts() == [1.0, 2.0]  # once, not twice
    assert (door.account(), door.notes()) == ((3.0, 0.0, 0.0), [])


def test_two_loggers_of_which_one_shows_whole_numbers(door):
    # Interleaved, seven and a half minutes apart: fine at each quarter, coarse (cut off) in between.
    fine = [(START_MS + n * QUARTER_MS, round(100.2 + 0.4 * n, 1), "total") for n in range(8)]
    coarse = [(at_ms + QUARTER_MS // 2, float(int(value)), "total") for at_ms, value, _ in fine[:-1]]
    door.take(fine + coarse)
    # 100.2 -> 103.0. A coarse reading that lags behind the fine one is set aside (100 after 100.2), one that
    # has caught up (101 after 101.0: the display of 101.0 is 101) counts: it says the same course.
    assert door.amounts() == [0.4] * 7
    assert door.account() == (2.8, 0.0, 0.0)
    assert set(door.notes()) == {"excursion"}


def test_injection_is_a_flow_of_its_own_and_positive(door):
    # Import 100 -> 100.5 -> 100.5, export 50.0 -> 50.0 -> 52.5: nothing is subtracted.
    door.take(read(100.0, 100.5, 100.5) + read(50.0, 50.0, 52.5, register="export"))
    assert door.amounts() == [0.5, 0.0]
    assert door.amounts(flow="export") == [0.0, 2.5]
    accounts = door.accounts()
    assert (accounts["total"]["booked"], accounts["export"]["booked"]) == (0.5, 2.5)
    assert all(one["balanced"] for one in accounts.values())


def counted(door: Door, tmp_path, weight: float, *pulses: float) -> None:
    facts = MeterFacts("m", pulse_weight=weight, decimals=0)
    registry.save(door.engine, [*MAIN, facts, Binding("logger", "pulse_count", "m")])
    packets = [("logger", at_ms, value) for at_ms, value, _ in read(*pulses)]
    told_over_mqtt(door, tmp_path, "pulse_count", "1", packets)


def test_a_pulse_counter_that_starts_again_after_a_power_cut(door, tmp_path):
    # 1000 pulses a kWh. 5 000 -> 5 250, power cut, the counter starts at 0: 40, 290. What was counted between the last
    # reading and the cut nobody knows: that quarter has no amount. 0.25 + 0.25 kWh are known.
    counted(door, tmp_path, 0.001, 5_000, 5_250, 40, 290)
    assert door.amounts() == [0.25, None, 0.25]
    assert door.account() == (500.0, 0.0, 5_210.0)  # in pulses
    assert door.notes() == ["undeclared_swap"]


def test_a_pulse_counter_that_starts_again_and_again(door, tmp_path):
    # 50 pulses are 0.5 kWh. Each restart costs its own interval only: 1000 -> 10 and 160 -> 20 are unknown.
    counted(door, tmp_path, 0.01, 900, 950, 1000, 10, 60, 110, 160, 20, 70, 120)
    assert door.amounts() == [0.5, 0.5, None, 0.5, 0.5, 0.5, None, 0.5, 0.5]
    assert door.account() == (350.0, 0.0, 1_130.0)


def test_day_and_night_are_the_meter(door):
    day, night = read(10.0, 11.0, 12.0, 12.0, register="day"), read(5.0, 5.0, 5.0, 8.0, register="night")
    door.take(day + night)
    assert door.amounts() == [1.0, 1.0, 3.0]
    assert {word: one["booked"] for word, one in door.accounts().items()} == {"day": 2.0, "night": 3.0}


def test_a_total_beside_day_and_night_is_never_added(door):
    day, night = read(10.0, 11.0, 12.0, 12.0, register="day"), read(5.0, 5.0, 5.0, 8.0, register="night")
    door.take(day + night + read(15.0, 16.0, 17.0, 20.0))
    assert door.amounts() == [1.0, 1.0, 3.0]


@pytest.mark.parametrize(
    ("day", "quarters"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100), (date(2026, 6, 1), 96)]
)
def test_days_of_92_96_and_100_quarters(door, day, quarters):
    start_s = day_start_s(day, TZ)
    instants = range(start_s - 3600, start_s + quarters * 900 + 3601, 900)
    door.take([(at_s * 1000, 100.0 + 0.5 * n, "total") for n, at_s in enumerate(instants)])
    days = dict(zip(door.figures(Resolution.DAY).start_s.tolist(), door.amounts(Resolution.DAY), strict=True))
    assert days[start_s] == quarters * 0.5
    assert door.figures(Resolution.DAY).coverage[1] == 1.0
    # The hour before belongs to the day before, the hour after to the day after.
    assert list(days.values()) == [2.0, quarters * 0.5, 2.0]


def test_a_local_file_with_the_double_hour_of_october(door, tmp_path):
    """25 October 2026: 02:00 to 03:00 comes twice in Brussels. 1 kWh a quarter, so 4 kWh an hour and 100 that day."""
    registry.save(door.engine, MAIN)
    start = datetime.fromtimestamp(day_start_s(date(2026, 10, 25), TZ), UTC)
    lines = ["Datum;Stand (kWh)"]
    for n in range(101):
        # Summer time up to 01:00 UTC, winter time from then on: what the wall clock showed.
        at = start + timedelta(minutes=15 * n)
        wall = at + timedelta(hours=2 if at < datetime(2026, 10, 25, 1, tzinfo=UTC) else 1)
        lines.append(f"{wall:%d/%m/%Y %H:%M};{1000 + n}")
    assert sum("25/10/2026 02:15" in line for line in lines) == 2
    path = tmp_path / "meterstanden.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    mapping = TableMapping(
        Layout.WIDE,
        Counts.INDEX,
        ("Datum",),
        DateOrder.DMY,
        TZ,
        ",",
        (Series("Stand (kWh)", "m", "energy_import_total", "kWh"),),
        header_lines=(1,),
    )
    report = importing.run(Order(path, "table", mapping), door.engine, door.series, NOW_MS)
    assert (report.samples, report.left_out) == (101, {})
    rollup_job.run(door.engine, door.series, NOW_MS // 1000)
    assert door.amounts() == [1.0] * 100
    assert door.amounts(Resolution.DAY) == [100.0]
    assert door.coverage(Resolution.DAY) == [1.0]
    assert door.account() == (100.0, 0.0, 0.0)


def test_two_values_for_one_instant(door):
    # At quarter 1: 101 and 250, between 100 and 102: only 101 fits. At quarter 3: 102.5 and 103 both fit: neither
    # counts, and 102 -> 104 over two quarters is 1.0 each. The order of arrival plays no part.
    samples = read(100.0, 101.0, 102.0, 103.0, 104.0) + read(250.0, first=1) + read(102.5, first=3)
    for arrival in (samples, samples[::-1]):
        with opened_door() as fresh:
            fresh.take(arrival)
            assert fresh.amounts() == [1.0] * 4
            assert (fresh.account(), fresh.notes()) == ((4.0, 0.0, 0.0), ["contradiction"] * 2)


def test_any_order_of_arrival_and_any_repetition(door):
    samples = read(*(100.0 + n for n in range(12)))
    for one in [*samples[::-1], *samples[::3]]:
        door.take([one])
    assert door.amounts() == [1.0] * 11
    assert [b - a for a, b in pairwise(door.figures().start_s.tolist())] == [900] * 10


def test_every_case_of_the_document_has_its_test_and_every_test_its_case():
    root = Path(__file__).parents[2]
    text = (root / "docs" / "case-table.md").read_text(encoding="utf-8")
    tests = set()
    for path, name in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text):
        functions = [
            node.name for node in ast.parse((root / path).read_text()).body if isinstance(node, ast.FunctionDef)
        ]
        assert not name or name in functions, f"{path}::{name}"
        tests.add(name)
    here = ast.parse(Path(__file__).read_text()).body
    written = {node.name for node in here if isinstance(node, ast.FunctionDef) and node.args.args}
    cases = {name for name in written if name.startswith("test_")}
    assert cases - tests == set()
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| case")]
    assert [row[:40] for row in rows if "`tests/" not in row.rsplit(" | ", 1)[-1]] == []
