"""Pages on which people enter formulas, sub-meters, deliveries, calorific values and meters without a device."""

import html
from datetime import date

import numpy as np
import pytest

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import (
    CalorificValue,
    Carrier,
    Delivery,
    Kind,
    Meter,
    MeterFacts,
    Organisation,
    Share,
    SubMeter,
    VirtualFormula,
)
from plagewatch.store.records import registry
from tests.api.centre import DAY_S, HOSTILE, MIDNIGHT_S

PAGES = [
    "/meters/tournesol.oil",
    "/meters/tournesol.rest",
    "/meters/tournesol.elec",
    "/meters/tournesol.oil/deliveries",
    "/meters/tournesol.oil/deliveries?day=2025-11-03&document=F%201",
    "/meters/tournesol.rest/formula",
    "/meters/tournesol.elec/sub-meters",
    "/buildings/tournesol",
    "/buildings/tournesol/new-meter",
    "/data",
    "/data/gas",
    "/data/organisations",
]


@pytest.fixture
def entered(centre):
    registry.save(
        centre.engine,
        [
            Meter("tournesol.kitchen", "tournesol", HOSTILE, Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900),
            Meter("tournesol.rest", "tournesol", "Rest", Carrier.ELECTRICITY, Kind.VIRTUAL, "kWh"),
            Meter("tournesol.oil", "tournesol", "Oil tank", Carrier.OIL, Kind.DELIVERY, "kWh"),
            *(Share(f"tournesol.{name}", "tournesol", 1.0) for name in ("kitchen", "rest", "oil")),
            MeterFacts("tournesol.oil", 0, tank_l=3000.0),
            Delivery("tournesol.oil", date(2024, 9, 20), 2450.5, "l"),
            Delivery("tournesol.oil", date(2025, 11, 3), 3100.0, "l", "F 1", HOSTILE),
            SubMeter("tournesol.elec", "tournesol.kitchen", date(2026, 1, 1)),
            VirtualFormula("tournesol.rest", "[tournesol.elec] - [tournesol.kitchen]", 86_400_000 * 20_000),
            CalorificValue(HOSTILE, date(2026, 9, 1), 11.332, HOSTILE),
            Organisation("centre", HOSTILE),
        ],
    )
    return centre


def text_of(answer) -> str:
    return html.unescape(" ".join(answer.text.split()))


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_in_every_language_without_a_script(entered, client, path, language):
    answer = client.get(path, params={"lang": language})
    assert answer.status_code == 200
    assert answer.headers["content-language"] == language
    assert "<script" not in answer.text
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/meters/nobody/deliveries",
        "/meters/tournesol.elec/deliveries",
        "/meters/tournesol.elec/formula",
        "/meters/nobody/formula",
        "/meters/station.temperature/sub-meters",
        "/buildings/nowhere/new-meter",
    ],
)
def test_pages_that_are_not_there(entered, client, path):
    assert client.get(path).status_code == 404


# Deliveries

OIL = "/meters/tournesol.oil/deliveries"
DELIVERY = {"day": "2026-10-05", "quantity": "1 200,5", "unit": "l", "document": "LB 7", "note": "", "who": "cell"}


def test_a_tanks_page_tells_energy_days_and_what_is_wrong(entered, client):
    told = text_of(client.get("/meters/tournesol.oil?lang=nl"))
    # 3100 l × 10 / 0.94 = 32 979 kWh; from 20 September 2024 to 3 November 2025 there are 409 days.
    assert "32.979" in told
    assert "3 nov 2025: 409 dagen na de vorige levering" in told
    assert "hoogstens 365 dagen" in told
    assert "er kwam 3.100 l, en in de tank gaat 3.000 l" in told
    assert "resolution=month" in told  # thirteen months: the last week is never known


def test_a_delivery_is_entered_corrected_and_taken_back(entered, client):
    answer = client.post(OIL, data=DELIVERY, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{OIL}?done=entered")
    assert "Genoteerd" in client.get(f"{OIL}?done=entered&lang=nl").text
    assert registry.deliveries_of(entered.engine, "tournesol.oil")[-1] == Delivery(
        "tournesol.oil", date(2026, 10, 5), 1200.5, "l", "LB 7"
    )
    form = client.get(f"{OIL}?day=2026-10-05&document=LB%207&lang=nl").text
    assert 'value="1200,5"' in form
    was = {"was_day": "2026-10-05", "was_document": "LB 7"}
    client.post(OIL, data={**DELIVERY, "quantity": "1300", "day": "2026-10-06", **was})
    assert [one.quantity for one in registry.deliveries_of(entered.engine, "tournesol.oil")] == [2450.5, 3100.0, 1300.0]
    gone = client.post(f"{OIL}/remove", data={"day": "2026-10-06", "document": "LB 7", "who": "cell"})
    assert gone.status_code == 200
    assert len(registry.deliveries_of(entered.engine, "tournesol.oil")) == 2


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"quantity": "3.000"}, "“3.000” may be two numbers: write 3000 or 3.0"),
        ({"quantity": "much"}, "“much” is no number."),
        ({"quantity": ""}, "is no number."),
        ({"quantity": "-5"}, "The quantity is -5; it must be above 0."),
        ({"day": ""}, "“” is no day."),
        ({"day": "2999-01-01"}, "too far away"),
        ({"day": "2026-11-25"}, "A delivery cannot have come on 25 November 2026"),
        ({"who": ""}, "Say who you are."),
        ({"unit": "<b>"}, "“<b>” is no unit of a delivery"),
    ],
)
def test_a_delivery_that_is_refused_keeps_what_was_typed(entered, client, changed, said):
    answer = client.post(f"{OIL}?lang=en", data=DELIVERY | changed)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert 'value="LB 7"' in answer.text
    assert len(registry.deliveries_of(entered.engine, "tournesol.oil")) == 2


def test_a_refusal_is_in_the_language_of_the_page(entered, client):
    told = text_of(client.post(f"{OIL}?lang=fr", data=DELIVERY | {"quantity": "-0,5"}))
    assert "La quantité est -0,5" in told
    told = text_of(client.post("/meters/tournesol.elec/sub-meters?lang=nl", data={"sub": "tournesol.water"}))
    assert "Zeg wie u bent." in told


# Formula

FORMULA = "/meters/tournesol.rest/formula"


def test_a_formula_in_two_steps(entered, client):
    hours_s = np.arange(MIDNIGHT_S - 2 * DAY_S, MIDNIGHT_S, 900, dtype=np.int64)
    for meter, each in (("tournesol.elec", 1.0), ("tournesol.kitchen", 0.25)):
        made = Intervals.measured(hours_s, np.full(len(hours_s), each))
        entered.series.write_intervals(Resolution.QUARTER, meter, "electricity", made)
    typed = {"formula": "[tournesol.elec]  - 2 *\n[tournesol.kitchen]", "since": "2026-11-01"}
    shown = client.post(f"{FORMULA}?lang=nl", data={**typed, "step": "preview"})
    assert shown.status_code == 200
    told = text_of(shown)
    assert "Dit betekent de formule" in told
    assert '<td class="n">-2</td>' in told
    assert told.count('<td class="n">48</td>') == 2  # 96 × (1 − 0.5) kWh, on the two days that are known
    assert len(registry.virtual_formulas(entered.engine)) == 1  # nothing is stored yet
    answer = client.post(FORMULA, data={**typed, "step": "confirm", "who": "cell"}, follow_redirects=False)
    assert answer.headers["location"] == f"{FORMULA}?done=entered"
    (_, formula) = registry.virtual_formulas(entered.engine)
    assert formula.formula == "[tournesol.elec] - 2 * [tournesol.kitchen]"
    listed = text_of(client.get(f"{FORMULA}?lang=en"))
    assert "since 1 Nov 2026" in listed
    client.post(f"{FORMULA}/remove", data={"at": str(formula.valid_from_ms), "who": "cell"})
    assert len(registry.virtual_formulas(entered.engine)) == 1


def test_a_formula_is_put_together_without_typing_it(entered, client):
    first = client.post(FORMULA, data={"step": "add", "source": "tournesol.elec", "sign": "+", "formula": ""})
    assert ">[tournesol.elec]</textarea>" in first.text
    more = {"step": "add", "source": "tournesol.kitchen", "sign": "-", "factor": "0,5", "formula": "[tournesol.elec]"}
    assert "[tournesol.elec] - 0.5 * [tournesol.kitchen]</textarea>" in client.post(FORMULA, data=more).text
    assert "Choose the meter." in client.post(f"{FORMULA}?lang=en", data={"step": "add"}).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"formula": "[tournesol.water]", "step": "preview"}, "The formula is in m3, its meter counts in kWh."),
        ({"formula": "", "step": "preview"}, "is no formula"),
        ({"formula": "[tournesol.rest] * 2", "step": "confirm", "who": "cell"}, "would be computed from itself"),
        ({"formula": "[tournesol.elec]", "step": "confirm", "who": ""}, "Say who you are."),
        ({"formula": "[tournesol.elec]", "since": "soon", "step": "preview"}, "“soon” is no day."),
        ({"formula": "<script>", "step": "preview"}, "“<script>” is no formula"),
    ],
)
def test_a_formula_that_is_refused_stays_in_the_form(entered, client, typed, said):
    answer = client.post(f"{FORMULA}?lang=en", data=typed)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert f"{html.escape(typed['formula'])}</textarea>" in answer.text
    assert len(registry.virtual_formulas(entered.engine)) == 1


# Sub-meters

SUBS = "/meters/tournesol.elec/sub-meters"


def test_a_sub_meter_ends_and_is_taken_back(entered, client):
    link = {"sub": "tournesol.kitchen", "since": "2026-01-01", "who": "cell"}
    client.post(SUBS, data={**link, "until": "2026-06-01"})
    assert registry.sub_meters(entered.engine)[0].valid_to == date(2026, 6, 1)
    assert "1 Jun 2026, that day not counted" in text_of(client.get(f"{SUBS}?lang=en"))
    client.post(f"{SUBS}/remove", data=link)
    assert registry.sub_meters(entered.engine) == []
    again = client.post(f"{SUBS}/remove?lang=en", data=link)
    assert (again.status_code, "That is not there any more." in again.text) == (422, True)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"sub": ""}, "Choose the meter."),
        ({"sub": "tournesol.water"}, "Main counts electricity in kWh, and Cold water water in m3"),
        ({"sub": "tournesol.kitchen"}, "stands behind Main in that time"),
        ({"sub": "tournesol.kitchen", "since": "x"}, "“x” is no day."),
        ({"sub": "tournesol.rest", "until": "1980-01-01", "since": "1990-01-01"}, "there is no day"),
    ],
)
def test_a_sub_meter_that_is_refused(entered, client, typed, said):
    registry.save(entered.engine, [SubMeter("tournesol.elec", "tournesol.kitchen", date(2026, 1, 1))])
    answer = client.post(f"{SUBS}?lang=en", data={"who": "cell", **typed})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert len(registry.sub_meters(entered.engine)) == 1


# Gas, new meters, organisations


def test_calorific_values_and_stations(entered, client):
    value = {"station": "Brussel H", "day": "2026-10-01", "value": "11,332", "source": "Operator", "who": "cell"}
    client.post("/data/gas", data=value)
    client.post("/data/gas/stations", data={"meter": "noord.gas", "station": "Brussel H", "who": "cell"})
    told = text_of(client.get("/data/gas?lang=nl"))
    assert "11,332" in told
    assert "/meters/noord.gas" in told
    assert "Brussel H" in client.get("/meters/noord.gas").text
    client.post("/data/gas/remove", data=value)
    told = text_of(client.get("/data/gas?lang=nl"))
    assert "van het gas van deze meters is de energie niet bekend" in told
    for path, typed in (
        ("/data/gas", value | {"value": "1133,2"}),
        ("/data/gas", value | {"station": " "}),
        ("/data/gas/remove", value),
        ("/data/gas/stations", {"meter": "", "who": "cell"}),
        ("/data/gas/stations", {"meter": "noord.heat", "station": "x", "who": "cell"}),
    ):
        assert client.post(path, data=typed).status_code == 422


def test_a_tank_and_a_computed_meter_are_entered_at_their_building(entered, client):
    place = "/buildings/tournesol/new-meter"
    tank = {"kind": "delivery", "name": "Cuve été", "counts": "oil kWh", "tank": "3000", "who": "cell"}
    answer = client.post(place, data=tank, follow_redirects=False)
    assert answer.headers["location"] == "/meters/tournesol.cuve-t/deliveries"
    found = registry.meter(entered.engine, "tournesol.cuve-t")
    assert found == Meter("tournesol.cuve-t", "tournesol", "Cuve été", Carrier.OIL, Kind.DELIVERY, "kWh")
    assert registry.facts_of(entered.engine, "tournesol.cuve-t")[0].tank_l == 3000.0
    computed = {"kind": "virtual", "name": "Rest", "counts": "gas kWh", "who": "cell"}
    assert client.post(place, data=computed).status_code == 200  # the page of its formula
    made = registry.meter(entered.engine, "tournesol.rest-2")
    assert made is not None
    assert (made.carrier, made.unit) == (Carrier.GAS, "kWh")
    assert [share.building for share in registry.shares(entered.engine) if share.meter == made.id] == ["tournesol"]


def test_a_meter_that_a_device_reads_is_entered_at_its_building(entered, client):
    place = "/buildings/tournesol/new-meter"
    typed = {
        "kind": "index",
        "name": "Bakery",
        "counts": "electricity kWh",
        "ean": "541448920708672024",
        "who": "cell",
    }
    refused = client.post(f"{place}?lang=fr", data=typed)
    assert (refused.status_code, "n’est pas un code EAN" in refused.text) == (422, True)
    assert 'value="541448920708672024"' in refused.text
    typed |= {"ean": "5414 4892 0708 6720 30"}  # by hand: the weighted sum is 130, so the last digit is 0
    answer = client.post(place, data=typed, follow_redirects=False)
    assert answer.headers["location"] == "/meters/tournesol.bakery"
    made = registry.meter(entered.engine, "tournesol.bakery")
    assert made is not None
    assert (made.kind, made.unit, made.ean) == (Kind.INDEX, "kWh", "541448920708672030")
    assert client.get(answer.headers["location"]).status_code == 200
    assert '<option value="tournesol.bakery"' not in client.get(place).text


@pytest.mark.parametrize(
    "changed",
    [
        {"name": " "},
        {"counts": "coal kWh"},
        {"kind": "gauge"},
        {"kind": "index"},
        {"tank": "0"},
        {"tank": "big"},
        {"who": "nobody"},
    ],
)
def test_a_meter_that_is_refused_is_not_entered_in_part(entered, client, changed):
    tank = {"kind": "delivery", "name": "Tank", "counts": "oil kWh", "tank": "3000", "who": "cell"}
    before = registry.meters(entered.engine)
    assert client.post("/buildings/tournesol/new-meter", data=tank | changed).status_code == 422
    assert registry.meters(entered.engine) == before


def test_organisations(entered, client):
    client.post("/data/organisations", data={"name": "École communale", "who": "cell"})
    client.post("/data/organisations", data={"id": "centre", "name": "Centre", "who": "cell"})
    found = {one.id: one.name for one in registry.organisations(entered.engine)}
    assert found == {"cole-communale": "École communale", "centre": "Centre"}
    assert client.post("/data/organisations", data={"name": "", "who": "cell"}).status_code == 422


def test_a_thermometer_in_a_room_is_a_gauge_of_its_building(entered, client):
    place = "/buildings/tournesol/new-meter"
    typed = {"kind": "index", "name": "Room 12", "counts": "indoor °C", "who": "cell"}
    assert '<option value="indoor °C"' in client.get(place).text
    answer = client.post(place, data=typed, follow_redirects=False)
    made = registry.meter(entered.engine, "tournesol.room-12")
    assert made is not None
    assert (made.carrier, made.kind, made.unit) == (Carrier.INDOOR, Kind.GAUGE, "°C")
    for page in (answer.headers["location"], "/buildings/tournesol", "/data", "/"):
        assert client.get(page).status_code == 200
    refused = client.post(place, data=typed | {"kind": "virtual"})
    assert refused.status_code == 422
