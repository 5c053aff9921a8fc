"""What of a building's meters other meters of it count already; by hand."""

from datetime import date

import pytest

from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Carrier, Kind, Meter, SubMeter, VirtualFormula
from plagewatch.metering.parts import counted_already
from plagewatch.metering.virtual import VirtualMeters, virtual_meters

DAY = date(2026, 6, 1)
LINKS = [
    SubMeter("head", "floor"),
    SubMeter("floor", "kitchen", valid_to=DAY),
    SubMeter("other", "kitchen", DAY),
]


def meter(name: str) -> Meter:
    kind = Kind.VIRTUAL if name in ("rest", "half", "both") else Kind.DELIVERY if name == "oil" else Kind.INDEX
    return Meter(name, "s", name, Carrier.ELECTRICITY, kind, "kWh")


FORMULAS = [
    VirtualFormula("rest", "[head] - [kitchen]"),
    VirtualFormula("half", "[rest] / 2"),
    VirtualFormula("both", "[head] + [other] - [head:export]"),
]
VIRTUAL = virtual_meters(map(meter, ("head", "floor", "kitchen", "other", "rest", "half", "both")), FORMULAS)


@pytest.mark.parametrize(
    ("served", "within"),
    [
        (["head", "floor"], {"floor"}),
        (["head", "floor", "kitchen"], {"floor"}),  # from that day on the kitchen stands behind another one
        (["other", "kitchen"], {"kitchen"}),
        (["floor"], set()),
        (["head", "rest"], {"rest"}),
        (["head", "half"], {"half"}),  # through a computed meter that does not serve the building
        (["kitchen", "rest"], set()),  # what is subtracted is not within it: together they are the head
        (["head", "other", "both"], {"both"}),
        (["both"], set()),
    ],
)
def test_what_is_counted_already(served, within):
    assert counted_already(served, LINKS, VIRTUAL, DAY) == within


def test_meters_in_a_circle_do_not_all_go():
    links = [SubMeter("a", "b"), SubMeter("b", "a")]
    assert counted_already(["a", "b"], links, VirtualMeters(), DAY) == set()


def test_the_coarsest_source_says_how_fine_a_computed_meter_is():
    daily = Meter("daily", "s", "daily", Carrier.ELECTRICITY, Kind.INTERVAL, "kWh", 86_400)
    formulas = [VirtualFormula("rest", "[head] + [half]"), VirtualFormula("half", "[daily]")]
    made = virtual_meters([meter("head"), meter("rest"), meter("half"), daily], formulas)
    assert made.finest(meter("head")) is Resolution.QUARTER
    assert {made.finest(meter(name)) for name in ("rest", "half", "oil")} == {Resolution.DAY}
    assert made.sources_of("rest") == {"rest", "half", "head", "daily"}


def test_a_formula_that_cannot_be_read_leaves_its_own_time_unknown():
    formulas = [VirtualFormula("rest", "[head]", 0), VirtualFormula("rest", "[gone]", 5000)]
    made = virtual_meters([meter("head"), meter("rest")], formulas)
    assert [(one.start_s, one.end_s) for one in made.formulas["rest"]] == [(0, 5)]
    assert made.refused == [(formulas[1], "There is no meter “gone”.")]
