"""The temperature of a room is a state: its samples stay evidence, and no amounts are made of them."""

from collector import rollup_job
from plagewatch.gauges import hourly_means
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Samples
from plagewatch.store.records import registry, work

NOW_S = 1_795_150_800


def test_no_figures_are_made_of_a_room_and_its_samples_stay(engine, series) -> None:
    registry.save(engine, [Site("s", "Site"), Meter("room", "s", "Room", Carrier.INDOOR, Kind.GAUGE, "°C", 1800)])
    at_ms = [(NOW_S - 7200 + 1800 * step) * 1000 for step in range(4)]
    series.write_samples([Samples("room", "temperature.a", at_ms, [20.0, 21.0, 22.0, 23.0], "t", at_ms[-1])])
    work.mark_dirty(engine, [work.DirtyWindow("room", at_ms[0], at_ms[-1])])
    rollup_job.run(engine, series, NOW_S)
    assert work.dirty_windows(engine) == {}
    for resolution in Resolution:
        assert len(series.intervals(resolution, "room", 0, NOW_S)) == 0
    assert hourly_means(series, "room", "temperature", NOW_S - 7200, NOW_S).amount.tolist() == [20.5, 22.5]
