"""The check of the ledger: its accounts, its words, its nights."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from collector import ledger_check
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Carrier, MeterFacts
from plagewatch.store.records import accounts, registry
from plagewatch.store.series.sqlite import SqliteSeries
from tests.collector.ledger_stores import (
    INDEX,
    METER,
    NOW_S,
    QUARTER_MS,
    START_MS,
    TZ,
    Stores,
    stores,
)


def test_ledger_check_sees_a_figure_that_is_wrong():
    with stores() as kept:
        kept.arrive(START_MS + np.arange(5) * QUARTER_MS, [0.0, 1.0, 2.0, 3.0, 4.0])
        kept.roll_up()
        forged = Intervals.measured(np.array([START_MS // 1000]), np.array([5.0]))
        kept.series.write_intervals(Resolution.QUARTER, "m", "electricity", forged)
        (balance,) = ledger_check.check(kept.engine, kept.series, "m")
        assert not balance.balanced
        assert balance.booked == 8.0
        assert "booked 8.000000" in balance.explain()


def test_an_account_is_in_units_of_the_index_whatever_its_factor_was_at_the_time():
    # 3 units at 20 and 2 at 40: 140 kWh; one kWh too much in a quarter of each is 1/20 and 1/40 of an index unit.
    facts = [MeterFacts("m", 0, multiplier=20.0), MeterFacts("m", START_MS + 3 * QUARTER_MS, multiplier=40.0)]
    with stores(*facts) as kept:
        kept.arrive(START_MS + np.arange(6) * QUARTER_MS, np.arange(6.0))
        kept.roll_up()
        assert kept.figures(Resolution.QUARTER).amount.tolist() == [20.0, 20.0, 20.0, 40.0, 40.0]
        (balance,) = ledger_check.check(kept.engine, kept.series, "m")
        assert (balance.booked, balance.balanced) == (5.0, True)
        forged = Intervals.measured(START_MS // 1000 + np.array([0, 3600]), np.array([21.0, 41.0]))
        kept.series.write_intervals(Resolution.QUARTER, "m", "electricity", forged)
        (balance,) = ledger_check.check(kept.engine, kept.series, "m")
        assert balance.booked == pytest.approx(5.0 + 0.05 + 0.025)
        assert not balance.balanced


def test_a_stored_figure_of_pulses_without_a_weight_is_seen():
    with stores() as kept:
        kept.arrive([START_MS, START_MS + QUARTER_MS], [0, 10], "pulse_count")
        kept.roll_up()
        forged = Intervals.measured(np.array([START_MS // 1000]), np.array([5.0]))
        kept.series.write_intervals(Resolution.QUARTER, "m", "electricity", forged)
        (balance,) = ledger_check.check(kept.engine, kept.series, "m")
        assert (balance.booked, balance.balanced) == (5.0, False)


@pytest.mark.parametrize(
    ("carrier", "unit", "register", "word"),
    [
        (Carrier.ELECTRICITY, "kWh", INDEX, "total"),
        (Carrier.ELECTRICITY, "kWh", "energy_import_night.2", "night.2"),
        (Carrier.ELECTRICITY, "kWh", "energy_export_total", "export"),
        (Carrier.ELECTRICITY, "kWh", "energy_export_day", "energy_export_day"),
        (Carrier.SOLAR, "kWh", "solar_energy_total", "total"),
        (Carrier.HEAT, "kWh", "heat_energy_total", "total"),
        (Carrier.GAS, "m3", "gas_volume", "total"),
        (Carrier.GAS, "kWh", INDEX, "total"),
        (Carrier.WATER, "m3", "pulse_count.1", "pulse_count.1"),
    ],
)
def test_a_register_is_named_as_in_a_folder(carrier, unit, register, word):
    with stores(MeterFacts("m", pulse_weight=1.0), meter=replace(METER, carrier=carrier, unit=unit)) as kept:
        kept.arrive([START_MS, START_MS + QUARTER_MS], [0.0, 1.0], register)
        kept.roll_up()
        (told,) = [balance.as_json() for balance in ledger_check.check(kept.engine, kept.series, "m")]
        assert (told["register"], told["register_word"], told["booked"]) == (word, register, 1.0)
        assert "folder_word" not in told


def test_the_ledger_is_checked_once_a_night_and_its_accounts_are_kept():
    noon_s = day_start_s(date(2026, 3, 10), TZ) + 12 * 3600
    with stores(replace(METER, id="other")) as kept:
        kept.arrive(START_MS + np.arange(3) * QUARTER_MS, [0.0, 1.0, 2.0])
        other = Stores(kept.engine, kept.series, replace(METER, id="other"))
        other.arrive([START_MS, START_MS + QUARTER_MS], [0.0, 1.0], "energy_import_day")
        assert len(ledger_check.nightly(kept.engine, kept.series, noon_s)) == 2  # figures are made first
        assert {(a.meter, a.register): (a.booked, a.balanced) for a in accounts.all_accounts(kept.engine)} == {
            ("m", INDEX): (2.0, True),
            ("other", "energy_import_day"): (1.0, True),
        }
        assert accounts.all_accounts(kept.engine)[0].checked_ms == noon_s * 1000
        night_s = day_start_s(date(2026, 3, 11), TZ) + 3 * 3600
        assert ledger_check.nightly(kept.engine, kept.series, night_s - 1) == []
        gone = replace(accounts.all_accounts(kept.engine)[0], register="gas_volume")
        accounts.save(kept.engine, [gone])
        forged = Intervals.measured(np.array([START_MS // 1000]), np.array([9.0]))
        kept.series.write_intervals(Resolution.QUARTER, "m", "electricity", forged)
        with capture_logs() as told:
            assert len(ledger_check.nightly(kept.engine, kept.series, night_s)) == 2
        assert [(a.meter, a.register, a.balanced) for a in accounts.all_accounts(kept.engine)] == [
            ("m", INDEX, False),
            ("other", "energy_import_day", True),
        ]
        (line,) = told
        assert (line["event"], line["meter"]) == ("register does not add up", "m")
        assert "plagewatch ledger check --meter" in line["do"]
        assert ledger_check.nightly(kept.engine, kept.series, night_s) == []


class Arriving(SqliteSeries):
    """The real store of a live meter: while its figures are read, one reading more has come."""

    comes: Callable[[], None] | None = None

    def intervals(self, *asked: Any, **named: Any) -> Intervals:
        found = super().intervals(*asked, **named)
        if self.comes is not None and asked[0] is Resolution.QUARTER and asked[2] < 0:
            comes, self.comes = self.comes, None
            comes()
        return found


def test_a_reading_that_arrives_during_the_check_is_no_error_of_the_ledger(tmp_path):
    with stores() as kept:
        kept.series.close()
        live = kept.series = Arriving(tmp_path / "live.db")
        kept.arrive(START_MS + np.arange(3) * QUARTER_MS, [0.0, 1.0, 2.0])
        other = Stores(kept.engine, live, replace(METER, id="m2"))
        registry.save(kept.engine, [other.meter])
        kept.roll_up()
        forged = Intervals.measured(np.array([START_MS // 1000]), np.array([9.0]))
        live.write_intervals(Resolution.QUARTER, "m", "electricity", forged)

        def comes() -> None:
            kept.arrive([START_MS, START_MS + QUARTER_MS], [0.0, 1.0])

        live.comes = comes
        (balance,) = ledger_check.settled(kept.engine, live, None, NOW_S)
        assert balance.balanced
