"""The code of 18 digits that names a supply point: one for each energy and connection.

The last digit is a check digit by GS1's modulo 10 (General Specifications, section 7.9): the digits before it are
weighted 3, 1, 3, 1, ... from the right.
"""

LENGTH = 18


class WrongEan(ValueError):
    """A text that is no EAN code. The message says why, and what is usual."""


def check_digit(first17: str) -> int:
    """The digit that must follow the first 17 of an EAN code. Raises WrongEan for what are no 17 digits.

    >>> check_digit("54144892012345678"), check_digit("54144892000000000")
    (9, 5)
    """
    if len(first17) != LENGTH - 1 or not _digits(first17):
        raise WrongEan(f"a check digit follows 17 digits, {first17!r} is none of that")
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(first17)))
    return (10 - weighted % 10) % 10


def valid(ean: str) -> bool:
    """Whether a text is an EAN code with the right check digit.

    >>> valid("541448920708672023"), valid("123456879123456789")
    (True, False)
    """
    return refusal(ean) is None


def refusal(ean: str) -> str | None:
    """Why a text is no EAN code, in one sentence; None where it is one.

    >>> refusal("123456879123456789")
    '123456879123456789 is no EAN code: after its first 17 digits comes 7, not 9'
    >>> refusal("5414489207086720")
    '5414489207086720 is no EAN code: it has 16 characters, 18 digits are needed'
    """
    if len(ean) != LENGTH:
        return f"{ean[:40]} is no EAN code: it has {len(ean)} characters, {LENGTH} digits are needed"
    if not _digits(ean):
        return f"{ean} is no EAN code: only digits may stand in it"
    right = check_digit(ean[:-1])
    if right != int(ean[-1]):
        return f"{ean} is no EAN code: after its first 17 digits comes {right}, not {ean[-1]}"
    return None


def _digits(text: str) -> bool:
    # `isdigit` alone also takes digits of other scripts.
    return text.isascii() and text.isdigit()
