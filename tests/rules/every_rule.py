"""Every rule and every detector, and invented meters for them: healthy, eventful, cut short, broken."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.calendars.entered import EnteredDays, OpeningHours
from plagewatch.metering.intervals import Intervals
from plagewatch.metering.local_time import local_day
from plagewatch.solar.sun import clear_sky_ghi, towards_sun
from rules import catalogue, detectors
from rules.catalogue import Rule
from rules.detectors import after_works, comfort, heat_and_cold, stopped
from rules.detectors.case import Case, DayKinds, Facts, FineSteps, HourlyWeather
from rules.detectors.day_kinds import day_kinds
from rules.detectors.verdicts import Judgement, MeterHours
from tests.rules.heated import daily_use, outdoor_c
from tests.rules.invented import DAY_S, HOUR_S, START_S, hours_of, household_water, office_load

BRUSSELS = (50.85, 4.35)
OFFICE = EnteredDays([OpeningHours("s", weekday, 8, 18) for weekday in range(5)])
QUARTER_S = 900
DAYS, YEARS = 150, 800
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """What judges, in which module, and the kind of meter it judges."""

    id: str
    judge: Callable[[Case], Judgement]
    module: str
    kind: str


KINDS = {"electricity": "power", "water": "water", "solar": "solar", "gas": "heat", "cooling": "cooling"}
ROOMS = {"cold_room": "care room", "cool_room": "office room"}


def subjects() -> list[Subject]:
    """All rules of the catalogue, with those that are left out of it, and the detectors that have no rule."""
    rules = {value.id: value for part in modules(catalogue) for value in vars(part).values() if isinstance(value, Rule)}
    found = [Subject(rule.id, rule.judge, type(rule.parameters).__module__, kind_of(rule)) for rule in rules.values()]
    alone: dict[str, tuple[Any, Any, str]] = {
        "after_works": (after_works, after_works.AfterWorks(), "heat"),
        "heat_and_cold": (heat_and_cold, heat_and_cold.HeatAndCold(), "cooling"),
        "cold_room": (comfort, comfort.ColdRoom(), "care room"),
        "cool_room": (comfort, comfort.ColdRoom(), "office room"),
        "stopped_in_the_cold": (stopped, stopped.Stopped(below_c=12.0), "water"),
    }
    for name, (module, parameters, kind) in alone.items():
        if name not in rules:
            found.append(Subject(name, partial(_judged, module.judge, parameters), module.__name__, kind))
    return found


def _judged(judge: Callable[[Case, Any], Judgement], parameters: Any, case: Case) -> Judgement:
    return judge(case, parameters)


def judging() -> set[str]:
    """Names of the modules of detectors that judge."""
    return {module.__name__ for module in modules(detectors) if hasattr(module, "judge")}


def modules(package: ModuleType) -> list[ModuleType]:
    return [importlib.import_module(f"{package.__name__}.{one.name}") for one in pkgutil.iter_modules(package.__path__)]


def kind_of(rule: Rule) -> str:
    carriers = {carrier.value for carrier in rule.carriers}
    return ROOMS.get(rule.id) or next(kind for carrier, kind in KINDS.items() if carrier in carriers)


# ---------------------------------------------------------------- healthy meters


def healthy(kind: str) -> Case:
    """A meter with nothing wrong, with all that a rule may need: days, weather, quarters, facts, meters beside it."""
    amount, unit = made(kind)
    hours = hours_of(amount, unit)
    if kind == "heat":  # its days are those of its temperatures: 24 hours each, and no holidays
        hours = replace(hours, tz="Etc/GMT-1")
    days = len(amount) // 24
    random = np.random.default_rng(11)
    load = replace(hours, amount=office_load(days, seed=4), unit="kWh")
    alike = replace(hours, amount=2 * amount * random.normal(1, 0.01, len(amount)))
    parts = [replace(hours, amount=share * amount * random.normal(1, 0.05, len(amount))) for share in (0.3, 0.5)]
    first, last = (local_day(int(hours.start_s[place]), hours.tz) for place in (0, -1))
    return Case(
        hours,
        days=day_kinds(first, last, hours.tz, [OFFICE]),
        weather=weather(hours),
        fine=quarters(hours, 24 * (days - 60)),
        facts=Facts(500.0, 10.0, *BRUSSELS, works_s=(int(hours.start_s[-24 * 110]),), warm=kind != "office room"),
        others={
            "parts": parts,
            "alike": [alike],
            "load": [load],
            "heating": [replace(load, amount=np.where(np.arange(len(amount)) % 24 < 8, 20.0, 1.0))],
            "indoor": [replace(load, amount=np.full(len(amount), 23.0), unit="°C")],
        },
        told=np.zeros(len(amount), np.bool_),
    )


def made(kind: str) -> tuple[Array, str]:
    """Hours from START_S on, and their unit."""
    hour = np.arange(24 * DAYS)
    random = np.random.default_rng(7)
    match kind:
        case "power":
            return office_load(DAYS), "kWh"
        case "water":  # a trickle at night: a little more or less in each hour
            return household_water(DAYS) + random.uniform(0.002, 0.004, len(hour)), "m3"
        case "solar":
            return 0.01 * sun_wm2(START_S + HOUR_S * hour), "kWh"
        case "cooling":
            return np.where(hour % 24 >= 12, 15.0, 2.0) * random.normal(1, 0.02, len(hour)), "kWh"
        case "care room" | "office room":
            return 23.0 + random.uniform(-0.3, 0.3, len(hour)), "°C"
        case "heat":
            noise = random.normal(1, 0.02, 24 * YEARS)
            return np.repeat(daily_use(outdoor_c(YEARS)) / 24, 24) * noise, "kWh"
    raise AssertionError(kind)


def sun_wm2(start_s: NDArray[np.int64]) -> Array:
    """Irradiance over Brussels; every third day is cloudy."""
    clear = clear_sky_ghi(towards_sun(start_s + 1800, *BRUSSELS)[0])
    cloudy = (start_s - START_S) // DAY_S % 3 == 2
    random = np.random.default_rng(1)
    return clear * np.where(cloudy, random.uniform(0.1, 0.9, len(clear)), random.normal(1, 0.01, len(clear)))


def weather(hours: MeterHours) -> HourlyWeather:
    days = len(hours) // 24
    return HourlyWeather(np.repeat(outdoor_c(days), 24), sun_wm2(hours.start_s))


def quarters(hours: MeterHours, first: int) -> FineSteps:
    """Quarter-hours from an hour on, with the same amounts."""
    start_s = int(hours.start_s[first]) + QUARTER_S * np.arange(4 * (len(hours) - first), dtype=np.int64)
    return FineSteps(start_s, np.repeat(hours.amount[first:] / 4, 4), QUARTER_S)


# ---------------------------------------------------------------- with other amounts


def with_amount(case: Case, amount: Array) -> Case:
    """The same meter with other amounts; it is read wherever they are known."""
    hours = replace(case.hours, amount=amount, seen=np.isfinite(amount))
    fine = None if case.fine is None else quarters(hours, int(np.searchsorted(hours.start_s, case.fine.start_s[0])))
    return replace(case, hours=hours, fine=fine)


def eventful(kind: str) -> Case:
    """A meter with gaps, a flat line, too much, too little, a standstill; with facts and a movement set aside."""
    case = healthy(kind)
    amount = case.hours.amount.copy()
    late = len(amount) - 24 * 50
    amount[200:230] = np.nan
    amount[late : late + 12] = amount[late]
    amount[late + 100 : late + 130] *= 3
    amount[late + 24 * 10 : late + 24 * 20] *= 1.6
    amount[late + 24 * 20 + 3 : late + 24 * 24] = 0.0
    amount[late + 24 * 30 + 10 :] *= 0.5
    amount[late + 24 * 33 + 1 : late + 24 * 33 + 5] = np.nan
    told = case.hours.start_s % (7 * DAY_S) < 5 * HOUR_S
    half_s = int(case.hours.start_s[late])
    facts = replace(
        case.facts,
        contracted_kw=60.0,
        exchanged_s=(half_s + 5 * DAY_S,),
        quarantined_s=np.array([half_s + 900, half_s + 30 * DAY_S]),
        jumps=np.array([70.0, 9.0]),
    )
    return replace(with_amount(case, amount), facts=facts, told=told)


def cut(case: Case, at_s: int) -> Case:
    """What was known of a meter at a moment: the hours, quarters and days up to it, and what was entered by then."""
    count = int(((case.hours.start_s + HOUR_S) <= at_s).sum())
    facts, fine, days = case.facts, case.fine, case.days
    known = facts.quarantined_s < at_s
    facts = replace(
        facts,
        works_s=tuple(each for each in facts.works_s if each < at_s),
        exchanged_s=tuple(each for each in facts.exchanged_s if each < at_s),
        quarantined_s=facts.quarantined_s[known],
        jumps=facts.jumps[known],
    )
    if fine is not None:
        over = fine.start_s + fine.step_s <= at_s
        fine = FineSteps(fine.start_s[over], fine.amount[over], fine.step_s) if over.any() else None
    if days is not None:
        days = _days_until(days, case.hours, count)
    return replace(only(case, slice(0, count)), facts=facts, fine=fine, days=days)


def only(case: Case, keep: slice) -> Case:
    """Some of the hours of a meter, and of what lies beside them."""

    def of(hours: MeterHours) -> MeterHours:
        return replace(hours, start_s=hours.start_s[keep], amount=hours.amount[keep], seen=hours.seen[keep])

    assert case.weather is not None
    assert case.told is not None
    return replace(
        case,
        hours=of(case.hours),
        weather=HourlyWeather(case.weather.temp_c[keep], case.weather.ghi_wm2[keep]),
        others={name: [of(one) for one in meters] for name, meters in case.others.items()},
        told=case.told[keep],
    )


def _days_until(days: DayKinds, hours: MeterHours, count: int) -> DayKinds:
    known = local_day(int(hours.start_s[count - 1]), hours.tz).toordinal() - days.first_day + 1
    bridge = None if days.bridge is None else days.bridge[:known]
    return DayKinds(days.first_day, days.rest[:known], days.open_from_h[:known], days.open_to_h[:known], bridge)


# ---------------------------------------------------------------- broken meters

FROM_DAY = 50
"""So many days before its end a meter changes."""


def broken(kind: str, how: str) -> Case:
    """A meter of which the figures are no good."""
    case = healthy(kind)
    amount = case.hours.amount
    late = np.arange(len(amount)) >= len(amount) - 24 * FROM_DAY
    match how:
        case "all gaps":
            return with_amount(case, amount * np.nan)
        case "no whole hour":  # read, but NaN: never wholly measured
            gaps = with_amount(case, amount * np.nan)
            return replace(gaps, hours=replace(gaps.hours, seen=np.ones(len(amount), np.bool_)))
        case "all zeros":
            return with_amount(case, amount * 0)
        case "constant":
            return with_amount(case, np.full(len(amount), float(np.mean(amount))))
        case "one value":
            return replace(only(case, slice(-1, None)), fine=None)
        case "negative":
            return with_amount(case, -amount)
        case "three days old":
            return replace(cut(case, START_S + 3 * DAY_S), fine=None)
        case "another unit":
            return with_amount(case, np.where(late, 1000 * amount, amount))
        case "zeros of all":
            dead = with_amount(case, np.where(late, 0.0, amount))
            beside = {
                name: [replace(one, amount=np.where(late, 0.0, one.amount)) for one in meters]
                for name, meters in case.others.items()
            }
            return replace(dead, others=beside)
        case "future stamps":
            return stamped_ahead(case)
        case "no weather":
            return replace(case, weather=None)
        case "blind weather":
            nothing = np.full(len(amount), np.nan)
            return replace(case, weather=HourlyWeather(nothing, nothing))
    raise AssertionError(how)


def stamped_ahead(case: Case) -> Case:
    """Readings with stamps of next year among the others, and facts of which the time has not come."""
    ahead_s = case.now_s + 365 * DAY_S
    start_s = np.concatenate([case.hours.start_s, ahead_s + HOUR_S * np.arange(5, dtype=np.int64)])
    amount = np.concatenate([case.hours.amount, np.full(5, 1e6)])
    hours = case.hours
    read = MeterHours.on_grid(Intervals.measured(start_s, amount), case.now_s, hours.tz, hours.unit, hours.interval_s)
    facts = replace(
        case.facts,
        works_s=(*case.facts.works_s, ahead_s),
        exchanged_s=(ahead_s,),
        quarantined_s=np.array([ahead_s]),
        jumps=np.array([1.0]),
    )
    return replace(case, hours=read, facts=facts)
