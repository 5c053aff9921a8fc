"""The ledger on a real InfluxDB makes the figures it makes on SQLite."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector import ledger_check, rollup_job
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Carrier, Kind, Meter, MeterFacts, Site
from plagewatch.metering.readings import Samples
from plagewatch.store.engine import open_records
from plagewatch.store.records import registry, work
from plagewatch.store.series.influx import InfluxSeries
from tests.collector.index_folder import Door
from tests.collector.test_conservation_through_the_door import assert_right, exported, folder_of
from tests.metering.test_conservation import Stream, disturbed, wild

START_MS = 1_774_137_600_000  # 2026-03-22, the week before the clocks change
INDEX = "energy_import_total"


@pytest.mark.service
def test_late_and_contradicting_evidence_gives_the_same_figures(influx, series, engine, tmp_path):
    random = np.random.default_rng(7)
    count = 2000
    at_ms = START_MS + np.arange(count) * 900_000
    value = np.round(np.cumsum(random.integers(0, 30, count)) / 10, 1) % 1000
    at_ms, value = np.append(at_ms, at_ms[[40, 900]]), np.append(value, [5.0, 999.0])
    value[300:304] = 0.0
    order = np.argsort(np.arange(len(at_ms)) + 200 * random.random(len(at_ms)))
    order = order[~np.isin(order, np.arange(600, 660))]  # a gap of 15 hours
    on_influx = InfluxSeries(influx.url, influx.token, influx.org, 30)
    on_influx.set_up()
    other = open_records(f"sqlite:///{tmp_path / 'other.db'}")
    meter = Meter("m", "s", "Main meter", Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900)
    facts = MeterFacts("m", digits=3, decimals=1, multiplier=20.0)
    for records, store in ((engine, series), (other, on_influx)):
        registry.save(records, [Site("s", "Site"), meter, facts])
        for part in np.array_split(order, 4):
            block = Samples("m", INDEX, at_ms[part].tolist(), value[part].tolist(), "test", START_MS)
            store.write_samples([block])
            work.mark_dirty(records, [work.DirtyWindow("m", min(block.at_ms), max(block.at_ms))])
            rollup_job.run(records, store, START_MS // 1000)
        (balance,) = ledger_check.check(records, store, None)
        assert balance.balanced, balance.explain()
    for resolution in Resolution:
        one, same = (store.intervals(resolution, "m", 0, 2**33) for store in (series, on_influx))
        assert one.start_s.tolist() == same.start_s.tolist()
        np.testing.assert_allclose(one.amount, same.amount, atol=1e-9)
        np.testing.assert_array_equal(one.coverage, same.coverage)
    on_influx.close()
    other.dispose()


@pytest.mark.service
# The fixtures are one organisation for all examples; each has meters of its own.
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(stream=wild() | disturbed(), data=st.data())
def test_folders_in_any_order_and_pieces_export_what_one_folder_exports(influx, engine, stream: Stream, data):
    on_influx = InfluxSeries(influx.url, influx.token, influx.org, 30)
    on_influx.set_up()
    door = Door(engine, on_influx)
    samples, swaps, told = folder_of(stream)
    door.take(samples, swaps, told)
    assert_right(door, stream, told["meter"])
    pieces = folder_of(stream)[2]
    order = data.draw(st.permutations(samples))
    cut = data.draw(st.integers(0, len(order)))
    for part, declared in ((order[:cut], ()), (order[cut:], swaps), (order[:3], swaps)):
        door.take(part, declared, pieces)
    assert exported(door, pieces["meter"]) == exported(door, told["meter"])
    on_influx.close()
