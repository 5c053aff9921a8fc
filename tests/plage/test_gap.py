"""What a meter's unit weighs in the gap to the target."""

from plagewatch import plage_progress
from plagewatch.plage.gap import target_gap
from plagewatch.store.records import registry

from .conftest import House


def test_gas_weighs_its_calorific_value_and_the_gap_is_forecast_above_target(engine, series, one_building, now_s, fill):
    fill(series, House())
    assessment = plage_progress.assess(engine, series, one_building, now_s)
    assert assessment.figures is not None
    meters = {meter.id: meter for meter in registry.meters(engine)}
    gap = target_gap(assessment, meters, registry.shares(engine))
    assert gap is not None
    # From July 2025 on a cubic metre of the sample's gas holds 11.5 kWh; both carriers count kWh for kWh.
    assert gap.to_target == {"wzc-linde.gas": 11.5, "wzc-linde.elec": 1.0}
    above = assessment.figures.forecast_kwh - assessment.figures.target_kwh
    assert gap.gap_kwh == max(0.0, above)


def test_without_figures_there_is_no_gap(engine, series, one_building, now_s, fill):
    fill(series, House(without_weather=range(400)))
    assessment = plage_progress.assess(engine, series, one_building, now_s)
    assert target_gap(assessment, {}, ()) is None
