"""EAN codes: the published ones hold, a wrong digit never does (test case T1 of the field's facts)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plagewatch.metering.ean import WrongEan, check_digit, refusal, valid
from plagewatch.metering.meters import Carrier, Kind, Meter, Site
from plagewatch.store.records.registry import meters, save


@pytest.mark.parametrize("ean", ["541448920708672023", "541448820052377134", "541448860018322037"])
def test_published_codes_are_valid(ean: str) -> None:
    assert valid(ean)
    assert refusal(ean) is None


@pytest.mark.parametrize(("first17", "digit"), [("54144892012345678", 9), ("54144892000000000", 5)])
def test_the_check_digit_follows_from_the_others(first17: str, digit: int) -> None:
    assert check_digit(first17) == digit


@pytest.mark.parametrize(
    ("ean", "why"),
    [
        ("123456879123456789", "comes 7, not 9"),
        ("54144892070867202", "17 characters"),
        ("5414489207086720233", "19 characters"),
        ("54144892070867202a", "only digits"),
        ("", "0 characters"),
        ("٥٤١٤٤٨٩٢٠٧٠٨٦٧٢٠٢٣", "only digits"),
        (" 41448920708672023", "only digits"),
    ],
)
def test_a_refusal_says_why(ean: str, why: str) -> None:
    assert not valid(ean)
    assert why in (refusal(ean) or "")


def test_no_check_digit_without_17_digits() -> None:
    with pytest.raises(WrongEan):
        check_digit("5414489201234567x")


@given(st.text("0123456789", min_size=17, max_size=17), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(first17: str, place: int, by: int) -> None:
    ean = f"{first17}{check_digit(first17)}"
    assert valid(ean)
    wrong = f"{ean[:place]}{(int(ean[place]) + by) % 10}{ean[place + 1 :]}"
    assert not valid(wrong)


def test_the_registry_takes_no_wrong_code(engine) -> None:
    wrong = Meter("m", "s", "m", Carrier.GAS, Kind.INDEX, "m3", ean="123456879123456789")
    with pytest.raises(WrongEan, match="comes 7, not 9"):
        save(engine, [Site("s", "s"), wrong])
    assert meters(engine) == []
