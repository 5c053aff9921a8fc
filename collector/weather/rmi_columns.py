"""The open data of the Belgian Royal Meteorological Institute as CSV: which column is what, and what a stamp means.

Documented at https://opendata.meteo.be/documentation/?dataset=aws&lang=en and ...?dataset=synop&lang=en. All stamps
are UTC. `AWS` of 10 minutes and of an hour: means over the time before the stamp. `AWS` of a day: means of the UTC day
whose midnight is the stamp. `SYNOP`: hourly, and an instant (one minute's mean, ten minutes before the stamp).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from plagewatch.store.names import GHI_WM2, HUMIDITY_PCT, TEMP_C

LICENCE = "CC BY 4.0"
CODE, STAMP, PLACE, FLAGS = "code", "timestamp", "the_geom", "qc_flags"


class Layer(StrEnum):
    """What a row is a mean of."""

    BEFORE = "before"  # the time since the row before
    DAY = "day"
    INSTANT = "instant"


FIELDS: Mapping[Layer, Mapping[str, str]] = {
    Layer.BEFORE: {
        "temp_dry_shelter_avg": TEMP_C,
        "short_wave_from_sky_avg": GHI_WM2,
        "humidity_rel_shelter_avg": HUMIDITY_PCT,
    },
    Layer.DAY: {"temp_avg": TEMP_C, "short_wave_from_sky_avg": GHI_WM2, "humidity_rel_shelter_avg": HUMIDITY_PCT},
    # Their radiation is a sum over 24 hours, which says nothing about an hour.
    Layer.INSTANT: {"temp": TEMP_C, "humidity_relative": HUMIDITY_PCT},
}

_POINT = re.compile(r"POINT ?\( ?(-?\d+(?:\.\d+)?) (-?\d+(?:\.\d+)?) ?\)")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where things stand in the rows of a file."""

    layer: Layer
    code: int
    stamp: int
    fields: Mapping[str, int]  # our field -> column
    names: Mapping[str, str]  # our field -> their name
    place: int | None
    flags: int | None


def columns_of(header: Sequence[str]) -> Columns | None:
    """The columns of a header; None where it is none of the institute's observations.

    >>> columns_of(["FID", "code", "timestamp", "temp_avg"]).layer.value
    'day'
    >>> columns_of(["site", "start", "temp_c"]) is None
    True
    """
    # A name may come with the layer's prefix: `aws:temp_avg`.
    place_of = {cell.strip().strip('"').lower().rpartition(":")[2]: place for place, cell in enumerate(header)}
    if CODE not in place_of or STAMP not in place_of:
        return None
    for layer, fields in FIELDS.items():
        found = {ours: theirs for theirs, ours in fields.items() if theirs in place_of}
        if TEMP_C in found:
            return Columns(
                layer,
                place_of[CODE],
                place_of[STAMP],
                {ours: place_of[theirs] for ours, theirs in found.items()},
                found,
                place_of.get(PLACE),
                place_of.get(FLAGS),
            )
    return None


def place_in(text: str) -> tuple[float, float] | None:
    """Latitude and longitude [°] of a point as the institute writes it, latitude first; None where there is none.

    >>> place_in("POINT (50.980293 3.816003)")
    (50.980293, 3.816003)
    """
    found = _POINT.search(text)
    return (float(found[1]), float(found[2])) if found else None


def unvalidated(text: str, names: Mapping[str, str]) -> bool:
    """Whether the institute says of one of these columns that nobody has validated it yet.

    >>> unvalidated('{"validated": {"TEMP_AVG": false}}', {"temp_c": "temp_avg"}), unvalidated("", {})
    (True, False)
    """
    try:
        flags = json.loads(text) if text.strip() else {}
        validated = flags.get("validated", {})
        return any(validated.get(name.upper(), True) is False for name in names.values())
    except (ValueError, AttributeError):
        return False  # flags that we do not know say nothing
