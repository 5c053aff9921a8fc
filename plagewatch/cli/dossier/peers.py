"""What others make of the same hours: last week, profiles of the hour of the week, CAMBER, PyOD's isolation forest.

CAMBER and PyOD are in the dependency group `peers`; where they are not installed their rows are missing, and said so.
"""

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from plagewatch.metering.intervals import Floats
from plagewatch.validation.injecting import Read
from plagewatch.validation.scoring import HOUR_S

WEEK_H = 168
MAD_TO_SIGMA = 1.4826
LEAST_SCALE_SHARE = 0.02  # of the mean use: a profile without any spread would make every hour infinite
FIRST_FORECAST_WEEK = 4


@dataclass(frozen=True, slots=True)
class Peer:
    """Another detector. sees: what it looks at. package: what must be installed, and by which name it is imported.

    scores: hours on an unbroken grid from a start [s since 1970 UTC] on -> score of each; NaN = not judged.
    """

    name: str
    sees: str
    scores: Callable[[int, Floats], Floats]
    package: str | None = None
    module: str | None = None

    @property
    def there(self) -> bool:
        """Whether it can be run here."""
        return self.module is None or find_spec(self.module) is not None


@dataclass(frozen=True, slots=True)
class PeerScores:
    """Scores by meter on its own hours, and the processor time of a meter-year [s]."""

    scores: Mapping[str, Read]
    cpu_s: float


def judged(peer: Peer, read: Mapping[str, Read]) -> PeerScores:
    """What a peer makes of meters, each for itself."""
    scores: dict[str, Read] = {}
    hours = 0
    began_s = time.process_time()
    for meter, (start_s, amount) in read.items():
        grid = np.full((int(start_s[-1]) - int(start_s[0])) // HOUR_S + 1, np.nan)
        place = (start_s - start_s[0]) // HOUR_S
        grid[place] = amount
        said = peer.scores(int(start_s[0]), grid)[place]
        scores[meter] = start_s[np.isfinite(said)], said[np.isfinite(said)]
        hours += len(grid)
    return PeerScores(scores, (time.process_time() - began_s) * 8766 / hours if hours else float("nan"))


def hour_of_week_past(start_s: int, amount: Floats) -> Floats:
    """Deviation from the median of the same hour in the last 8 weeks, in their median deviations."""
    del start_s
    weeks = _weeks(amount)
    score = np.full(weeks.shape, np.nan)
    for week in range(4, len(weeks)):
        score[week] = _deviation(weeks[week], weeks[max(0, week - 8) : week], float(np.nanmean(weeks[:week])))
    return score.ravel()[: len(amount)]


def hour_of_week_whole(start_s: int, amount: Floats) -> Floats:
    """The same with the median of all weeks there are, later ones too."""
    del start_s
    weeks = _weeks(amount)
    return np.asarray(_deviation(weeks, weeks, float(np.nanmean(weeks))).ravel()[: len(amount)], np.float64)


def week_before(start_s: int, amount: Floats) -> Floats:
    """Difference from the same hour a week before, in the median difference of the 8 weeks before that."""
    del start_s
    off = np.abs(_weeks(amount)[1:] - _weeks(amount)[:-1])
    score = np.full((len(off) + 1, WEEK_H), np.nan)
    for week in range(4, len(off)):
        usual = MAD_TO_SIGMA * float(np.nanmedian(off[max(0, week - 8) : week]))
        score[week + 1] = off[week] / usual if usual > 0 else np.nan
    return score.ravel()[: len(amount)]


def camber_forecast(start_s: int, amount: Floats) -> Floats:
    """CAMBER's seasonal forecast of each week from all before it; residuals in deviations of the earlier ones."""
    import pandas as pd
    from camber.forecast import seasonal_forecast

    index = pd.date_range(pd.Timestamp(start_s, unit="s"), periods=len(amount), freq="h")
    series = pd.Series(amount, index=index)
    residual, score = np.full(len(amount), np.nan), np.full(len(amount), np.nan)
    for begin in range(FIRST_FORECAST_WEEK * WEEK_H, len(amount), WEEK_H):
        here = slice(begin, begin + WEEK_H)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of hours of the week it has not seen
            forecast = seasonal_forecast(series.iloc[:begin].dropna(), index[here])
        residual[here] = amount[here] - np.asarray(forecast, np.float64)
        earlier = residual[:begin]
        if np.isfinite(earlier).sum() >= 2 * WEEK_H:
            score[here] = _robust(residual[here], earlier)
    return score


def isolation_forest(start_s: int, amount: Floats) -> Floats:
    """PyOD's isolation forest over ten features of the whole year."""
    from pyod.models.iforest import IForest

    known = np.isfinite(amount)
    forest: Any = IForest(random_state=0)
    forest.fit(_features(start_s, amount)[known])
    score = np.full(len(amount), np.nan)
    score[known] = forest.decision_scores_
    return score


PEERS = (
    Peer("same hour last week", "past", week_before),
    Peer("hour of week, 8 weeks back", "past", hour_of_week_past),
    Peer("hour of week, whole year", "whole year", hour_of_week_whole),
    Peer("CAMBER forecast, weekly", "past", camber_forecast, "camber-toolkit", "camber"),
    Peer("PyOD IForest, 10 features", "whole year", isolation_forest, "pyod", "pyod"),
)


def _weeks(amount: Floats) -> Floats:
    weeks = -(-len(amount) // WEEK_H)
    return np.concatenate([amount, np.full(weeks * WEEK_H - len(amount), np.nan)]).reshape(weeks, WEEK_H)


def _deviation(amount: Floats, of: Floats, level: float) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # an hour of the week that was never measured stays NaN
        usual = np.nanmedian(of, axis=0)
        spread = MAD_TO_SIGMA * np.nanmedian(np.abs(of - usual), axis=0)
    return np.asarray(np.abs(amount - usual) / np.maximum(spread, LEAST_SCALE_SHARE * level), np.float64)


def _robust(values: Floats, earlier: Floats) -> Floats:
    middle = np.nanmedian(earlier)
    spread = MAD_TO_SIGMA * np.nanmedian(np.abs(earlier - middle))
    return np.abs(values - middle) / spread if spread > 0 else np.full(len(values), np.nan)


def _features(start_s: int, amount: Floats) -> Floats:
    hour = (start_s // HOUR_S + np.arange(len(amount))) % 24
    weekday = (start_s // 86_400 + 3 + (start_s % 86_400 // HOUR_S + np.arange(len(amount))) // 24) % 7
    weeks = _weeks(amount)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        usual = np.broadcast_to(np.nanmedian(weeks, axis=0), weeks.shape).ravel()[: len(amount)]
    filled = np.where(np.isfinite(amount), amount, usual)
    filled = np.where(np.isfinite(filled), filled, np.nanmean(amount))
    day = np.lib.stride_tricks.sliding_window_view(np.concatenate([np.full(23, filled[0]), filled]), 24)
    columns = [filled, filled - np.where(np.isfinite(usual), usual, filled)]
    columns += [filled - np.concatenate([filled[:back], filled[:-back]]) for back in (1, 24, WEEK_H)]
    columns += [day.mean(axis=1), day.std(axis=1)]
    columns += [np.sin(2 * np.pi * hour / 24), np.cos(2 * np.pi * hour / 24), (weekday >= 5).astype(np.float64)]
    return np.stack(columns, axis=1)
