"""Green certificates of a solar installation in Brussels: how many a production earns, and what they were worth.

A certificate stands for 217 kg of CO2 avoided against a reference plant of 55 % (BRUGEL, Sibelga). The rate is frozen
on the day the installation was commissioned and holds for ten years; it counts gross production, what is used on site
included. Rates that we could not read are refused, never guessed.
"""

from dataclasses import dataclass
from datetime import date

from plagewatch.plage.parameters import Refused
from plagewatch.tickets.texts import N_

CO2_PER_CERTIFICATE_KG = 217.0
REFERENCE_EFFICIENCY = 0.55
GRANTED_YEARS = 10

BRUGEL = "BRUGEL and Sibelga, multipliers of 2013-2020, read 2026"
MB_2022 = "ministerial decree, Belgian official gazette of 27 September 2022"
POLARSUN = "an installer's page (polarsun.be), one source only"


@dataclass(frozen=True, slots=True)
class Rate:
    """Certificates per MWh for more than `above_kwp`, up to `upto_kwp`, commissioned in [first, after).

    Whether an edge belongs to the class below or above it was not found everywhere; here it belongs below.
    """

    first: date
    after: date
    above_kwp: float
    upto_kwp: float
    cv_per_mwh: float
    source: str


def _rates(first: date, after: date, source: str, *classes: tuple[float, float, float]) -> tuple[Rate, ...]:
    return tuple(Rate(first, after, above, upto, cv, source) for above, upto, cv in classes)


MOST_KWP = float("inf")
RATES: tuple[Rate, ...] = (
    *_rates(date(2013, 1, 1), date(2021, 1, 1), BRUGEL, (0, 5, 3.0), (5, MOST_KWP, 2.4)),
    *_rates(date(2021, 1, 1), date(2022, 1, 1), POLARSUN,
            (0, 36, 2.4), (36, 100, 1.9), (100, 250, 1.6), (250, MOST_KWP, 1.3)),
    *_rates(date(2023, 1, 1), date(2023, 10, 13), MB_2022,
            (0, 5, 1.9), (5, 36, 1.8), (36, 100, 1.7), (100, 250, 1.4), (250, MOST_KWP, 1.2)),
)  # fmt: skip

RATE_MISSING = N_(
    "The certificate rate of {kwp} kWp commissioned on {day} was not found: take it from the certification decision."
)


def rate_of(multiplier: float) -> float:
    """Certificates per MWh of a multiplier [1/MWh]: multiplier / 0.55.

    >>> round(rate_of(1.65), 3), round(rate_of(1.045), 3)
    (3.0, 1.9)
    """
    return multiplier / REFERENCE_EFFICIENCY


def multiplier_of(cv_per_mwh: float) -> float:
    """The multiplier behind a rate; the opposite of `rate_of`.

    >>> round(multiplier_of(2.055), 5)
    1.13025
    """
    return cv_per_mwh * REFERENCE_EFFICIENCY


def rate_at(commissioned: date, kwp: float) -> Rate:
    """The rate of an installation. Raises Refused `certificate_rate_missing` where none was found.

    >>> rate_at(date(2019, 5, 1), 80.0).cv_per_mwh
    2.4
    """
    for rate in RATES:
        if rate.first <= commissioned < rate.after and rate.above_kwp < kwp <= rate.upto_kwp:
            return rate
    raise Refused("certificate_rate_missing", RATE_MISSING, kwp=kwp, day=commissioned.isoformat())


def certificates(gross_production_kwh: float, cv_per_mwh: float) -> float:
    """Certificates for a gross production, parts included: the rounding rule was not found.

    >>> certificates(1000.0, 3.0)  # whatever part of it was used on site
    3.0
    """
    return gross_production_kwh / 1000.0 * cv_per_mwh


def avoided_co2_t(production_kwh: float, factor_kg_kwh: float) -> float:
    """CO2 that a production avoids [t], by a factor of the electricity it replaces [kg/kWh].

    >>> round(avoided_co2_t(28_332.0, 0.388))
    11
    """
    return production_kwh * factor_kg_kwh / 1000.0


REFERENCE_FACTOR_KG_KWH = CO2_PER_CERTIFICATE_KG / REFERENCE_EFFICIENCY / 1000.0
"""CO2 of a kWh of the reference plant: 217 kg/MWh of gas at 55 % [kg/kWh]."""
