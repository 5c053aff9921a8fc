"""The target in the neutral model (docs/decisions/0004): effort on the normalised reference use of each zone."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from plagewatch.metering.meters import Carrier
from plagewatch.plage.parameters import EffortScale, Parameters, Refused, Shape
from plagewatch.plage.portfolio import Portfolio, Zone, ZoneUse
from plagewatch.savings.degree_days import Method
from plagewatch.tickets.texts import N_


@dataclass(frozen=True, slots=True)
class DegreeDayRule:
    """How degree days are counted here, and what a normal year has [K·d]."""

    base_c: float
    method: Method
    normal: float
    reference: float  # of the reference year

    def factor(self, degree_days: float) -> float:
        """What heating use is multiplied by to become that of a normal year; Refused where there was no winter."""
        if not degree_days > 0:
            text = N_("A year of {degree_days} degree days cannot be brought to a normal one.")
            raise Refused("no_degree_days", text, degree_days=degree_days)
        return self.normal / degree_days


@dataclass(frozen=True, slots=True)
class UseTarget:
    """What one carrier of a zone may use in a normal year, weighted with the carrier's factor [kWh]."""

    carrier: Carrier
    carrier_factor: float
    heated_share: float
    reference_kwh: float  # normalised and weighted
    heated_kwh: float  # the part of the target that follows the weather
    steady_kwh: float  # the part that does not

    @property
    def target_kwh(self) -> float:
        """Both parts."""
        return self.heated_kwh + self.steady_kwh


@dataclass(frozen=True, slots=True)
class ZoneTarget:
    """A zone's share in the target."""

    building: str
    zone: str
    reference_kwh: float
    specific_kwh_m2: float
    effort: float
    uses: tuple[UseTarget, ...]

    @property
    def target_kwh(self) -> float:
        """What the zone may use in a normal year."""
        return sum(use.target_kwh for use in self.uses)


@dataclass(frozen=True, slots=True)
class Target:
    """The organisation's target: the sum of its zones' shares."""

    zones: tuple[ZoneTarget, ...]

    @property
    def kwh(self) -> float:
        """What may be used in a normal year."""
        return sum(zone.target_kwh for zone in self.zones)

    @property
    def reference_kwh(self) -> float:
        """What was used in the reference year, normalised and weighted."""
        return sum(zone.reference_kwh for zone in self.zones)


def degree_day_rule(portfolio: Portfolio, on: date) -> DegreeDayRule:
    """The way of counting in force on a day.

    Normal and reference carry base and method in their names, so that two ways can never be mixed.
    """
    parameters = portfolio.parameters
    base_c = parameters.number("degree_day_base_c", on)
    method = parameters.choice("degree_day_method", on)
    if method not in [known.value for known in Method]:
        text = N_("Parameter {name}: “{value}” is not one of {known}.")
        raise Refused("parameter_unknown_choice", text, name="degree_day_method", value=method, known=", ".join(Method))
    way = f"{base_c:g}.{method}"
    return DegreeDayRule(
        base_c,
        Method(method),
        parameters.number(f"degree_days_normal.{way}", on),
        parameters.number(f"degree_days_year.{way}.{portfolio.reference_year}", on),
    )


def normalised_kwh(kwh: float, heated_share: float, factor: float) -> float:
    """Use of a year as it would have been in a normal one: C_nonheat + C_heat × DD_normal / DD [kWh].

    kwh: measured. heated_share: part that follows the weather, 0...1. factor: DD_normal / DD of that year.

    >>> round(normalised_kwh(100_000, 0.85, 1902 / 1739), 1)
    107967.2
    """
    return kwh * ((1 - heated_share) + heated_share * factor)


def effort(scale: EffortScale, specific_kwh_m2: float) -> float:
    """The reduction asked at a specific consumption, 0...1.

    A step holds from its point up to the next one; a linear scale goes straight between points and stays level after
    the last.
    """
    starts, efforts = zip(*scale.points, strict=True)
    if scale.shape is Shape.LINEAR:
        return float(np.interp(specific_kwh_m2, starts, efforts))
    return float(efforts[int(np.searchsorted(starts, specific_kwh_m2, side="right")) - 1])


def target_of(portfolio: Portfolio, on: date) -> Target:
    """The target with the parameters in force on a day. Raises Refused where one is missing."""
    rule = degree_day_rule(portfolio, on)
    parameters = portfolio.parameters
    return Target(
        tuple(
            _zone_target(building.id, zone, rule, parameters, on)
            for building in portfolio.buildings
            for zone in building.zones
        )
    )


def _zone_target(building: str, zone: Zone, rule: DegreeDayRule, parameters: Parameters, on: date) -> ZoneTarget:
    factors = {use.carrier: parameters.number(f"carrier_factor.{use.carrier.value}", on) for use in zone.uses}
    to_normal = rule.factor(rule.reference)
    reference_kwh = sum(
        factors[u.carrier] * normalised_kwh(u.reference_kwh, u.heated_share, to_normal) for u in zone.uses
    )
    specific_kwh_m2 = reference_kwh / zone.floor_area_m2
    asked = effort(parameters.scale(zone.category, on), specific_kwh_m2)
    uses = tuple(_use_target(use, factors[use.carrier], to_normal, asked) for use in zone.uses)
    return ZoneTarget(building, zone.id, reference_kwh, specific_kwh_m2, asked, uses)


def _use_target(use: ZoneUse, carrier_factor: float, to_normal: float, asked: float) -> UseTarget:
    heated_kwh = carrier_factor * use.reference_kwh * use.heated_share * to_normal
    steady_kwh = carrier_factor * use.reference_kwh * (1 - use.heated_share)
    return UseTarget(
        use.carrier,
        carrier_factor,
        use.heated_share,
        heated_kwh + steady_kwh,
        (1 - asked) * heated_kwh,
        (1 - asked) * steady_kwh,
    )
