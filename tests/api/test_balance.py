"""Head and sub-meters over the API and on the meter's page; what a virtual meter is made of."""

import numpy as np
import pytest

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Carrier, Kind, Meter, SubMeter, VirtualFormula
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
    assert "<code>[tournesol.elec]</code>" in page
