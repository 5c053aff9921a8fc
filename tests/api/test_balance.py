"""Head and sub-meters over the API and on the meter's page; what a virtual meter is made of."""

from datetime import date

import numpy as np
import pytest

from plagewatch.metering.deliveries import burnt_by_day
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Building, Carrier, Delivery, Kind, Meter, Share, SubMeter, VirtualFormula
from plagewatch.store.records import registry
from tests.api.centre import DAY_S, HOUR_S, MIDNIGHT_S


@pytest.fixture
def tree(centre):
    """A kitchen behind the head that uses 2 or 3 kWh an hour; the kitchen uses 1 and lacks six hours."""
    kitchen = Meter("tournesol.kitchen", "tournesol", "Kitchen", Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900)
    registry.save(centre.engine, [kitchen, SubMeter("tournesol.elec", "tournesol.kitchen")])
    hours_s = np.arange(MIDNIGHT_S - 2 * DAY_S, MIDNIGHT_S, HOUR_S, dtype=np.int64)
    amounts = np.where(np.arange(len(hours_s)) < 6, np.nan, 1.0)
    intervals = Intervals.measured(hours_s, amounts)
    centre.series.write_intervals(Resolution.HOUR, kitchen.id, kitchen.carrier, intervals)
    return centre


def test_balance_over_hours_that_both_have(tree, client):
    answer = client.get("/api/v1/meters/tournesol.elec/balance?from=2026-11-18&to=2026-11-20").json()
    # 42 of 48 hours: head 3 kWh each (the last week), kitchen 1 kWh each.
    assert (answer["compared"], answer["asked"]) == (42, 48)
    assert answer["amount"] == pytest.approx(126.0)
    assert answer["subs"] == [{"meter": "tournesol.kitchen", "amount": pytest.approx(42.0)}]
    assert answer["difference"] == pytest.approx(84.0)
    assert answer["verdict"] == "unmetered"
    assert answer["from"] == "2026-11-17T23:00:00Z"


def test_a_meter_with_nothing_behind_it_has_all_for_itself(client):
    answer = client.get("/api/v1/meters/tournesol.elec/balance").json()
    assert answer["subs"] == []
    assert answer["difference"] == answer["amount"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/meters/nobody/balance", 404),
        ("/api/v1/meters/tournesol.elec/balance?from=2026-11-20&to=2026-11-18", 422),
        ("/api/v1/meters/tournesol.elec/balance?from=1980-01-01", 422),
    ],
)
def test_what_is_refused(client, path, status):
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_meters_page_shows_what_stands_behind_it(tree, client):
    page = client.get("/meters/tournesol.elec?lang=en").text
    assert "Meters behind this one" in page
    assert "/meters/tournesol.kitchen" in page
    assert "More passes this meter" in page
    assert "Meters behind this one" not in client.get("/meters/tournesol.water?lang=en").text


def test_a_virtual_meters_page_shows_its_formula(centre, client):
    rest = Meter("tournesol.rest", "tournesol", "Rest", Carrier.ELECTRICITY, Kind.VIRTUAL, "kWh")
    formulas = [VirtualFormula(rest.id, "[tournesol.elec]"), VirtualFormula(rest.id, "[later]", 2**42)]
    registry.save(centre.engine, [rest, *formulas])
    page = client.get("/meters/tournesol.rest?lang=nl").text
    assert "Berekend uit andere meters" in page
    assert '<code class="break">[tournesol.elec]</code>' in page


@pytest.fixture
def computed(tree):
    """A rest behind the head, a tank of oil that was filled twice, and a meter made of both."""
    tank = Meter("tournesol.oil", "tournesol", "Oil tank", Carrier.OIL, Kind.DELIVERY, "kWh")
    rest = Meter("tournesol.rest", "tournesol", "Rest", Carrier.ELECTRICITY, Kind.VIRTUAL, "kWh")
    both = Meter("tournesol.both", "tournesol", "Both", Carrier.HEAT, Kind.VIRTUAL, "kWh")
    formulas = [
        VirtualFormula(rest.id, "[tournesol.elec] - [tournesol.kitchen]"),
        VirtualFormula(both.id, "[tournesol.oil] + [noord.heat]"),
    ]
    shares = [Share(name, "tournesol", 1.0) for name in (tank.id, rest.id, both.id, "tournesol.kitchen")]
    filled = [Delivery(tank.id, date(2026, month, 20), 2000.0, "l") for month in (8, 10)]
    registry.save(tree.engine, [tank, rest, both, *formulas, *shares, *filled])
    days = burnt_by_day(Carrier.OIL, filled, "Europe/Brussels")
    tree.series.write_intervals(Resolution.DAY, tank.id, tank.carrier, days)
    tree.series.write_intervals(Resolution.DAY, both.id, both.carrier, days)
    hours_s = np.arange(MIDNIGHT_S - 2 * DAY_S, MIDNIGHT_S, HOUR_S, dtype=np.int64)
    hours = Intervals.measured(hours_s, np.full(len(hours_s), 2.0))
    tree.series.write_intervals(Resolution.HOUR, rest.id, "electricity", hours)
    return tree


def test_a_buildings_total_holds_nothing_twice(computed, client):
    page = client.get("/buildings/tournesol?lang=en").text
    # Head: 168 hours of 3 kWh. The kitchen behind it and the rest that is computed of it are within that.
    assert "504 <span" in page
    assert "/meters/tournesol.kitchen" in page
    assert "/meters/tournesol.rest" in page


def test_what_no_device_reads_is_as_old_as_what_it_is_made_of(computed, client):
    # The newest delivery came a month before; the head was read two minutes ago, the kitchen never.
    assert "newest data 1 month ago" in client.get("/meters/tournesol.oil?lang=en").text
    assert "No readings yet" in client.get("/meters/tournesol.rest?lang=en").text
    registry.save(computed.engine, [VirtualFormula("tournesol.rest", "[tournesol.elec] / 2")])
    assert "newest data 2 minutes ago" in client.get("/meters/tournesol.rest?lang=en").text


def test_a_tank_and_what_is_made_of_it_are_shown_by_days(computed, client):
    for meter in ("tournesol.oil", "tournesol.both"):
        refused = client.get(f"/api/v1/meters/{meter}/series?resolution=hour")
        assert refused.status_code == 422
        assert "day or coarser" in refused.json()["what_to_do"]
        page = client.get(f"/meters/{meter}?period=day&until=2026-10-01&lang=en").text
        assert "chart.svg?resolution=day" in page
        assert (
            client.get(f"/meters/{meter}/chart.svg?resolution=quarter&from=2026-09-01&to=2026-10-01").status_code == 200
        )
    told = client.get("/api/v1/meters/tournesol.oil/series?resolution=month&from=2026-09-01&to=2026-10-01")
    assert told.status_code == 200


def test_a_building_of_meters_that_nobody_reads_has_meters_and_none_is_silent(centre, client):
    made = [
        Meter("noord.oil", "noord", "Oil tank", Carrier.OIL, Kind.DELIVERY, "kWh"),
        Meter("noord.rest", "noord", "Rest", Carrier.ELECTRICITY, Kind.VIRTUAL, "kWh"),
    ]
    only = Building("shed", "noord", "Shed")
    registry.save(centre.engine, [only, *made, *(Share(meter.id, only.id, 1.0) for meter in made)])
    assert "No meter yet" not in client.get("/?lang=en").text
    shed = client.get("/buildings/shed?lang=en").text
    assert shed.count("No readings yet") == 2
    assert "Never sent anything" not in shed
    assert "noord.oil" not in client.get("/data?lang=en").text
