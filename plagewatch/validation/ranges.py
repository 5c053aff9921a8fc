"""How far figures would move with other buildings: the same figures of buildings drawn again, with repetition."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

import numpy as np

from plagewatch.metering.intervals import Floats
from plagewatch.validation.scoring import Counts, Figures, JudgedMeter, counts, figures, ranked_precision

LOW_PCT, HIGH_PCT = 5.0, 95.0
PR_AUC = "pr_auc"


def ranges(meters: Sequence[JudgedMeter], draws: int = 1000, seed: int = 1) -> Mapping[str, tuple[float, float]]:
    """The 90 % range of `pr_auc` and of each of `Figures` over draws of as many meters as there are.

    Empty where there are fewer than two meters: one says nothing of others.
    """
    if len(meters) < 2:
        return {}
    of_meter = [counts(meter) for meter in meters]
    owner = np.concatenate([np.full(len(meter.start_s), n) for n, meter in enumerate(meters)])
    score = np.concatenate([meter.score for meter in meters])
    order = np.argsort(-score, kind="stable")
    abnormal = np.concatenate([meter.abnormal for meter in meters])[order]
    owner, score = owner[order], score[order]
    generator = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {}
    for _ in range(draws):
        times = np.bincount(generator.integers(0, len(meters), len(meters)), minlength=len(meters))
        weight = times[owner].astype(np.float64)
        drawn.setdefault(PR_AUC, []).append(ranked_precision(score, np.where(abnormal, weight, 0.0), weight))
        for name, value in _figures_of(of_meter, times.tolist()).items():
            drawn.setdefault(name, []).append(value)
    return {name: _range(np.array(values)) for name, values in drawn.items()}


def share_range(found: Sequence[bool], draws: int = 1000, seed: int = 1) -> tuple[float, float]:
    """The 90 % range of a share of cases, by drawing the cases again; NaN where there is none.

    >>> share_range([True] * 5)
    (1.0, 1.0)
    """
    if not len(found):
        return float("nan"), float("nan")
    cases = np.array(found, np.float64)
    place = np.random.default_rng(seed).integers(0, len(cases), (draws, len(cases)))
    return _range(cases[place].mean(axis=1))


def rate_range(
    number: Sequence[float], years: Sequence[float], draws: int = 1000, seed: int = 1
) -> tuple[float, float]:
    """The 90 % range of a number a year over meters drawn again; NaN for fewer than two: one says nothing of others."""
    if len(number) < 2:
        return float("nan"), float("nan")
    place = np.random.default_rng(seed).integers(0, len(number), (draws, len(number)))
    return _range(np.array(number)[place].sum(axis=1) / np.array(years)[place].sum(axis=1))


def _figures_of(of_meter: Sequence[Counts], times: Sequence[int]) -> dict[str, float]:
    together = figures([part for part, number in zip(of_meter, times, strict=True) for _ in range(number)])
    return {each.name: float(getattr(together, each.name)) for each in fields(Figures)}


def _range(values: Floats) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.percentile(known, [LOW_PCT, HIGH_PCT])
    return float(low), float(high)
