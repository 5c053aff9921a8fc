"""Whose weather counts for a site: each hour has exactly one source, that of the assignment in force when it begins."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

EARTH_KM = 6371.0088  # mean radius, IUGG


class Source(StrEnum):
    """Where hours of weather come from."""

    OWN = "own"  # sensors of the centre at the site, and files that somebody imported for it
    FILE = "file"  # of the own hours, those that a file told
    OPEN_METEO = "open-meteo"
    RMI = "rmi"


FETCHED = (Source.OPEN_METEO, Source.RMI)
"""Sources that are asked over the network; the hours of each stand in a series of their own."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A site takes its weather from a source, from an instant on until the next assignment of the site."""

    site: str
    source: Source
    station: str = ""  # the source's own code; empty where it goes by coordinates
    valid_from_s: int = 0
    who: str = ""
    at_ms: int = 0


@dataclass(frozen=True, slots=True)
class InForce:
    """[start_s, end_s) and what counts there; None where nobody assigned anything."""

    start_s: int
    end_s: int
    assignment: Assignment | None


def in_force(assignments: Iterable[Assignment], start_s: int, end_s: int) -> list[InForce]:
    """What counts at one site when, over [start_s, end_s): without gap or overlap, so that no hour has two sources.

    >>> made = [Assignment("s", Source.OPEN_METEO), Assignment("s", Source.OWN, valid_from_s=7200)]
    >>> [(span.start_s, span.end_s, span.assignment.source.value) for span in in_force(made, 0, 10800)]
    [(0, 7200, 'open-meteo'), (7200, 10800, 'own')]
    """
    by_time = sorted(assignments, key=lambda one: one.valid_from_s)
    bounds = [start_s, *(one.valid_from_s for one in by_time if start_s < one.valid_from_s < end_s), end_s]
    spans = []
    for first_s, last_s in zip(bounds, bounds[1:], strict=False):
        come = [one for one in by_time if one.valid_from_s <= first_s]
        if first_s < last_s:
            spans.append(InForce(first_s, last_s, come[-1] if come else None))
    return spans


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Great-circle distance of two places, each (latitude, longitude) [° WGS84].

    >>> round(distance_km((50.0, 4.0), (51.0, 4.0)), 1)
    111.2
    """
    latitude, other_latitude = math.radians(one[0]), math.radians(other[0])
    half_chord = (
        math.sin((other_latitude - latitude) / 2) ** 2
        + math.cos(latitude) * math.cos(other_latitude) * math.sin(math.radians(other[1] - one[1]) / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(math.sqrt(half_chord))
