"""The pages of a meter's life: what is known is shown, what is typed is kept, what is wrong is told beside it."""

import re
from dataclasses import replace
from datetime import date

import pytest
from fastapi.testclient import TestClient

from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import MeterFacts, Swap
from plagewatch.metering.readings import Samples
from plagewatch.store.records import audit, registry, work
from plagewatch.store.records.life_cycle import By, MeterEditor
from plagewatch.store.records.serials import SerialSeen, note_seen
from tests.api.centre import NOW_S, TZ, Centre

METER = "tournesol.elec"
PAGE = f"/meters/{METER}/life-cycle"
SWAPS = f"/meters/{METER}/swaps"
REGISTER = "energy_import_total"
NOW_MS = NOW_S * 1000
HOUR_MS = 3_600_000
SWAP_MS = NOW_MS - 48 * HOUR_MS
SWAP = Swap(METER, REGISTER, SWAP_MS, 9876.5, 0.25, "SN-2", 6, "tech-north", note="seal broken")
PNG = b"\x89PNG\r\n\x1a\n" + b"7" * 30


@pytest.fixture
def lived(centre: Centre) -> Centre:
    """A meter with readings, dated facts and an exchange that was declared."""
    at_ms = [NOW_MS - hour * HOUR_MS for hour in range(60, 0, -1)]
    index = [9000.0 + number for number in range(30)] + [float(number) for number in range(30)]
    centre.series.write_samples([Samples(METER, REGISTER, at_ms, index, "test", NOW_MS)])
    editor = MeterEditor(centre.engine, centre.series, By("cell", NOW_MS))
    editor.enter_facts(MeterFacts(METER, 0, 5, multiplier=40.0, max_power_kw=250.0, source="contract of 2019"))
    editor.declare_swap(SWAP)
    return centre


def form(**changed: str) -> dict[str, str]:
    typed = {"register": REGISTER, "at": "2026-11-18T14:00", "last_index": "9876,5", "first_index": "0,25"}
    return typed | {"serial": "SN-3", "digits": "6", "who": "tech-north", "note": "work order 7"} | changed


def test_the_page_tells_devices_facts_and_who_changed_what(client: TestClient, lived: Centre) -> None:
    text = client.get(f"{PAGE}?lang=en").text
    for told in ("SN-2", "seal broken", "9,876.5", "0.25", "Noor, plumber", "contract of 2019", "factor 40", "250"):
        assert told in text
    assert "Replacement declared" in text
    assert "multiplication factor: 40" in text
    assert "Els, energy cell" in text


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
@pytest.mark.parametrize(
    "path", [PAGE, f"/meters/{METER}/shares", "/buildings/tournesol/shares", f"/meters/{METER}/reading"]
)
def test_pages_have_no_script_and_nothing_from_elsewhere(client, lived, path, language) -> None:
    answer = client.get(f"{path}?lang={language}")
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    for never in ("<script", " style=", " onclick=", "//cdn", ">None<", '"None"', " nan "):
        assert never not in answer.text


def test_names_are_escaped(client: TestClient, centre: Centre) -> None:
    for path in (
        "/meters/noord.gas/life-cycle",
        "/meters/noord.gas/reading",
        "/meters/noord.gas/shares",
        "/buildings/noord/shares",
    ):
        assert "<script>" not in client.get(path).text


@pytest.mark.parametrize("path", ["/meters/tournesol.elec", "/buildings/tournesol"])
def test_other_pages_lead_there(client: TestClient, lived: Centre, path: str) -> None:
    for link in re.findall(r'href="(/[^"]*/(?:life-cycle|reading|shares))"', client.get(path).text):
        assert client.get(link).status_code == 200


def test_a_swap_is_declared_with_its_photo_and_stands_on_the_page(client: TestClient, lived: Centre) -> None:
    files = {"photo": ("meter.png", PNG, "image/png")}
    done = client.post(SWAPS, data=form(), files=files, follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, f"{PAGE}?done=noted")
    swap = registry.swaps_of(lived.engine, METER)[0]
    assert (swap.last_index, swap.first_index, swap.digits, swap.who) == (9876.5, 0.25, 6, "tech-north")
    text = client.get(f"{PAGE}?done=noted&lang=nl").text
    assert f'src="/files/{swap.photo}"' in text
    assert "Genoteerd" in text
    client.post(SWAPS, data=form(picture=swap.photo))
    assert len(registry.swaps_of(lived.engine, METER)) == 2


def test_a_swap_is_corrected_at_another_moment_and_taken_back(client: TestClient, lived: Centre) -> None:
    text = client.get(f"{PAGE}?swap={SWAP_MS}&register={REGISTER}&lang=en").text
    assert 'value="2026-11-18T14:23:00"' in text
    assert 'value="9876.5"' in text
    assert f'name="instead_of" value="{SWAP_MS}"' in text
    client.post(SWAPS, data=form(instead_of=str(SWAP_MS)))
    (swap,) = registry.swaps_of(lived.engine, METER)
    assert swap.at_ms == SWAP_MS - 23 * 60_000
    gone = {"register": REGISTER, "at_ms": str(swap.at_ms), "who": "cell"}
    assert client.post(f"{SWAPS}/remove", data=gone, follow_redirects=False).status_code == 303
    assert registry.swaps_of(lived.engine, METER) == []


def test_the_double_hour_of_october_is_asked_back(client: TestClient, lived: Centre) -> None:
    asked = client.post(f"{SWAPS}?lang=en", data=form(at="2026-10-25T02:30"))
    assert asked.status_code == 422
    assert "came twice" in asked.text
    assert 'value="second"' in asked.text
    assert '<details id="swap" open>' in asked.text
    client.post(SWAPS, data=form(at="2026-10-25T02:30", which="second"))
    swap = registry.swaps_of(lived.engine, METER)[0]
    assert swap.at_ms == (day_start_s(date(2026, 10, 25), TZ) + 7 * 1800) * 1000  # 02:30 for the second time
    again = client.get(f"{PAGE}?swap={swap.at_ms}&register={REGISTER}").text
    assert 'value="second" checked' in again


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"who": ""}, "Say who you are"),
        ({"at": ""}, "no date and time"),
        ({"last_index": ""}, "no number"),
        ({"last_index": "-1"}, "never below 0"),
        ({"digits": "6,5"}, "no whole number"),
        ({"digits": "13"}, "1 to 12 digits"),
        ({"register": "gas_volume"}, "no index"),
        ({"at": "2027-01-01T08:00"}, "still to come"),
    ],
)
def test_a_swap_that_cannot_be_is_told_and_what_was_typed_stays(client, lived, changed, told) -> None:
    answer = client.post(f"{SWAPS}?lang=en", data=form(**changed))
    assert answer.status_code == 422
    assert told in answer.text
    assert "work order 7</textarea>" in answer.text
    assert registry.swaps_of(lived.engine, METER) == [SWAP]


def test_a_proposal_is_shown_with_its_values_and_dismissed(client: TestClient, centre: Centre) -> None:
    at_ms = [NOW_MS - hour * HOUR_MS for hour in range(6, 0, -1)]
    centre.series.write_samples([Samples(METER, REGISTER, at_ms, [10.0, 11.0, 12.0, 2.5, 3.0, 4.0], "test", NOW_MS)])
    note_seen(
        centre.engine, [SerialSeen(METER, REGISTER, at, serial) for at, serial in zip(at_ms, "aaabbb", strict=True)]
    )
    text = client.get(f"{PAGE}?lang=en").text
    assert "Was the meter replaced?" in text
    assert 'name="last_index" inputmode="decimal" autocomplete="off" required maxlength="40" value="12"' in text
    assert 'value="2.5"' in text
    at = re.search(r'name="at_ms" value="(\d+)"', text)
    assert at is not None
    gone = {"register": REGISTER, "at_ms": at[1], "who": "cell"}
    assert client.post(f"/meters/{METER}/proposals/dismiss", data=gone, follow_redirects=False).status_code == 303
    assert "Was the meter replaced?" not in client.get(f"{PAGE}?lang=en").text
    late = client.post(f"/meters/{METER}/proposals/dismiss?lang=en", data=gone)
    assert (late.status_code, "somebody settled it" in late.text) == (422, True)


FACTS = f"/meters/{METER}/facts"


def facts_form(**changed: str) -> dict[str, str]:
    typed = {"valid_from": "2026-06-01", "digits": "6", "decimals": "1", "multiplier": "1,5", "max_power_kw": "250"}
    return typed | {"unit": "MWh", "source": "letter", "who": "cell"} | changed


def test_contracted_power_is_entered_shown_and_makes_no_figure_again(client: TestClient, lived: Centre) -> None:
    windows = work.dirty_windows(lived.engine)
    known = registry.facts_of(lived.engine, METER)[-1]
    same = {"valid_from": "", "digits": "5", "decimals": "", "multiplier": "40", "max_power_kw": "250", "unit": ""}
    answer = client.post(FACTS, data=facts_form(**same, source=known.source, contracted_kw="172,5"))
    assert registry.facts_of(lived.engine, METER) == [replace(known, contracted_kw=172.5)]
    assert work.dirty_windows(lived.engine) == windows
    assert "contracted power 172.5 kW" in client.get(f"{PAGE}?lang=en").text
    assert 'name="contracted_kw" inputmode="decimal" maxlength="20" value="172.5"' in answer.text
    refused = client.post(f"{FACTS}?lang=en", data=facts_form(contracted_kw="0"))
    assert (refused.status_code, "above 0" in refused.text) == (422, True)


def test_facts_are_entered_from_a_local_day_on_corrected_and_taken_back(client: TestClient, lived: Centre) -> None:
    assert client.post(FACTS, data=facts_form(), follow_redirects=False).status_code == 303
    june_ms = day_start_s(date(2026, 6, 1), TZ) * 1000
    entered = registry.facts_of(lived.engine, METER)[-1]
    assert entered == MeterFacts(METER, june_ms, 6, 1, 1.5, 250.0, unit="MWh", source="letter")
    text = client.get(f"{PAGE}?facts={june_ms}&lang=en").text
    assert 'name="valid_from" value="2026-06-01"' in text
    assert 'name="multiplier" inputmode="decimal" maxlength="20" value="1.5"' in text
    client.post(FACTS, data=facts_form(valid_from="2026-07-01", instead_of=str(june_ms)))
    july_ms = day_start_s(date(2026, 7, 1), TZ) * 1000
    assert [one.valid_from_ms for one in registry.facts_of(lived.engine, METER)] == [0, july_ms]
    client.post(f"{FACTS}/remove", data={"valid_from_ms": str(july_ms), "who": "cell"})
    assert [one.valid_from_ms for one in registry.facts_of(lived.engine, METER)] == [0]
    told = [line.what for line in audit.lines(lived.engine, METER, 3)]
    assert told == ["facts_removed", "facts_changed", "facts_entered"]


def test_facts_corrected_within_their_day_keep_their_instant(client: TestClient, lived: Centre) -> None:
    noon_ms = (day_start_s(date(2026, 6, 1), TZ) + 12 * 3600) * 1000
    MeterEditor(lived.engine, lived.series, By("cell", NOW_MS)).enter_facts(MeterFacts(METER, noon_ms, 6))
    client.post(FACTS, data=facts_form(instead_of=str(noon_ms)))
    assert [one.valid_from_ms for one in registry.facts_of(lived.engine, METER)] == [0, noon_ms]
    client.post(FACTS, data=facts_form(valid_from="", multiplier="40", unit="", instead_of="0"))
    ever = registry.facts_of(lived.engine, METER)[0]
    assert (ever.valid_from_ms, ever.multiplier, ever.source) == (0, 40.0, "letter")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"who": ""}, "Say who you are"),
        ({"valid_from": "soon"}, "is no day"),
        ({"multiplier": "0"}, "above 0"),
        ({"multiplier": "x"}, "no number"),
        ({"digits": "1.5"}, "no whole number"),
        ({"unit": "m3"}, "that unit"),
    ],
)
def test_facts_that_cannot_be_are_told_and_what_was_typed_stays(client, lived, changed, told) -> None:
    answer = client.post(f"{FACTS}?lang=en", data=facts_form(**changed))
    assert answer.status_code == 422
    assert told in answer.text
    assert '<details id="facts" open>' in answer.text
    assert 'maxlength="500" value="letter"' in answer.text
    assert len(registry.facts_of(lived.engine, METER)) == 1


@pytest.mark.parametrize(
    "path",
    [
        SWAPS,
        f"{SWAPS}/remove",
        FACTS,
        f"{FACTS}/remove",
        f"/meters/{METER}/proposals/dismiss",
        f"/meters/{METER}/shares",
        f"/meters/{METER}/shares/remove",
        "/buildings/tournesol/shares",
        "/buildings/tournesol/shares/remove",
    ],
)
def test_another_site_changes_nothing(client: TestClient, lived: Centre, path: str) -> None:
    before = audit.lines(lived.engine)
    answer = client.post(path, data=form() | {"name": "noord", "part": "100"}, headers={"Sec-Fetch-Site": "same-site"})
    assert answer.status_code == 403
    assert audit.lines(lived.engine) == before


@pytest.mark.parametrize(
    "path", ["/meters/x/life-cycle", "/meters/x/reading", "/meters/x/shares", "/buildings/x/shares"]
)
def test_what_is_not_there_is_told(reading: TestClient, path: str) -> None:
    assert reading.get(path).status_code == 404
