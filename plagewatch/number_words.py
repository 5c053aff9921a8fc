"""Numbers, dates and ages as people of a language read them. A figure that is not known is a dash, never a 0."""

import re
from datetime import datetime
from math import ceil, floor, isnan, log10

from babel import Locale
from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_decimal

from plagewatch.metering.local_time import zone

UNKNOWN = "–"
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:[kM]Wh?|m³|l/h|°C|%)(?!\w))")
_LOCALES = {"nl": Locale("nl", "BE"), "fr": Locale("fr", "BE"), "en": Locale("en", "GB")}


def locale(language: str) -> Locale:
    """The Belgian locale of a language; British English for one that we do not speak."""
    return _LOCALES.get(language, _LOCALES["en"])


def amount_text(value: float, language: str) -> str:
    """An amount with three figures that count, more only before the decimal point.

    >>> amount_text(1234.5, "nl"), amount_text(18.34, "en"), amount_text(0.18349, "nl"), amount_text(float("nan"), "nl")
    ('1.235', '18.3', '0,183', '–')
    """
    if isnan(value):
        return UNKNOWN
    decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    # Half up, as people round by hand; Babel's half to even would show 1.234 here.
    return _decimal(floor(value * 10**decimals + 0.5) / 10**decimals, decimals, language)


def axis_text(value: float, step: float, language: str) -> str:
    """The label of an axis whose ticks are `step` apart.

    >>> axis_text(0.5, 0.25, "fr"), axis_text(5000.0, 2500.0, "en")
    ('0,5', '5,000')
    """
    return _decimal(value, max(0, 1 - floor(log10(step))), language)


def percent_text(share: float, language: str) -> str:
    """A share as a percentage; nearly all is never shown as all, nor nearly nothing as nothing.

    >>> percent_text(0.9996, "nl"), percent_text(1.0, "nl"), percent_text(0.001, "en"), percent_text(float("nan"), "nl")
    ('99,9%', '100%', '0.1%', '–')
    """
    if isnan(share):
        return UNKNOWN
    percent = share * 100
    if 99 < percent < 100 - 1e-7:
        return _percent(floor(percent * 10) / 10, language)
    if 1e-7 < percent < 1:
        return _percent(ceil(percent * 10) / 10, language)
    return _percent(round(percent), language)


def change_text(share: float, language: str) -> str:
    """A change with its sign.

    >>> change_text(0.123, "nl"), change_text(-0.04, "en"), change_text(0.0, "nl"), change_text(float("nan"), "en")
    ('+12%', '−4%', '±0%', '–')
    """
    if isnan(share):
        return UNKNOWN
    whole = round(abs(share) * 100)
    sign = "±" if whole == 0 else "+" if share > 0 else "−"
    return sign + _percent(whole, language)


def time_text(at_s: int, tz: str, language: str, pattern: str = "EEE d MMM, HH:mm") -> str:
    """An instant in local time, by a Babel pattern.

    >>> time_text(1_795_168_800, "Europe/Brussels", "nl")
    'vr 20 nov, 11:00'
    """
    return format_datetime(datetime.fromtimestamp(at_s, zone(tz)), pattern, locale=locale(language))


def age_text(age_s: float | None, language: str) -> str:
    """A length of time, in the unit a person would use.

    >>> age_text(7200, "nl"), age_text(30 * 3600, "en"), age_text(None, "nl")
    ('2 uur', '30 hours', '–')
    """
    if age_s is None or isnan(age_s):
        return UNKNOWN
    if 86_400 <= age_s < 2 * 86_400:
        return format_timedelta(int(age_s), granularity="hour", threshold=2, locale=locale(language))
    return format_timedelta(max(int(age_s), 60), granularity="minute", threshold=1, locale=locale(language))


def unit_text(unit: str) -> str:
    """A unit as it is written for people.

    >>> unit_text("m3"), unit_text("W/m2"), unit_text("kWh")
    ('m³', 'W/m²', 'kWh')
    """
    return unit.replace("m3", "m³").replace("m2", "m²")


def held_text(text: str) -> str:
    r"""A sentence whose numbers stay on one line with their units.

    >>> held_text("1.397 m³ per jaar, 18,4 °C, 3 nights")
    '1.397\xa0m³ per jaar, 18,4\xa0°C, 3 nights'
    """
    return _BEFORE_UNIT.sub("\u00a0", text)


def _decimal(value: float, decimals: int, language: str) -> str:
    pattern = "#,##0." + "#" * decimals if decimals else "#,##0"
    return format_decimal(value, format=pattern, locale=locale(language))


def _percent(percent: float, language: str) -> str:
    figure = _decimal(percent, 1, language)
    return f"{figure}\u00a0%" if language == "fr" else f"{figure}%"
