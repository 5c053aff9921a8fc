"""Formulas, sub-meters, deliveries, calorific values and organisations over the API, refusals included."""

from datetime import date

import numpy as np
import pytest

from collector import rollup_job
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import BuildingShare, Carrier, Kind, Meter, MeterFacts, Share
from plagewatch.store.records import audit, registry, work
from tests.api.centre import DAY_S, HOUR_S, MIDNIGHT_S, NOW_S, TZ

CELL = {"who": "cell"}


@pytest.fixture
def entered(centre, client):
    """A kitchen behind the head, a rest without a formula, an oil tank."""
    kitchen = Meter("tournesol.kitchen", "tournesol", "Kitchen", Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900)
    registry.save(centre.engine, [kitchen, Share(kitchen.id, "tournesol", 1.0)])
    for name, carrier, kind in (("rest", "electricity", "virtual"), ("oil", "oil", "delivery")):
        wanted: dict[str, object] = {"id": f"tournesol.{name}", "site": "tournesol", "name": name.title()}
        wanted |= {"carrier": carrier, "kind": kind, "shares": {"tournesol": 1.0}, **CELL}
        answer = client.post("/api/v1/meters", json=wanted)
        assert answer.status_code == 201, answer.text
        assert answer.json()["shares"] == [{"building": "tournesol", "share": 1.0, "valid_from": "1970-01-01"}]
    return centre


def refused(answer, status: int, said: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]
    assert answer.json()["what_to_do"]


# Formulas

FORMULAS = "/api/v1/meters/tournesol.rest/formulas"


def test_a_formula_is_tried_entered_and_taken_back(entered, client):
    # Two days of quarters: the head 1 kWh each, the kitchen a quarter of that, and nothing in its last hour.
    quarters_s = np.arange(MIDNIGHT_S - 2 * DAY_S, MIDNIGHT_S, 900, dtype=np.int64)
    one = np.ones(len(quarters_s))
    kitchen = np.where(quarters_s >= MIDNIGHT_S - HOUR_S, np.nan, 0.25)
    for meter, values in (("tournesol.elec", one), ("tournesol.kitchen", kitchen)):
        made = Intervals.measured(quarters_s, values)
        entered.series.write_intervals(Resolution.QUARTER, meter, "electricity", made)
    text = "[tournesol.elec] - 2 * [tournesol.kitchen]"
    tried = client.post(f"{FORMULAS}/preview", json={"formula": text}).json()
    assert tried["unit"] == "kWh"
    assert [(f["meter"], f["factor"], f["unit"]) for f in tried["factors"]] == [
        ("tournesol.elec", 1.0, "kWh"),
        ("tournesol.kitchen", -2.0, "kWh"),
    ]
    # 96 × (1 − 0.5) kWh; on the second day four quarters are not known, so 92 × 0.5 of 92/96 of the day.
    assert tried["days"][-2:] == [
        {"day": "2026-11-18", "amount": 48.0, "coverage": 1.0},
        {"day": "2026-11-19", "amount": 46.0, "coverage": pytest.approx(92 / 96)},
    ]
    assert [day["amount"] for day in tried["days"][:-2]] == [None] * 5
    assert client.get(FORMULAS).json() == []  # nothing was stored

    since = "2026-11-18T23:00:00Z"
    client.post(FORMULAS, json={"formula": "[tournesol.elec]", **CELL})
    both = client.post(FORMULAS, json={"formula": text, "valid_from": since, **CELL})
    assert both.status_code == 201
    assert both.json() == client.get(FORMULAS).json()
    assert both.json() == [
        {"formula": "[tournesol.elec]", "valid_from": None},
        {"formula": text, "valid_from": since},
    ]
    left = client.delete(FORMULAS, params={"valid_from": since, **CELL}).json()
    assert left == [{"formula": "[tournesol.elec]", "valid_from": None}]
    assert [line.who for line in audit.lines(entered.engine, "tournesol.rest")] == ["cell"] * 5


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"formula": "[tournesol.water]", **CELL}, "in m3, its meter counts in kWh"),
        ({"formula": "[tournesol.elec", **CELL}, "is no formula"),
        ({"formula": "[tournesol.rest]", **CELL}, "computed from itself"),
        ({"formula": "[tournesol.elec]", "who": "nobody"}, "There is no person “nobody”"),
        ({"formula": "[tournesol.elec]", "who": ""}, "Say who you are."),
        ({"formula": "[tournesol.elec]", "valid_from": "2026-01-01T00:00:00", **CELL}, "timezone"),
        ({"formula": "[tournesol.elec]", "valid_from": "1066-01-01T00:00:00Z", **CELL}, "too far away"),
        ({"formula": "x" * 5000, **CELL}, "4000"),
        ({"formula": 5, **CELL}, "string"),
    ],
)
def test_a_formula_that_is_refused(entered, client, body, said):
    refused(client.post(FORMULAS, json=body), 422, said)
    assert registry.virtual_formulas(entered.engine) == []


def test_formulas_of_meters_that_are_not_there_or_not_computed(entered, client):
    refused(client.get("/api/v1/meters/nobody/formulas"), 404, "nobody")
    refused(client.post("/api/v1/meters/nobody/formulas", json={"formula": "[a]", **CELL}), 404, "nobody")
    own = client.post("/api/v1/meters/tournesol.elec/formulas/preview", json={"formula": "[tournesol.kitchen]"})
    refused(own, 422, "readings of its own")
    refused(client.delete(FORMULAS, params=CELL), 422, "no formula from that moment")
    refused(client.delete(FORMULAS), 422, "who")


# Sub-meters

SUBS = "/api/v1/meters/tournesol.elec/sub-meters"


def test_a_sub_meter_comes_ends_and_is_taken_back(entered, client):
    sub = {"sub": "tournesol.kitchen", **CELL}
    assert client.post(SUBS, json=sub).json() == [{"sub": sub["sub"], "valid_from": None, "valid_to": None}]
    ended = client.post(SUBS, json={**sub, "valid_to": "2026-06-01"})
    assert ended.json() == [{"sub": sub["sub"], "valid_from": None, "valid_to": "2026-06-01"}]
    again = client.post(SUBS, json={**sub, "valid_from": "2026-07-01"}).json()
    assert [one["valid_from"] for one in again] == [None, "2026-07-01"]
    left = client.delete(SUBS, params={**sub, "valid_from": "2026-07-01"}).json()
    assert left == client.get(SUBS).json() == ended.json()
    refused(client.delete(SUBS, params={**sub, "valid_from": "2026-07-01"}), 404, "tournesol.kitchen")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"sub": "tournesol.water", **CELL}, "they make no balance"),
        ({"sub": "tournesol.elec", **CELL}, "behind itself"),
        ({"sub": "nobody", **CELL}, "There is no meter “nobody”"),
        ({"sub": "tournesol.kitchen", "valid_from": "2026-06-01", "valid_to": "2026-06-01", **CELL}, "there is no day"),
        ({"sub": "tournesol.kitchen", "who": "nobody"}, "no person"),
    ],
)
def test_a_sub_meter_that_is_refused(entered, client, body, said):
    refused(client.post(SUBS, json=body), 422, said)
    assert registry.sub_meters(entered.engine) == []


# Deliveries

OIL = "/api/v1/meters/tournesol.oil/deliveries"


def bring(client, day: str, quantity: float, **more):
    return client.post(OIL, json={"delivered_on": day, "quantity": quantity, "unit": "l", **CELL, **more})


def test_deliveries_are_told_with_their_energy_and_what_is_wrong(entered, client):
    registry.save(entered.engine, [MeterFacts("tournesol.oil", 0, tank_l=3000.0)])
    bring(client, "2024-11-01", 2000.0)
    bring(client, "2025-11-02", 3100.0, document="F 12")
    bring(client, "2026-10-01", 900.0, unit="kg")
    told = client.get(OIL).json()
    # 3100 l × 10 kWh (NCV) / 0.94 = 32 979 kWh (GCV); oil has no calorific value by the kilogram.
    assert [round(one["energy_kwh"]) if one["energy_kwh"] else None for one in told["deliveries"]] == [
        21277,
        32979,
        None,
    ]
    assert [one["days_since"] for one in told["deliveries"]] == [None, 366, 333]
    assert [(one["note"], one["delivered_on"], one["said"], one["allowed"]) for one in told["findings"]] == [
        ("larger_than_tank", "2025-11-02", 3100.0, 3000.0),
        ("too_far_apart", "2025-11-02", 366.0, 365.0),
        ("fuel_unknown", "2026-10-01", 900.0, 0.0),
    ]


def test_a_delivery_reaches_the_figures_and_leaves_them_again(entered, client):
    bring(client, "2026-10-01", 2000.0)
    bring(client, "2026-10-11", 940.0, document="r2")
    rollup_job.run(entered.engine, entered.series, NOW_S)
    days = "/api/v1/meters/tournesol.oil/series?resolution=day&from=2026-10-01&to=2026-10-12"
    rows = client.get(days).json()["rows"]
    assert [row["amount"] for row in rows] == [pytest.approx(1000.0)] * 10 + [None]
    fixed = bring(
        client, "2026-10-11", 470.0, document="r2", instead_of={"delivered_on": "2026-10-11", "document": "r2"}
    )
    assert fixed.status_code == 201
    rollup_job.run(entered.engine, entered.series, NOW_S)
    assert client.get(days).json()["rows"][0]["amount"] == pytest.approx(500.0)
    gone = client.delete(OIL, params={"delivered_on": "2026-10-11", "document": "r2", **CELL})
    assert [one["delivered_on"] for one in gone.json()["deliveries"]] == ["2026-10-01"]
    _, windows = work.dirty_windows(entered.engine)["tournesol.oil"]
    first_ms, after_ms = (day_start_s(date(2026, 10, day), TZ) * 1000 for day in (1, 11))
    assert [(window.from_ms, window.to_ms) for window in windows] == [(first_ms, after_ms - 1)]
    rollup_job.run(entered.engine, entered.series, NOW_S)
    assert [row["amount"] for row in client.get(days).json()["rows"]] == [None] * 11


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"delivered_on": "2026-11-21"}, "cannot have come on 2026-11-21"),
        ({"delivered_on": "yesterday"}, "date"),
        ({"quantity": 0}, "greater than 0"),
        ({"quantity": None}, "number"),
        ({"unit": "barrel"}, "no unit of a delivery"),
        ({"who": "nobody"}, "no person"),
        ({"document": "r1"}, "with that document already"),
        ({"instead_of": {"delivered_on": "2026-01-01", "document": "x"}}, "There is no delivery of 2026-01-01"),
    ],
)
def test_a_delivery_that_is_refused(entered, client, body, said):
    bring(client, "2026-10-01", 500.0, document="r1")
    wanted = {"delivered_on": "2026-10-01", "quantity": 940.0, "unit": "l", **CELL} | body
    refused(client.post(OIL, json=wanted), 422, said)
    assert [one["quantity"] for one in client.get(OIL).json()["deliveries"]] == [500.0]


def test_only_a_tank_is_filled(entered, client):
    wanted = {"delivered_on": "2026-10-01", "quantity": 940.0, "unit": "l", **CELL}
    refused(client.post("/api/v1/meters/tournesol.elec/deliveries", json=wanted), 422, "no tank")
    refused(client.post("/api/v1/meters/nobody/deliveries", json=wanted), 404, "nobody")
    refused(client.delete(OIL, params={"delivered_on": "2026-10-01", **CELL}), 422, "There is no delivery")


# Meters without a device


def test_a_thermometer_of_a_room_is_entered_as_a_gauge(centre, client):
    wanted: dict[str, object] = {"id": "tournesol.room", "site": "tournesol", "name": "Room 12", "carrier": "indoor"}
    wanted |= {"kind": "gauge", "unit": "°C", "shares": {"tournesol": 1.0}, **CELL}
    refused(client.post("/api/v1/meters", json=wanted | {"kind": "index"}), 422, "enter it as a gauge")
    refused(client.post("/api/v1/meters", json=wanted | {"unit": "kWh"}), 422, "does not count in")
    assert client.post("/api/v1/meters", json=wanted).status_code == 201


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"id": "tournesol.elec"}, "already"),
        ({"id": "a b"}, "no number for a meter"),
        ({"site": "nowhere"}, "There is no site"),
        ({"shares": {"nowhere": 1.0}}, "There is no building"),
        ({"shares": {"tournesol": 0.5}}, "sum to 0.5"),
        ({"kind": "gauge"}, "measures a state"),
        ({"carrier": "electricity"}, "does not come in deliveries"),
        ({"who": "nobody"}, "no person"),
    ],
)
def test_a_meter_that_is_refused(centre, client, changed, said):
    wanted = {"id": "tournesol.oil", "site": "tournesol", "name": "Oil", "carrier": "oil", "kind": "delivery"}
    before = len(registry.meters(centre.engine))
    refused(client.post("/api/v1/meters", json=wanted | {"shares": {"tournesol": 1.0}, **CELL} | changed), 422, said)
    assert len(registry.meters(centre.engine)) == before


# Gas

VALUES = "/api/v1/calorific-values"


def test_calorific_values_by_station_and_day(centre, client):
    for day, kwh in (("2026-02-01", 11.4), ("2026-01-01", 11.5)):
        wanted = {"station": " Brussels/H ", "valid_from": day, "kwh_per_m3": kwh, "source": "operator", **CELL}
        assert client.post(VALUES, json=wanted).status_code == 201
    client.post(VALUES, json={"station": "other", "valid_from": "2026-01-01", "kwh_per_m3": 10.0, **CELL})
    told = client.get(VALUES, params={"station": "Brussels/H"}).json()
    assert [(one["valid_from"], one["kwh_per_m3"]) for one in told] == [("2026-01-01", 11.5), ("2026-02-01", 11.4)]
    key = {"station": "Brussels/H", "valid_from": "2026-02-01", **CELL}
    assert len(client.delete(VALUES, params=key).json()) == 1
    refused(client.delete(VALUES, params=key), 404, "no calorific value")
    assert len(client.get(VALUES).json()) == 2


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kwh_per_m3": 1150}, "no calorific value of gas"),
        ({"station": "  "}, "Name the station"),
        ({"valid_from": "spring"}, "date"),
        ({"who": "nobody"}, "no person"),
    ],
)
def test_a_calorific_value_that_is_refused(centre, client, changed, said):
    wanted = {"station": "s", "valid_from": "2026-01-01", "kwh_per_m3": 11.5, **CELL} | changed
    refused(client.post(VALUES, json=wanted), 422, said)


def test_the_station_of_a_gas_meter(centre, client):
    answer = client.put("/api/v1/meters/noord.gas/gas-station", json={"station": "Brussels H", **CELL})
    assert answer.json() == {"meter": "noord.gas", "station": "Brussels H"}
    found = registry.meter(centre.engine, "noord.gas")
    assert found is not None
    assert found.gas_station == "Brussels H"
    refused(client.put("/api/v1/meters/noord.heat/gas-station", json={"station": "x", **CELL}), 422, "no gas")
    refused(client.put("/api/v1/meters/nobody/gas-station", json={"station": "x", **CELL}), 404, "nobody")


# Organisations


def test_an_organisation_keeps_its_id_and_may_get_another_name(centre, client):
    place = "/api/v1/organisations"
    for id_, name in (("centre", " Centre "), ("school", "School"), ("school", "Primary school")):
        assert client.put(f"{place}/{id_}", json={"name": name, **CELL}).json() == {"id": id_, "name": name.strip()}
    registry.save(centre.engine, [BuildingShare("tournesol", "school", 1.0)])
    client.put(f"{place}/school", json={"name": "School", **CELL})  # a share points to it
    assert client.get(place).json() == [{"id": "centre", "name": "Centre"}, {"id": "school", "name": "School"}]
    assert [line.what for line in audit.lines(centre.engine, "school")] == ["organisation_set"] * 3
    refused(client.put(f"{place}/a b", json={"name": "X", **CELL}), 422, "letters, digits")
    refused(client.put(f"{place}/a", json={"name": "  ", **CELL}), 422, "Give the organisation a name")
    refused(client.put(f"{place}/a", json={"name": "X", "who": "nobody"}), 422, "no person")
