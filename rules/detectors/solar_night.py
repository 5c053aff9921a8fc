"""Production at night: a clock that went wrong, or a current transformer the wrong way round."""

from dataclasses import dataclass

import numpy as np

from rules.detectors.case import Case
from rules.detectors.history import before, quantile
from rules.detectors.solar_days import SunDays, said
from rules.detectors.verdicts import Judgement, Verdicts, unfit


@dataclass(frozen=True, slots=True)
class SolarNight:
    """What night is and how much is too much.

    dark: most that the plant made at an hour, the two before and the two after it, on nearly all of the last days, as a
    share of its best hour, for the hour to be night. too_much: mean of a night's hours, as a share of the best hour.
    days, rest_days: how many days are looked back at, and how many of the newest are left out. nights: how many in a
    row. least_hours: fewer hours of night known: no verdict.
    """

    dark: float = 0.01
    too_much: float = 0.02
    days: int = 28
    rest_days: int = 7
    nights: int = 3
    least_hours: int = 3


def judge(case: Case, parameters: SolarNight) -> Judgement:
    """A verdict for each day, known when it is over; see `Verdicts`. The score is the run of nights over those needed.

    Night is learned from the plant's own past, so a clock that was always wrong is not told here, and one hour of
    summer time more or less is none.
    """
    refused = unfit(case.hours)
    if refused is not None:
        return refused
    days = SunDays.of(case.hours)
    past = before(days.made, parameters.days + parameters.rest_days)[..., : parameters.days]
    best = quantile(past.reshape(len(past), -1), 1.0, least=24 * 10)
    quiet = quantile(past, 0.95, least=10) <= parameters.dark * best[:, None]
    around = np.pad(quiet, ((0, 0), (2, 2)), mode="wrap")
    night = quiet & np.all([around[:, at : at + 24] for at in range(5)], axis=0) & np.isfinite(days.made)
    hours = night.sum(axis=1)
    mean = np.where(night, days.made, 0.0).sum(axis=1) / np.maximum(hours, 1)
    end_s = days.start_s[:, 23]
    able = (best > 0) & (hours >= parameters.least_hours) & (end_s <= case.hours.start_s[-1])
    share = mean[able] / best[able]
    over = share > parameters.too_much
    place = np.arange(1, len(over) + 1)
    run = place - np.maximum.accumulate(np.where(over, 0, place)) if len(over) else place
    begin_s = days.start_s[able, 0]
    verdicts = Verdicts(
        start_s=end_s[able],
        since_s=begin_s[place - np.maximum(run, 1)] if len(over) else end_s[able],
        score=run / parameters.nights,
        abnormal=over,
        expected=np.zeros(len(over)),
        numbers={"night_kwh": mean[able], "best_hour_kwh": best[able], "nights": run.astype(np.float64)},
    )
    return said(verdicts, case.hours)
