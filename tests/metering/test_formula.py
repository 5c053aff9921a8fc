"""Virtual meters: what a formula means, what is refused, and what is missing stays missing."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from plagewatch.metering.formula import Formula, FormulaError, computed, parse
from plagewatch.metering.intervals import Intervals

UNITS = {"head": "kWh", "wzc-linde.elec": "kWh", "gas": "m3", "heat": "MWh", "water": "m3"}


@pytest.mark.parametrize(
    ("text", "unit", "factors"),
    [
        ("[head]", "kWh", {("head", "main"): 1.0}),
        ("-[head]", "kWh", {("head", "main"): -1.0}),
        ("[head] - [wzc-linde.elec]", "kWh", {("head", "main"): 1.0, ("wzc-linde.elec", "main"): -1.0}),
        ("[head] - [head:export]", "kWh", {("head", "main"): 1.0, ("head", "export"): -1.0}),
        ("([head] + [wzc-linde.elec]) / 4", "kWh", {("head", "main"): 0.25, ("wzc-linde.elec", "main"): 0.25}),
        ("0.5 * [head] + [head] * 0.25", "kWh", {("head", "main"): 0.75}),
        ("[gas] * 11.332 * kWh / m3", "kWh", {("gas", "main"): 11.332}),
        ("[gas] * (10 + 1.5) * kWh / m3 + [head]", "kWh", {("gas", "main"): 11.5, ("head", "main"): 1.0}),
        ("[head] + [heat]", "kWh", {("head", "main"): 1.0, ("heat", "main"): 1000.0}),
        ("[head] / 1000", "MWh", {("head", "main"): 1e-6}),
        ("[ head ]", "kWh", {("head", "main"): 1.0}),
    ],
)
def test_what_a_formula_means(text, unit, factors):
    found = parse(text, unit, UNITS).factors
    assert set(found) == set(factors)
    for source, factor in factors.items():
        assert found[source] == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "unit", "said"),
    [
        ("[gas] + [head]", "kWh", "m3 and kWh cannot be added"),
        ("[gas]", "kWh", "The formula is in m3, its meter counts in kWh"),
        ("[head] * [heat]", "kWh", "cannot be multiplied by each other"),
        ("[head] / [heat]", "kWh", "divided by a meter"),
        ("[head] + 5", "kWh", "A number cannot be added"),
        ("[head] + 5 * kWh", "kWh", "A number cannot be added"),
        ("[head] / 0", "kWh", "divided by 0"),
        ("[head] / (1 - 1)", "kWh", "divided by 0"),
        ("[nobody]", "kWh", "There is no meter “nobody”"),
        ("[head:import]", "kWh", "behind the colon"),
        ("5", "kWh", "no meter in the formula"),
        ("", "kWh", "is no formula"),
        ("[head] +", "kWh", "is no formula"),
        ("[head", "kWh", "is no formula"),
        ("[head] ** 2", "kWh", "Only meters, numbers"),
        ("__import__('os')", "kWh", "There are no functions"),
        ("(lambda: 1)()", "kWh", "There are no functions"),
        ("head.real", "kWh", "Only meters, numbers"),
        ("[head] * True", "kWh", "Only meters, numbers"),
        ("[head] * furlong", "kWh", "“furlong” is no unit"),
        ("[head] * 1e400", "kWh", "too large"),
        ("[head] * 1e200 * 1e200", "kWh", "too large"),
        ("[head]" + " + [head]" * 400, "kWh", "characters"),
    ],
)
def test_what_is_refused(text, unit, said):
    with pytest.raises(FormulaError, match=r".*") as refused:
        parse(text, unit, UNITS)
    assert said in str(refused.value)


@given(some.text(max_size=60))
def test_any_text_is_a_formula_or_a_refusal(text):
    with suppress(FormulaError):  # and no other exception
        parse(text, "kWh", UNITS)


def test_what_a_deeply_nested_formula_is():
    with pytest.raises(FormulaError):
        parse("(" * 900 + "[head]" + ")" * 900, "kWh", UNITS)


def of(*amounts: float, coverage: float = 1.0, spread: float = 0.0) -> Intervals:
    values = np.array(amounts)
    nothing = np.zeros(len(values))
    return Intervals(
        np.arange(len(values)) * 900, values, nothing + coverage, nothing, values * spread, nothing, nothing
    )


DIFFERENCE = Formula({("h", "main"): 1.0, ("s", "main"): -1.0})


def test_what_is_missing_is_not_nothing():
    made = computed(DIFFERENCE, {("h", "main"): of(5, 5, 5), ("s", "main"): of(2, np.nan)})
    assert made.amount[0] == 3
    assert np.isnan(made.amount[1:]).all()  # unknown, and absent
    assert made.coverage.tolist() == [1.0, 0.0, 0.0]


def test_coverage_is_the_smallest_of_the_parts():
    made = computed(DIFFERENCE, {("h", "main"): of(5, coverage=0.8), ("s", "main"): of(2, coverage=0.5)})
    assert made.coverage.tolist() == [0.5]


def test_what_was_not_measured_of_a_difference_weighs_by_its_part():
    # Head 100, all of it spread over a gap; behind it 60 measured. Of 160 that the formula handles 100 were spread:
    # of the difference of 40 as much, 40 × 100 / 160 = 25.
    made = computed(DIFFERENCE, {("h", "main"): of(100, spread=1.0), ("s", "main"): of(60)})
    assert made.amount.tolist() == [40.0]
    assert made.spread.tolist() == [25.0]


def test_parts_that_cancel_leave_no_origin_behind():
    made = computed(DIFFERENCE, {("h", "main"): of(10, spread=1.0), ("s", "main"): of(10)})
    assert (made.amount.tolist(), made.spread.tolist()) == ([0.0], [0.0])
