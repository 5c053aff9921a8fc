"""The portfolio file: the sample holds what it promises, and a fault is told with its place."""

from pathlib import Path

import pytest

from plagewatch.plage.parameters import Standing
from plagewatch.plage.portfolio import PortfolioError, parse
from plagewatch.plage.target import target_of
from simulators.centre import BUILDINGS

from .conftest import SAMPLE, TODAY

TEXT = SAMPLE.read_text(encoding="utf-8")


def test_the_sample_is_the_simulated_centre(sample):
    assert [(b.id, b.name, b.floor_area_m2, b.zones[0].category) for b in sample.buildings] == [
        (b.id, b.name, b.floor_area_m2, b.use.value) for b in BUILDINGS
    ]
    assert sample.floor_area_m2 == 50_420
    assert [m.meter for _, _, use in sample.uses() for m in use.meters] == [
        f"{b.id}.{what}" for b in BUILDINGS for what in ("gas", "elec")
    ]


def test_the_sample_claims_no_law(sample):
    standings = {p.standing for p in sample.parameters.all} | {s.standing for s in sample.parameters.scales}
    assert Standing.LAW not in standings
    assert all(use.standing is Standing.SAMPLE for _, _, use in sample.uses())


def test_the_sample_asks_for_less_than_was_used(sample):
    target = target_of(sample, TODAY)
    assert 0.85 < target.kwh / target.reference_kwh < 0.97


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ('id = "cpas-ocmw"', "", ["organisation", "`id`", "missing"]),
        ('body = "other_public"', 'body = "club"', ["`body`", "'club'", "authority"]),
        ("reference_year = 2018", 'reference_year = "2018"', ["`reference_year`", "number"]),
        ("floor_area_m2 = 6200", "floor_area_m2 = 0", ["wzc-linde", "zones", "`floor_area_m2`"]),
        ("floor_area_m2 = 6200", "floor_area_m2 = -1", ["`floor_area_m2`", "between 0"]),
        ("floor_area_m2 = 6200", "floor_area = 6200", ["`floor_area_m2`", "missing"]),
        ("heated_share = 0.75", "heated_share = 75", ["wzc-linde", "gas", "`heated_share`", "between 0 and 1"]),
        ("heated_share = 0.75", "heated_share = true", ["`heated_share`", "number"]),
        ('carrier = "gas"', 'carrier = "coal"', ["`carrier`", "'coal'"]),
        ('standing = "published"\nnote', 'standing = "sure"\nnote', ["`standing`", "'sure'"]),
        ("valid_from = 2019-07-01", 'valid_from = "2019-07-01"', ["`valid_from`", "without quotes"]),
        ("end = 2025-07-01", "end = 2024-07-01", ["phases", "programming", "`end`"]),
        ("points = [[0, 0.04], [150", "points = [[10, 0.04], [150", ["effort_scales", "care_home", "`points`"]),
        ("points = [[0, 0.04], [150", "points = [[0, 1.04], [150", ["`points`", "below 1"]),
        ("points = [[0, 0.04], [150", "points = [[0], [150", ["`points`", "pairs"]),
        ('source = "none: no tolerance', 'sauce = "none: no tolerance', ["tolerance", "`source`", "missing"]),
        ('gas_station = "brussels"', 'gas_station = "brussels"\ngas = 1', ["wzc-linde", "`gas`", "unknown key"]),
        ('id = "mrs-tournesol"', 'id = "wzc-linde"', ["wzc-linde", "2 times"]),
        ("valid_from = 2022-09-01", "valid_from = 2018-01-01", ["gcv_kwh_m3.brussels", "2 times"]),
        (
            'meters = [{ id = "wzc-linde.gas", share = 1.0 }]',
            'meters = [{ id = "wzc-linde.elec", share = 1.0 }]',
            ["wzc-linde.elec", "above 1"],
        ),
    ],
)
def test_a_fault_is_told_with_its_place(was, becomes, told):
    assert was in TEXT
    with pytest.raises(PortfolioError) as error:
        parse(TEXT.replace(was, becomes, 1))
    for part in told:
        assert part in str(error.value)


def test_what_is_no_toml_is_told_with_line_and_column():
    with pytest.raises(PortfolioError, match=r"line 2, column"):
        parse("reference_year = 2018\n[organisation\n")


def test_a_table_that_is_missing_is_named():
    cut = TEXT[: TEXT.index("[[buildings]]")]
    with pytest.raises(PortfolioError, match="buildings"):
        parse(cut)


def test_the_documentation_names_every_parameter(sample):
    text = (Path(__file__).parents[2] / "docs" / "plage.md").read_text(encoding="utf-8")
    for parameter in sample.parameters.all:
        assert f"`{parameter.name.partition('.')[0]}" in text
