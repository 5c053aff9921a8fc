from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from plagewatch.metering.intervals import Intervals
from plagewatch.solar.sun import clear_sky_ghi, towards_sun
from rules.detectors import solar_dead, solar_gap, solar_loss, solar_night
from rules.detectors.case import Case, Facts, HourlyWeather
from rules.detectors.verdicts import Judgement, MeterHours, NotJudged, Verdicts

Array = NDArray[np.float64]
HOUR_S, DAY_S = 3600, 86_400
PLACE = (50.85, 4.35)
SPRING = datetime(2026, 3, 1, tzinfo=UTC)
AUTUMN = datetime(2025, 9, 1, tzinfo=UTC)
DETECTORS: dict[str, tuple[Callable[[Case, Any], Judgement], Any]] = {
    "loss": (solar_loss.judge, solar_loss.SolarLoss()),
    "dead": (solar_dead.judge, solar_dead.SolarDead()),
    "night": (solar_night.judge, solar_night.SolarNight()),
    "gap": (solar_gap.judge, solar_gap.SolarGap()),
}
by_detector = pytest.mark.parametrize("name", DETECTORS)


@dataclass(frozen=True)
class Sky:
    """Invented hours of a sky over Brussels: start_s, irradiance [W/m2]; every third day is cloudy."""

    start_s: NDArray[np.int64]
    ghi: Array

    def plant(self, kwp: float = 10.0) -> Array:
        return kwp * self.ghi / 1000

    def at(self, day: int, hour: int = 0) -> int:
        return 24 * day + hour


def sky(days: int = 150, begin: datetime = SPRING, seed: int = 1) -> Sky:
    start_s = int(begin.timestamp()) + HOUR_S * np.arange(24 * days, dtype=np.int64)
    clear = clear_sky_ghi(towards_sun(start_s + 1800, *PLACE)[0])
    random = np.random.default_rng(seed)
    cloudy = np.repeat(np.arange(days) % 3 == 2, 24)
    through = np.where(cloudy, random.uniform(0.1, 0.9, len(start_s)), random.normal(1.0, 0.01, len(start_s)))
    return Sky(start_s, clear * through)


def hours(over: Sky, made: Array, tz: str = "Europe/Brussels", interval_s: int = 900) -> MeterHours:
    upto_s = int(over.start_s[-1]) + HOUR_S
    return MeterHours.on_grid(Intervals.measured(over.start_s, made), upto_s, tz, "kWh", interval_s)


def case(over: Sky, made: Array, *beside: Array, ghi: bool = False, temp_c: Array | float | None = None) -> Case:
    weather = None
    if ghi or temp_c is not None:
        temperature = np.broadcast_to(15.0 if temp_c is None else temp_c, over.ghi.shape)
        weather = HourlyWeather(np.array(temperature), over.ghi if ghi else np.full(len(over.ghi), np.nan))
    alike = [hours(over, amount) for amount in beside]
    facts = Facts(latitude=PLACE[0], longitude=PLACE[1])
    return Case(hours(over, made), weather=weather, facts=facts, others={"alike": alike} if alike else {})


def judge(name: str, of: Case) -> Judgement:
    detector, parameters = DETECTORS[name]
    return detector(of, parameters)


def told(name: str, of: Case) -> Verdicts:
    """The verdicts that open or carry a ticket with full score."""
    judgement = judge(name, of)
    assert isinstance(judgement, Verdicts), judgement
    return judgement.where(judgement.abnormal & (judgement.score >= 1))


def days_after(verdicts: Verdicts, over: Sky, day: int) -> float:
    return (int(verdicts.known_s[0]) - int(over.start_s[24 * day])) / DAY_S


@pytest.mark.parametrize("with_what", ["own past", "weather", "neighbours"])
def test_a_loss_of_a_third_is_told_within_a_week_and_none_without_one(with_what: str) -> None:
    over = sky()
    beside = [over.plant(30.0)] if with_what == "neighbours" else []
    healthy = over.plant()
    lossy = healthy.copy()
    lossy[over.at(120) :] *= 0.67
    for made, found in ((healthy, False), (lossy, True)):
        verdicts = told("loss", case(over, made, *beside, ghi=with_what == "weather"))
        assert bool(len(verdicts)) == found
        if found:
            assert 1 < days_after(verdicts, over, 120) <= 7
            assert int(verdicts.since_s[0]) >= int(over.start_s[over.at(119)])
            # The own past carries the rise of spring on into the summer and expects too much.
            tolerance = 6 if with_what == "own past" else 3
            assert verdicts.numbers["made_pct"][0] == pytest.approx(67, abs=tolerance)
            assert verdicts.numbers["major"][0] == 0


def test_what_was_lost_is_counted_over_the_sunny_days_of_the_row() -> None:
    """The neighbour and the plant are alike, so each sunny day lost is what the neighbour made less what it made."""
    over = sky()
    made = over.plant()
    made[over.at(120) :] *= 0.5
    verdicts = told("loss", case(over, made, over.plant()))
    days = int(verdicts.numbers["sunny_days"][0])
    first = (int(verdicts.since_s[0]) - int(over.start_s[0])) // DAY_S + 1
    by_day = over.plant().reshape(-1, 24).sum(axis=1)
    # At most the days of the row, of which a cloudy one does not count.
    assert verdicts.numbers["lost_kwh"][0] <= 0.5 * by_day[first - 1 : first + days + 1].sum() + 1
    assert verdicts.numbers["lost_kwh"][0] >= 0.45 * np.sort(by_day[120:123])[:days].sum()
    assert verdicts.numbers["major"][0] == 1


def test_one_string_of_six_is_found_by_the_neighbours() -> None:
    over = sky()
    made = over.plant()
    made[over.at(120) :] *= 5 / 6
    verdicts = told("loss", case(over, made, over.plant(25.0), over.plant(7.0)))
    assert days_after(verdicts, over, 120) <= 12
    assert verdicts.numbers["compared_with"][0] == solar_loss.NEIGHBOURS


def test_what_befalls_the_neighbours_too_is_no_loss_of_one_plant() -> None:
    over = sky()
    made = over.plant()
    made[over.at(120) :] *= 0.5
    assert not len(told("loss", case(over, made, made * 3)))


def snowed_in(over: Sky, day: int, days: int = 9) -> Array:
    """Nothing for some days, then more from day to day as the snow slides."""
    made = over.plant()
    for at in range(days):
        melted = max(0.0, (at - days / 2) / (days / 2))
        made[over.at(day + at) : over.at(day + at + 1)] *= 0.02 + 0.9 * melted
    return made


@pytest.mark.parametrize("temp_c", [None, -3.0], ids=["season", "frost"])
@pytest.mark.parametrize("name", ["loss", "dead"])
def test_snow_is_no_fault(name: str, temp_c: float | None) -> None:
    over = sky(160, AUTUMN)
    assert not len(told(name, case(over, snowed_in(over, 120), temp_c=temp_c, ghi=temp_c is not None)))


def test_a_plant_that_stops_at_noon_is_told_when_the_hour_is_over() -> None:
    over = sky()
    for month, stops in (("summer", over.at(120, 11)), ("spring", over.at(40, 11))):
        made = over.plant()
        made[stops:] = 0
        verdicts = told("dead", case(over, made))
        assert int(verdicts.known_s[0]) == int(over.start_s[stops]) + HOUR_S, month
        assert int(verdicts.since_s[0]) == int(over.start_s[stops])


def test_a_sudden_stop_in_winter_is_no_snow() -> None:
    over = sky(160, AUTUMN)
    stops = over.at(120, 12)
    made = over.plant()
    made[stops:] = 0
    verdicts = told("dead", case(over, made, temp_c=-3.0))
    assert int(verdicts.known_s[0]) == int(over.start_s[stops]) + HOUR_S


def test_a_plant_that_did_not_wake_up_is_told_in_the_first_hour_of_daylight() -> None:
    over = sky()
    made = over.plant()
    made[over.at(120) :] = 0
    verdicts = told("dead", case(over, made))
    hour = (int(verdicts.known_s[0]) - int(over.start_s[over.at(120)])) / HOUR_S
    assert 5 <= hour <= 9  # the sun rises at 4 h UTC at the end of June and is 10 degrees high an hour and a half later
    assert (verdicts.known_s <= over.start_s[over.at(121)]).sum() >= 9


def test_zeros_of_all_meters_of_a_site_are_a_gap_and_no_dead_plant() -> None:
    over = sky()
    gap = slice(over.at(120, 20), over.at(122, 20))
    made, beside = over.plant() + 0.01, over.plant(30.0) + 0.01
    made[gap], beside[gap] = 0, 0
    assert not len(told("dead", case(over, made, beside)))
    verdicts = told("gap", case(over, made, beside))
    assert int(verdicts.known_s[0]) == int(over.start_s[gap.start]) + DAY_S
    assert verdicts.numbers["meters"][0] == 2
    beside[gap] = 0.01
    assert not len(told("gap", case(over, made, beside)))


def test_one_meter_alone_knows_of_no_gap() -> None:
    over = sky()
    judgement = judge("gap", case(over, over.plant()))
    assert isinstance(judgement, NotJudged)
    assert judgement.code == "no_neighbours"


def test_a_clock_that_jumps_shows_at_night_and_summer_time_does_not() -> None:
    over = sky()
    for shift_h, found in ((6, True), (1, False)):
        made = over.plant()
        made[over.at(100) :] = np.roll(made, shift_h)[over.at(100) :]
        verdicts = told("night", case(over, made))
        assert bool(len(verdicts)) == found
        if found:
            assert days_after(verdicts, over, 100) == pytest.approx(3, abs=0.1)


def troubled(over: Sky) -> Array:
    made = over.plant()
    made[over.at(60) : over.at(62)] = np.nan
    made[over.at(70, 12)] = -3
    made[over.at(80, 11) : over.at(80, 14)] = 0
    made[over.at(90) : over.at(110)] *= 0.6
    made[over.at(120) :] = np.roll(made, 6)[over.at(120) :]
    return made


@by_detector
@pytest.mark.parametrize("full", [True, False], ids=["with weather and neighbour", "alone"])
@pytest.mark.parametrize("cut", [24 * 50 + 7, 24 * 70 + 11, 24 * 80 + 13, 24 * 99, 24 * 122 + 23, 24 * 150 - 1])
def test_what_comes_later_changes_no_verdict(name: str, full: bool, cut: int) -> None:
    over = sky()
    late = over.plant(30.0)
    late[: over.at(75)] = np.nan
    beside = [troubled(over) * 2, late] if full else []
    whole = case(over, troubled(over), *beside, ghi=full)
    short = Sky(over.start_s[:cut], over.ghi[:cut])
    until = judge(name, case(short, troubled(over)[:cut], *(amount[:cut] for amount in beside), ghi=full))
    judgement = judge(name, whole)
    if isinstance(judgement, NotJudged):
        assert isinstance(until, NotJudged)
        return
    known = judgement.where(judgement.known_s <= int(over.start_s[cut - 1]) + HOUR_S)
    if isinstance(until, NotJudged):
        assert not len(known)
        return
    for field in ("start_s", "since_s", "score", "abnormal", "expected"):
        np.testing.assert_allclose(getattr(until, field), getattr(known, field), rtol=1e-9, err_msg=field)
    for key in until.numbers:
        np.testing.assert_allclose(until.numbers[key], known.numbers[key], rtol=1e-9, atol=1e-9, err_msg=key)


def bad(kind: str) -> Array:
    over = sky()
    made = over.plant()
    return {
        "gaps": np.full(len(made), np.nan),
        "zeros": np.zeros(len(made)),
        "one value": np.full(len(made), 3.0),
        "negative": -made,
        "three days": np.where(np.arange(len(made)) < 72, made, np.nan),
        "thousand times": np.where(np.arange(len(made)) < 24 * 100, made, made * 1000),
        "a thousandth": np.where(np.arange(len(made)) < 24 * 100, made, made / 1000),
        "future stamp": np.where((np.arange(len(made)) < 72) | (np.arange(len(made)) == len(made) - 12), made, np.nan),
    }[kind]


@by_detector
@pytest.mark.parametrize("beside", [True, False], ids=["beside another", "alone"])
@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("gaps", {"no_readings"}),
        ("zeros", {"never_moves", "too_short", "no_neighbours"}),
        ("one value", {"no_night", "no_neighbours"}),
        ("negative", {"negative", "no_neighbours"}),
        ("three days", {"too_short", "no_neighbours"}),
        ("thousand times", {"no_neighbours"}),
        ("a thousandth", {"no_neighbours"}),
        ("future stamp", {"too_short", "no_neighbours"}),
    ],
)
def test_bad_readings_give_a_reason_and_never_a_ticket(name: str, beside: bool, kind: str, codes: set[str]) -> None:
    over = sky()
    others = [over.plant(20.0)] if beside else []
    weatherless = case(over, bad(kind), *others)
    blind = np.full(len(over.ghi), np.nan)
    for of in (weatherless, replace(weatherless, weather=HourlyWeather(blind, blind))):
        judgement = judge(name, of)
        if isinstance(judgement, NotJudged):
            assert judgement.code in codes
            assert judgement.sentence.format(**judgement.numbers)
        else:
            assert not (judgement.abnormal & (judgement.score >= 1)).any()


@by_detector
def test_no_hour_at_all_and_daily_readings_give_a_reason(name: str) -> None:
    over = sky(3)
    nothing = MeterHours(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.bool_), "Europe/Brussels", "kWh")
    coarse = hours(over, over.plant(), interval_s=DAY_S)
    for of, code in ((nothing, "no_readings"), (coarse, "too_coarse")):
        judgement = judge(name, Case(of))
        assert isinstance(judgement, NotJudged)
        assert judgement.code == code


def test_a_clock_that_was_never_the_suns_leaves_the_weather_to_judge() -> None:
    over = sky()
    made = np.roll(over.plant(), 8)
    lossy = made.copy()
    lossy[over.at(120) :] *= 0.6
    ghi = np.roll(over.ghi, 8)
    for amount, found in ((made, False), (lossy, True)):
        of = replace(case(over, amount, ghi=True), weather=HourlyWeather(np.full(len(ghi), 15.0), ghi))
        assert bool(len(told("loss", of))) == found
