"""A reading by hand: told what it would mean before it is kept, kept once, whatever it means."""

import json
import re
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from collector import rollup_job
from plagewatch.metering.meters import MeterFacts, Swap
from plagewatch.metering.readings import Samples
from plagewatch.store.records import audit, registry, work
from plagewatch.store.records.manual_readings import readings_of
from tests.api.centre import DAY_S, NOW_S, Centre

METER = "noord.gas"
PAGE = f"/meters/{METER}/reading"
PATH = f"/api/v1/meters/{METER}/readings"
PNG = b"\x89PNG\r\n\x1a\n" + b"7" * 30
TEN_DAYS_AGO_MS = (NOW_S - 10 * DAY_S) * 1000


@pytest.fixture
def gas(centre: Centre) -> Centre:
    """A gas meter that showed 812.345 m3 ten days ago."""
    centre.series.write_samples([Samples(METER, "gas_volume", [TEN_DAYS_AGO_MS], [812.345], "test", NOW_S * 1000)])
    return centre


def form(**changed: str) -> dict[str, str]:
    return {"register": "gas_volume", "index": "832,345", "who": "tech-north", "note": "cellar"} | changed


def kept(centre: Centre) -> list[float]:
    return [float(one) for one in centre.series.samples(METER, "gas_volume", 0, 2 * NOW_S * 1000).value]


def hidden(text: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text))


def test_the_last_index_stands_on_the_form(client: TestClient, gas: Centre) -> None:
    text = client.get(f"{PAGE}?lang=nl").text
    assert "812,345" in text
    assert "10 november 2026, 14:23" in text
    assert 'enctype="multipart/form-data"' in text


def test_first_it_is_told_what_a_reading_means_and_then_it_is_kept_once(client: TestClient, gas: Centre) -> None:
    preview = client.post(f"{PAGE}?lang=en", data=form())
    assert preview.status_code == 200
    assert "Is this right?" in preview.text
    assert "832.345" in preview.text
    assert '<dd>20 <span class="muted">m³</span></dd>' in preview.text  # 832.345 - 812.345
    assert "<dd>2 m³</dd>" in preview.text  # over ten days
    assert kept(gas) == [812.345]
    fields = hidden(preview.text)
    assert fields["at"] == "2026-11-20T14:23:00"
    for _ in range(2):
        done = client.post(PAGE, data=fields | {"step": "keep"}, follow_redirects=False)
        assert (done.status_code, done.headers["location"]) == (303, f"{PAGE}?done=kept")
        assert "who=tech-north" in done.headers["set-cookie"]
    assert kept(gas) == [812.345, 832.345]
    (reading,) = readings_of(gas.engine, METER)
    assert (reading.at_ms, reading.who, reading.note) == (NOW_S * 1000, "tech-north", "cellar")
    (line,) = audit.lines(gas.engine, METER)
    assert (line.what, line.after["value"]) == ("reading_entered", 832.345)
    assert list(work.dirty_windows(gas.engine)) == [METER]
    shown = client.get(f"{PAGE}?done=kept&lang=fr").text
    assert "Enregistré" in shown
    assert "832,345" in shown


def test_change_brings_the_form_back_with_all_that_was_typed(client: TestClient, gas: Centre) -> None:
    fields = hidden(client.post(PAGE, data=form(at="2026-11-19T08:00")).text)
    again = client.post(PAGE, data=fields | {"step": "change"})
    assert again.status_code == 200
    assert 'value="832,345"' in again.text
    assert 'value="2026-11-19T08:00:00"' in again.text
    assert "cellar</textarea>" in again.text
    assert kept(gas) == [812.345]


@pytest.mark.parametrize(
    ("index", "told"),
    [("800,000", "This is less than the last index"), ("832", "the first reading"), ("812,345", "within the usual")],
)
def test_a_doubtful_reading_is_said_plainly_and_can_be_kept(client, gas, index, told) -> None:
    register = "gas_volume" if "first" not in told else "energy_import_total"
    page = PAGE if "first" not in told else "/meters/tournesol.elec/reading"
    preview = client.post(f"{page}?lang=en", data=form(index=index, register=register))
    assert told in preview.text
    done = client.post(page, data=hidden(preview.text) | {"step": "keep"}, follow_redirects=False)
    assert done.status_code == 303


def test_far_above_the_usual_is_said_with_the_highest_day(client: TestClient, centre: Centre) -> None:
    # The electricity meter's days are not made here, so its hours are: the last ones of 72 kWh a day.

    meter, at_ms = "tournesol.elec", [(NOW_S - day * DAY_S) * 1000 for day in range(20, 0, -1)]
    index = [1000.0 + 50.0 * day for day in range(20)]
    centre.series.write_samples([Samples(meter, "energy_import_total", at_ms, index, "test", 0)])
    work.mark_dirty(centre.engine, [work.DirtyWindow(meter, at_ms[0], at_ms[-1])])
    rollup_job.run(centre.engine, centre.series, NOW_S)
    typed = form(register="energy_import_total", index="2400")
    preview = client.post(f"/meters/{meter}/reading?lang=en", data=typed)
    assert "far more than usual" in preview.text
    assert "50" in preview.text
    usual = client.post(f"/meters/{meter}/reading?lang=en", data=typed | {"index": "2000"})
    assert "within the usual" in usual.text


def test_after_a_swap_the_new_device_counts_from_its_first_index(client: TestClient, gas: Centre) -> None:
    swap = Swap(METER, "gas_volume", TEN_DAYS_AGO_MS + DAY_S * 1000, 820.0, 5.0, digits=5)
    registry.save(gas.engine, [swap, MeterFacts(METER, multiplier=2.0)])
    preview = client.post(f"{PAGE}?lang=en", data=form(index="14"))
    assert "within the usual" in preview.text
    assert '<dd>9 <span class="muted">m³</span> = 18 m³</dd>' in preview.text  # 14 - 5, times 2
    assert "<dd>2 m³</dd>" in preview.text  # over nine days


def test_the_hour_that_comes_twice_is_asked_back_and_kept_as_said(client: TestClient, gas: Centre) -> None:
    asked = client.post(f"{PAGE}?lang=en", data=form(index="700", at="2026-10-25T02:30"))
    assert asked.status_code == 422
    assert "came twice" in asked.text
    assert 'name="which" value="second"' in asked.text
    # 02:30 in summer time is 00:30 UTC, in winter time 01:30 UTC.
    for which, hour in (("first", 0), ("second", 1)):
        typed = form(index="700", at="2026-10-25T02:30", which=which)
        fields = hidden(client.post(PAGE, data=typed).text)
        client.post(PAGE, data=fields | {"step": "keep"})
        assert (
            readings_of(gas.engine, METER)[0].at_ms == datetime(2026, 10, 25, hour, 30, tzinfo=UTC).timestamp() * 1000
        )


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"who": ""}, "Say who you are"),
        ({"who": "nobody"}, "no person “nobody”"),
        ({"index": ""}, "is no number"),
        ({"index": "about 800"}, "is no number"),
        ({"index": "-5"}, "never below 0"),
        ({"index": "12.345"}, "may be two numbers"),
        ({"register": "water_volume"}, "no index “water_volume”"),
        ({"register": "pulse_count"}, "no index “pulse_count”"),
        ({"at": "2026-11-21T08:00"}, "still to come"),
        ({"at": "2026-03-29T02:30"}, "never was"),
        ({"at": "yesterday"}, "no date and time"),
        ({"picture": "f" * 64}, "picture is not here"),
    ],
)
def test_what_cannot_be_is_told_and_what_was_typed_stays(client, gas, changed, told) -> None:
    answer = client.post(f"{PAGE}?lang=en", data=form(**changed) | {"step": "keep"})
    assert answer.status_code == 422
    assert told in answer.text
    assert "cellar</textarea>" in answer.text
    assert kept(gas) == [812.345]


def test_the_photo_stays_with_the_reading_from_the_first_step_on(client: TestClient, gas: Centre) -> None:
    refused = client.post(PAGE, data=form(index="?"), files={"photo": ("m.png", PNG, "text/html")})
    picture = hidden(refused.text)["picture"]
    shown = client.get(f"/files/{picture}")
    assert (shown.content, shown.headers["content-type"]) == (PNG, "image/png")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert shown.headers["content-disposition"] == f'inline; filename="{picture[:12]}.png"'
    fields = hidden(client.post(PAGE, data=form(picture=picture)).text)
    client.post(PAGE, data=fields | {"step": "keep"})
    assert readings_of(gas.engine, METER)[0].photo == picture


def test_what_is_no_picture_or_too_large_is_refused(client: TestClient, gas: Centre) -> None:
    svg = client.post(f"{PAGE}?lang=en", data=form(), files={"photo": ("m.png", b"<svg/>", "image/png")})
    assert svg.status_code == 422
    assert "no picture that is kept here" in svg.text
    large = client.post(f"{PAGE}?lang=en", data=form(), files={"photo": ("m.png", PNG + b"0" * 8_000_000, "image/png")})
    assert large.status_code == 422
    assert "too large" in large.text
    huge = client.post(f"{PAGE}?lang=en", data=form(), files={"photo": ("m.png", b"0" * 9_000_000, "image/png")})
    assert huge.status_code == 413
    assert "up to 8 MB" in huge.text
    assert client.get("/files/" + "0" * 64).status_code == 404


def test_a_meter_without_an_index_says_so(client: TestClient, centre: Centre) -> None:
    for meter in ("noord.heat", "station.temperature"):
        assert "not read by an index" in client.get(f"/meters/{meter}/reading?lang=en").text
        answer = client.post(f"/meters/{meter}/reading?lang=en", data=form())
        assert (answer.status_code, "has no index" in answer.text) == (422, True)


def test_a_program_enters_a_reading_and_is_told_what_it_means(client: TestClient, gas: Centre) -> None:
    at = datetime.fromtimestamp(NOW_S, UTC).isoformat()
    wanted = {"register": "gas_volume", "index": 832.345, "at": at, "who": "cell", "note": "\x00 by \tphone"}
    told = client.post(PATH, json=wanted).json()
    assert (told["new"], told["verdict"], told["note"]) == (True, "usual", "by \tphone")
    assert (told["movement"], told["amount"], told["per_day"]) == pytest.approx((20.0, 20.0, 2.0))
    again = client.post(PATH, json=wanted).json()
    assert (again["new"], again["verdict"]) == (False, "known")
    (listed,) = client.get(PATH).json()
    assert (listed["index"], listed["verdict"], listed["movement"]) == (832.345, "usual", pytest.approx(20.0))
    assert client.post(PATH, json=wanted | {"index": 700}).json()["verdict"] == "other_then"
    assert kept(gas) == [812.345, 700.0, 832.345]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"index": -1}, "greater than or equal to 0"),
        ({"index": float("inf")}, "finite"),
        ({"at": "2027-01-01T00:00:00Z"}, "still to come"),
        ({"register": "pulse_count"}, "no index"),
        ({"who": "nobody"}, "no person"),
    ],
)
def test_a_program_is_told_what_is_wrong(client, gas, changed, told) -> None:
    wanted = {"register": "gas_volume", "index": 832.345, "who": "cell"} | changed
    content = json.dumps(wanted)
    answer = client.post(PATH, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert told in answer.json()["detail"]
    assert kept(gas) == [812.345]


def test_another_site_enters_nothing(client: TestClient, gas: Centre) -> None:
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert client.post(PAGE, data=form() | {"step": "keep"}, headers=elsewhere).status_code == 403
    assert client.post(PATH, json={"register": "gas_volume"}, headers=elsewhere).status_code == 403
    assert kept(gas) == [812.345]
