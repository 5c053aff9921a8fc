"""The page, the picture and the data of PLAGE, in three languages and with what can be missing."""

import pytest
from fastapi.testclient import TestClient

from api.app import AppContext, create_app
from collector.preview import FAMILY_NAMES, preview

from .conftest import House


@pytest.fixture
def browse(engine, series, one_building, now_s, fill):
    def opened(house: House | None) -> TestClient:
        if house is not None:
            fill(series, house)
        context = AppContext(
            engine,
            series,
            list,
            lambda: now_s,
            one_building,
            "http://here",
            lambda ticket, language: "",
            lambda ticket, meter, language: "",
            lambda ticket, language: [],
            preview,
            FAMILY_NAMES,
        )
        return TestClient(create_app(context), base_url="http://127.0.0.1")

    return opened


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "nl",
            ("neutraal model, niet de officiële berekening", "Doelstelling voor een jaar", "Boete, vóór"),
        ),
        ("fr", ("modèle neutre, pas le calcul officiel", "Objectif pour un an", "Amende, avant indexation")),
        ("en", ("neutral model, not the official computation", "Target of a year", "Fine, before indexation")),
    ],
)
def test_page_says_what_it_is_and_shows_every_parameter(browse, one_building, language, said):
    page = browse(House()).get(f"/plage?lang={language}")
    assert page.status_code == 200
    for text in said:
        assert text in page.text
    for parameter in one_building.parameters.all:
        assert parameter.name in page.text
        assert parameter.source in page.text
    assert "nan" not in page.text.lower().replace("finan", "")


def test_page_shows_the_figures_of_the_data(browse):
    client = browse(House())
    figures = client.get("/api/v1/plage").json()["figures"]
    page = client.get("/plage?lang=en").text
    assert f"{figures['fine_eur']:,.0f} EUR" in page
    assert f"{figures['normalised_kwh']:,.0f} kWh" in page
    assert "+" in page
    assert "100%" in page


def test_page_without_figures_says_why_and_draws_nothing(browse):
    client = browse(House(without_gas=range(1, 201)))
    page = client.get("/plage?lang=fr")
    assert page.status_code == 200
    assert "Compteur wzc-linde.gas" in page.text
    assert "chart.svg" not in page.text
    assert client.get("/plage/chart.svg").status_code == 404
    told = client.get("/api/v1/plage").json()
    assert told["figures"] is None
    assert told["refusals"][0]["code"] == "coverage_too_low"
    assert told["buildings"][0]["gap_kwh"] is None


def test_page_of_an_empty_store(browse):
    page = browse(None).get("/plage?lang=nl")
    assert page.status_code == 200
    assert "staat niet in het register" in page.text


def test_chart_is_a_picture_in_both_sizes(browse):
    client = browse(House())
    pictures = {size: client.get(f"/plage/chart.svg?size={size}") for size in ("tablet", "phone")}
    for picture in pictures.values():
        assert picture.headers["content-type"].startswith("image/svg+xml")
        assert "</svg>" in picture.text
    assert pictures["tablet"].text != pictures["phone"].text
    assert client.get("/plage/chart.svg?size=wall").status_code == 422
