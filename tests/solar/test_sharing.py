"""Worked example: plage.md T7, one quarter-hour of energy sharing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays

from plagewatch.solar.sharing import fixed, prorata

OFFTAKE_KWH = np.array([1.0, 2.0, 4.0, 6.0])
KEYS = np.full(4, 0.25)


def test_fixed_keys_one_round():
    shared = fixed(10.0, OFFTAKE_KWH, KEYS)
    assert shared.members_kwh.tolist() == [1.0, 2.0, 2.5, 2.5]
    assert shared.residual_kwh == pytest.approx(2.0)


def test_fixed_keys_further_rounds():
    shared = fixed(10.0, OFFTAKE_KWH, KEYS, rounds=4)
    assert shared.members_kwh == pytest.approx([1.0, 2.0, 3.5, 3.5])
    assert shared.residual_kwh == pytest.approx(0.0)


def test_prorata():
    assert prorata(10.0, OFFTAKE_KWH).members_kwh == pytest.approx([0.7692, 1.5385, 3.0769, 4.6154], abs=5e-5)


def test_more_is_injected_than_anybody_takes():
    for shared in (fixed(20.0, OFFTAKE_KWH, KEYS, rounds=9), prorata(20.0, OFFTAKE_KWH)):
        assert shared.members_kwh == pytest.approx(OFFTAKE_KWH)
        assert shared.residual_kwh == pytest.approx(7.0)


amounts = arrays.arrays(np.float64, some.integers(1, 6), elements=some.floats(0, 1000))


@given(amounts, some.floats(0, 1000), some.integers(1, 5))
def test_nobody_is_given_more_than_the_offtake_and_nothing_is_lost(offtake_kwh, injection_kwh, rounds):
    keys = np.full(len(offtake_kwh), 1 / len(offtake_kwh))
    for shared in (fixed(injection_kwh, offtake_kwh, keys, rounds=rounds), prorata(injection_kwh, offtake_kwh)):
        assert (shared.members_kwh <= offtake_kwh + 1e-9).all()
        assert shared.members_kwh.sum() + shared.residual_kwh == pytest.approx(injection_kwh, abs=1e-6)
        assert shared.residual_kwh >= -1e-9
