"""An assessment in words and as data: lines for the command line, JSON for programs."""

from datetime import timedelta
from math import isfinite

from plagewatch.number_words import UNKNOWN, amount_text, percent_text
from plagewatch.plage.assessment import Assessment, BuildingLine, Figures
from plagewatch.plage.parameters import EffortScale, Parameter, Refusal
from plagewatch.plage.portfolio import CadastreBuilding, Zone, ZoneUse
from plagewatch.words import words


def kwh_text(value: float, language: str) -> str:
    """An energy in kWh, whole, or a dash.

    >>> kwh_text(1234567.8, "nl"), kwh_text(float("nan"), "nl")
    ('1.234.568 kWh', '– kWh')
    """
    return f"{amount_text(round(value), language) if isfinite(value) else UNKNOWN} kWh"


def eur_text(value: float, language: str) -> str:
    """An amount of money in whole euro, or a dash.

    >>> eur_text(6000.4, "fr").replace("\\u202f", " ").replace("\\xa0", " "), eur_text(float("nan"), "fr")
    ('6 000 EUR', '– EUR')
    """
    return f"{amount_text(round(value), language) if isfinite(value) else UNKNOWN} EUR"


def refusal_text(refusal: Refusal, language: str) -> str:
    """Why something was not computed, in a language."""
    values = {
        name: value
        if isinstance(value, str)
        else percent_text(value, language)
        if name.endswith("_share")
        else amount_text(value, language)
        for name, value in refusal.values.items()
    }
    return words(language).gettext(refusal.text).format(**values)


def status_lines(assessment: Assessment, language: str) -> list[str]:
    """What `plagewatch plage status` prints, line by line."""
    say = words(language).gettext
    organisation = assessment.portfolio.organisation
    last_day = assessment.end_day - timedelta(days=1)
    lines = [
        f"{organisation.name} · PLAGE · {assessment.first_day.isoformat()} – {last_day.isoformat()}",
        say("A neutral model of the PLAGE, not the official computation."),
    ]
    if assessment.figures is None:
        lines += [say("Not computed:"), *(f"  {refusal_text(refusal, language)}" for refusal in assessment.refusals)]
    else:
        lines += _figure_lines(assessment.figures, language)
    lines += ["", say("Buildings, largest gap to their share of the target first:")]
    lines += [_building_line(line, language) for line in assessment.buildings]
    lines += ["", say("Parameters:")]
    lines += [f"  {_parameter_line(parameter)}" for parameter in assessment.portfolio.parameters.all]
    lines += [f"  {_scale_line(scale)}" for scale in assessment.portfolio.parameters.scales]
    return lines


def as_json(assessment: Assessment) -> dict[str, object]:
    """The assessment as data that JSON can hold: a figure that is not known is null, days are ISO dates."""
    parameters = assessment.portfolio.parameters
    organisation = assessment.portfolio.organisation
    return {
        "organisation": organisation.id,
        "name": organisation.name,
        "model": "neutral model, not the official computation",
        "first_day": assessment.first_day.isoformat(),
        "end_day": assessment.end_day.isoformat(),
        "reference_year": assessment.portfolio.reference_year,
        "figures": None if assessment.figures is None else _figures_json(assessment.figures),
        "refusals": [_refusal_json(refusal) for refusal in assessment.refusals],
        "buildings": [_building_json(line) for line in assessment.buildings],
        "reference_uses": [_use_json(*use) for use in assessment.portfolio.uses()],
        "parameters": [_parameter_json(parameter) for parameter in parameters.all],
        "effort_scales": [_scale_json(scale) for scale in parameters.scales],
    }


def _figure_lines(figures: Figures, language: str) -> list[str]:
    say = words(language).gettext

    def kwh(value: float) -> str:
        return kwh_text(value, language)

    lines = [
        say("Target of a year: {kwh}").format(kwh=kwh(figures.target_kwh)),
        say("Last 365 days, brought to a normal year: {kwh} (as counted {counted})").format(
            kwh=kwh(figures.normalised_kwh), counted=kwh(figures.actual_kwh)
        ),
        say("Measured: {share}").format(share=percent_text(figures.coverage, language)),
    ]
    if figures.filled_kwh > 0:
        lines.append(say("Filled in for days that are missing: {kwh}").format(kwh=kwh(figures.filled_kwh)))
    if figures.bridged_days:
        lines.append(say("Days whose temperature was bridged: {days}").format(days=figures.bridged_days))
    return lines + [
        say("Since 1 January: {kwh}, the target until now {target}").format(
            kwh=kwh(figures.result_to_date_kwh), target=kwh(figures.target_to_date_kwh)
        ),
        say("Forecast of the calendar year: {kwh}").format(kwh=kwh(figures.forecast_kwh)),
        say("Above the target: {kwh}").format(kwh=kwh(figures.year.excess_kwh)),
        say("Fine before indexation: {eur}").format(eur=eur_text(figures.year.fine_eur, language)),
    ]


def _building_line(line: BuildingLine, language: str) -> str:
    if line.refusals:
        return f"  {line.name}: {' '.join(refusal_text(refusal, language) for refusal in line.refusals)}"
    sign = "+" if line.gap_kwh > 0 else ""
    return f"  {line.name}: {sign}{kwh_text(line.gap_kwh, language)} ({percent_text(line.coverage, language)})"


def _parameter_line(parameter: Parameter) -> str:
    value = parameter.value if isinstance(parameter.value, str) else f"{parameter.value:g}"
    since = parameter.valid_from.isoformat()
    return f"{parameter.name} = {value} {parameter.unit}; {since}; {parameter.standing.value}: {parameter.source}"


def _scale_line(scale: EffortScale) -> str:
    points = ", ".join(f"≥ {start:g} kWh/m2: {effort:.1%}" for start, effort in scale.points)
    since = scale.valid_from.isoformat()
    return f"effort.{scale.category} ({scale.shape.value}) = {points}; {since}; {scale.standing.value}: {scale.source}"


def _number(value: float) -> float | None:
    return value if isfinite(value) else None


def _figures_json(figures: Figures) -> dict[str, object]:
    fields = (
        "target_kwh reference_kwh tolerance rate_eur_kwh actual_kwh normalised_kwh filled_kwh coverage degree_days"
        " degree_days_normal bridged_days result_to_date_kwh target_to_date_kwh forecast_kwh"
    )
    return {
        **{name: _number(getattr(figures, name)) for name in fields.split()},
        "excess_kwh": _number(figures.year.excess_kwh),
        "fine_eur": _number(figures.year.fine_eur),
        "period_excess_kwh": _number(figures.period.excess_kwh),
        "period_fine_eur": _number(figures.period.fine_eur),
    }


def _refusal_json(refusal: Refusal) -> dict[str, object]:
    return {"code": refusal.code, "sentence": refusal.sentence, "values": dict(refusal.values)}


def _building_json(line: BuildingLine) -> dict[str, object]:
    return {
        "building": line.id,
        "name": line.name,
        "categories": list(line.categories),
        "floor_area_m2": line.floor_area_m2,
        "reference_kwh": line.reference_kwh,
        "target_kwh": line.target_kwh,
        "normalised_kwh": _number(line.normalised_kwh),
        "gap_kwh": _number(line.gap_kwh),
        "coverage": _number(line.coverage),
        "refusals": [_refusal_json(refusal) for refusal in line.refusals],
    }


def _use_json(building: CadastreBuilding, zone: Zone, use: ZoneUse) -> dict[str, object]:
    return {
        "building": building.id,
        "zone": zone.id,
        "category": zone.category,
        "floor_area_m2": zone.floor_area_m2,
        "carrier": use.carrier.value,
        "reference_kwh": use.reference_kwh,
        "heated_share": use.heated_share,
        "meters": [{"meter": link.meter, "share": link.share} for link in use.meters],
        "source": use.source,
        "standing": use.standing.value,
    }


def _parameter_json(parameter: Parameter) -> dict[str, object]:
    return {
        "name": parameter.name,
        "value": parameter.value,
        "unit": parameter.unit,
        "source": parameter.source,
        "valid_from": parameter.valid_from.isoformat(),
        "standing": parameter.standing.value,
        "note": parameter.note,
    }


def _scale_json(scale: EffortScale) -> dict[str, object]:
    return {
        "category": scale.category,
        "shape": scale.shape.value,
        "points": [list(point) for point in scale.points],
        "source": scale.source,
        "valid_from": scale.valid_from.isoformat(),
        "standing": scale.standing.value,
    }
