"""Chance that depends on seed, name and moment only: the same whatever span is asked, in whatever order."""

from functools import cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats, Seconds


def uniform(seed: int, name: str, number: Seconds) -> Floats:
    """One draw in [0, 1) for each number (a day, an hour, a quarter-hour counted from 1970).

    >>> draws = uniform(7, "water", np.arange(4))
    >>> bool(draws[2] == uniform(7, "water", np.array([2]))[0])
    True
    """
    return (_bits(seed, name, number) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal(seed: int, name: str, number: Seconds) -> Floats:
    """One standard normal draw for each number, by Box and Muller's transform.

    >>> round(float(normal(7, "load", np.arange(100_000)).std()), 2)
    1.0
    """
    radius = np.sqrt(-2.0 * np.log1p(-uniform(seed, f"{name}/radius", number)))
    return np.asarray(radius * np.cos(2.0 * np.pi * uniform(seed, f"{name}/angle", number)))


def lognormal(seed: int, name: str, number: Seconds, sigma: float) -> Floats:
    """Factors with mean 1; sigma: standard deviation of their logarithm."""
    logarithm = sigma * normal(seed, name, number) - sigma**2 / 2
    return np.asarray(np.exp(logarithm))


def wandering(seed: int, name: str, number: Seconds, memory: float) -> Floats:
    """A standard normal first-order autoregression over whole numbers; memory: correlation of two neighbours, 0...1.

    number: rising whole numbers without holes. Written as the sum of the last shocks, so that it has no beginning.
    """
    lags = int(np.ceil(np.log(1e-4) / np.log(memory)))
    shocks = normal(seed, name, np.arange(number[0] - lags, number[-1] + 1))
    total = np.zeros(len(number))
    for lag in range(lags + 1):
        total += memory**lag * shocks[lags - lag : len(shocks) - lag]
    return np.asarray(total * np.sqrt(1.0 - memory**2))


def poisson(seed: int, name: str, number: Seconds, mean: Floats) -> Floats:
    """How many of the events that come at random with this mean fall on each number; 0 where the mean is 0."""
    draw = uniform(seed, name, number)
    probability = np.exp(-mean)
    reached = probability.copy()
    count = np.zeros(len(mean))
    most = int(np.ceil(mean.max(initial=0.0) * 2 + 12))
    for events in range(1, most + 1):
        count += draw >= reached
        probability = probability * mean / events
        reached += probability
    return count


def _bits(seed: int, name: str, number: Seconds) -> NDArray[np.uint64]:
    # splitmix64 (Steele, Lea, Flood 2014): a counter in, well mixed bits out; overflow is meant.
    mixed = number.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + _key(seed, name)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


@cache
def _key(seed: int, name: str) -> np.uint64:
    return np.uint64(int.from_bytes(blake2b(f"{seed}/{name}".encode(), digest_size=8).digest(), "little"))
