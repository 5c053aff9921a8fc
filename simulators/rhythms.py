"""The course of a day by use of a building: numbers for the local hours 0 to 23, as people there live and work.

Electricity: share of the highest usual load. Heating: what of the need by the weather is let through (set-back).
Water and hot water: parts, of any size, by which the day's use is divided; 0 = nobody opens a tap.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from plagewatch.metering.meters import Use

Hours = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Rhythm:
    """One kind of day: 24 numbers each."""

    electricity: Hours
    heating: Hours
    water: Hours


@dataclass(frozen=True, slots=True)
class Habits:
    """How a use of building behaves. rest: Sundays and public holidays; saturday: None = as on a day of rest.

    hot_water_share, process_share: of the year's gas; they follow the water and the electricity, not the weather.
    summer_dip: how much less happens in July and August. draught_l: water of one opening of a tap or machine [l].
    unsteady: standard deviation of the logarithm of quarter-hours around the day's course.
    """

    work: Rhythm
    rest: Rhythm
    saturday: Rhythm | None = None
    hot_water_share: float = 0.02
    process_share: float = 0.0
    summer_dip: float = 0.0
    draught_l: float = 8.0
    unsteady: float = 0.06


def _steps(*parts: tuple[int, float]) -> Hours:
    """Levels that hold until an hour: (6, 0.3), (24, 1.0) is 0.3 up to 6 and 1.0 from then on."""
    hours: list[float] = []
    for until, level in parts:
        hours += [level] * (until - len(hours))
    return tuple(hours)


def _care_home(kitchen: float) -> Rhythm:
    noon = 0.95 * kitchen
    electricity = _steps((5, 0.46), (6, 0.52), (7, 0.66), (9, 0.86), (10, 0.82), (11, 0.92), (13, noon), (16, 0.8),
                         (17, 0.84), (19, 0.94), (21, 0.78), (22, 0.64), (24, 0.5))  # fmt: skip
    heating = _steps((5, 0.9), (9, 1.12), (21, 1.03), (24, 0.92))
    water = _steps((5, 0.28), (6, 0.6), (7, 1.4), (10, 2.6), (12, 1.9), (14, 1.7), (17, 1.2), (19, 1.6), (21, 1.1),
                   (22, 0.7), (24, 0.4))  # fmt: skip
    return Rhythm(electricity, heating, water)


_OFFICE_REST = Rhythm(_steps((24, 0.27)), _steps((24, 0.3)), _steps((24, 0.0)))
_OFFICE = Habits(
    work=Rhythm(
        _steps((5, 0.27), (6, 0.33), (7, 0.48), (8, 0.74), (9, 0.92), (12, 1.0), (13, 0.93), (16, 0.98), (17, 0.86),
               (18, 0.62), (19, 0.45), (20, 0.36), (24, 0.28)),
        _steps((4, 0.3), (5, 0.9), (8, 1.4), (12, 1.0), (17, 0.85), (24, 0.3)),
        _steps((6, 0.0), (7, 0.5), (8, 0.8), (12, 1.2), (14, 1.4), (17, 1.0), (18, 0.5), (19, 0.3), (24, 0.0)),
    ),
    rest=_OFFICE_REST,
    summer_dip=0.14,
    unsteady=0.04,
)  # fmt: skip
_ANTENNA = Habits(
    work=Rhythm(
        _steps((6, 0.22), (7, 0.3), (8, 0.6), (12, 1.0), (13, 0.85), (16, 0.98), (17, 0.75), (18, 0.4), (24, 0.23)),
        _steps((5, 0.3), (8, 1.4), (12, 1.0), (16, 0.9), (24, 0.3)),
        _steps((7, 0.0), (8, 0.5), (12, 1.2), (14, 1.3), (16, 1.0), (17, 0.6), (18, 0.4), (24, 0.0)),
    ),
    rest=Rhythm(_steps((24, 0.22)), _steps((24, 0.3)), _steps((24, 0.0))),
    summer_dip=0.1,
    unsteady=0.13,
)
_LAUNDRY = Habits(
    work=Rhythm(
        _steps((5, 0.08), (6, 0.45), (9, 1.0), (10, 0.82), (13, 1.0), (14, 0.74), (17, 0.96), (18, 0.78), (21, 0.93),
               (22, 0.4), (24, 0.09)),
        _steps((5, 0.5), (21, 1.0), (24, 0.5)),
        _steps((5, 0.0), (6, 0.5), (10, 1.0), (13, 1.05), (14, 0.7), (20, 1.0), (21, 0.6), (22, 0.1), (24, 0.0)),
    ),
    rest=Rhythm(_steps((24, 0.07)), _steps((24, 0.4)), _steps((24, 0.0))),
    saturday=Rhythm(
        _steps((6, 0.08), (7, 0.5), (12, 0.75), (13, 0.3), (24, 0.08)),
        _steps((6, 0.5), (13, 1.0), (24, 0.4)),
        _steps((6, 0.0), (12, 0.8), (13, 0.2), (24, 0.0)),
    ),
    hot_water_share=0.0,
    process_share=0.85,
    summer_dip=0.05,
    draught_l=180.0,
    unsteady=0.09,
)  # fmt: skip
_WORKSHOP = Habits(
    work=Rhythm(
        _steps((6, 0.16), (7, 0.5), (9, 1.0), (10, 0.7), (12, 1.0), (13, 0.45), (15, 0.95), (16, 0.7), (17, 0.3),
               (24, 0.17)),
        _steps((5, 0.25), (7, 1.5), (15, 1.0), (24, 0.25)),
        _steps((7, 0.0), (9, 1.0), (10, 1.6), (12, 0.9), (13, 1.8), (16, 1.1), (17, 0.4), (24, 0.0)),
    ),
    rest=Rhythm(_steps((24, 0.15)), _steps((24, 0.25)), _steps((24, 0.0))),
    summer_dip=0.2,
    unsteady=0.18,
)  # fmt: skip
_DAY_CENTRE = Habits(
    work=Rhythm(
        _steps((6, 0.24), (8, 0.5), (10, 0.9), (13, 1.0), (16, 0.9), (17, 0.6), (18, 0.4), (24, 0.25)),
        _steps((5, 0.4), (8, 1.4), (16, 1.0), (24, 0.4)),
        _steps((7, 0.0), (8, 0.6), (11, 1.2), (14, 1.8), (16, 1.2), (17, 0.5), (24, 0.0)),
    ),
    rest=Rhythm(_steps((24, 0.24)), _steps((24, 0.35)), _steps((24, 0.0))),
    hot_water_share=0.08,
    summer_dip=0.1,
    unsteady=0.11,
)
_HOUSING = Habits(
    work=Rhythm(
        _steps((6, 0.62), (9, 0.88), (16, 0.66), (23, 1.0), (24, 0.72)),
        _steps((5, 0.62), (9, 1.3), (16, 0.85), (22, 1.2), (24, 0.75)),
        _steps((5, 0.12), (6, 0.5), (9, 2.0), (12, 1.0), (14, 1.1), (17, 0.9), (21, 1.9), (23, 1.1), (24, 0.5)),
    ),
    rest=Rhythm(
        _steps((7, 0.62), (10, 0.8), (16, 0.72), (23, 1.0), (24, 0.74)),
        _steps((6, 0.62), (10, 1.2), (22, 1.08), (24, 0.75)),
        _steps((6, 0.14), (8, 0.7), (12, 1.9), (17, 1.3), (21, 1.7), (23, 1.0), (24, 0.5)),
    ),
    hot_water_share=0.24,
    draught_l=9.0,
    unsteady=0.08,
)
_CARE_HOME = Habits(
    work=_care_home(1.05), rest=_care_home(0.96), hot_water_share=0.27, draught_l=9.0, unsteady=0.05
)  # fmt: skip

HABITS: Mapping[Use, Habits] = {
    Use.CARE_HOME: _CARE_HOME,
    Use.SOCIAL_ANTENNA: _ANTENNA,
    Use.OFFICE: _OFFICE,
    Use.LAUNDRY: _LAUNDRY,
    Use.WORKSHOP: _WORKSHOP,
    Use.DAY_CENTRE: _DAY_CENTRE,
    Use.HOUSING: _HOUSING,
}
