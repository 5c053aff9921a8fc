"""Figures out of the points in which InfluxDB has them, and which series of them there are."""

from collections.abc import Sequence
from typing import cast

import numpy as np

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.readings import Flow
from plagewatch.store.names import INTERVAL_FIELDS, KNOWN, TAG_CARRIER, TAG_FLOW, TAG_METER, known_field
from plagewatch.store.series.influx_answers import Found
from plagewatch.store.series.line_protocol import NS_PER_S, name_of_tag
from plagewatch.store.series.protocol import FiguresHeld, Points, PointsHeld

FIGURE_FIELDS = ", ".join((*INTERVAL_FIELDS, KNOWN))


def intervals(found: Sequence[Found]) -> Intervals:
    """The figures of the only series found; none where there is none."""
    for one in found:
        fields = {name: one.columns[name] for name in INTERVAL_FIELDS}
        fields["amount"] = np.where(one.columns[KNOWN] == 1.0, fields["amount"], np.nan)
        return Intervals(one.columns["time"] // NS_PER_S, **fields)
    return Intervals(np.zeros(0, np.int64), *(np.zeros(0) for _ in INTERVAL_FIELDS))


def points(found: Sequence[Found]) -> Points:
    """The rows of the only series found; none where there is none."""
    for one in found:
        known = {
            name: one.columns[known_field(name)] == 1.0 for name in one.columns if known_field(name) in one.columns
        }
        fields = {name: np.where(known[name], one.columns[name], np.nan) for name in known}
        return Points(one.columns["time"] // NS_PER_S, fields)
    return Points(np.zeros(0, np.int64), {})


def flow_of(found: Found) -> tuple[str, Flow]:
    """Meter and flow of a series of figures."""
    return name_of_tag(found.tags[TAG_METER]), cast(Flow, found.tags[TAG_FLOW])


def figures_held(resolution: Resolution, found: Sequence[Found]) -> list[FiguresHeld]:
    """Series of figures at one resolution, by meter and flow."""
    named = sorted((*flow_of(one), name_of_tag(one.tags[TAG_CARRIER])) for one in found)
    return [FiguresHeld(resolution, meter, carrier, flow) for meter, flow, carrier in named]


def points_held(measurement: str, found: Sequence[Found]) -> list[PointsHeld]:
    """Series of points of one measurement, by their tags."""
    named = sorted(sorted((tag, name_of_tag(value)) for tag, value in one.tags.items() if value) for one in found)
    return [PointsHeld(measurement, dict(tags)) for tags in named]
