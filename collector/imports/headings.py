"""Columns by the words above them, in the languages in which a source writes them. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from collector.imports.refusals import ImportRefused

Words = Mapping[str, Sequence[str]]
"""What a column is -> the words that may stand above it, as `plain` makes them."""


def plain(text: str) -> str:
    """A heading without what varies: case, accents, blanks, brackets.

    >>> plain("Van (datum)"), plain("Unité"), plain(" EAN-code ")
    ('vandatum', 'unite', 'eancode')
    """
    bare = unicodedata.normalize("NFKD", text.strip().lower())
    return re.sub(r"[^a-z0-9]", "", "".join(sign for sign in bare if not unicodedata.combining(sign)))


def columns(header: Sequence[str], words: Words) -> dict[str, int]:
    """The place of each column that a header names.

    >>> columns(["EAN", "Volume", "Eenheid"], {"ean": ["ean", "eancode"], "unit": ["eenheid"], "until": ["tot"]})
    {'ean': 0, 'unit': 2}
    """
    found = [plain(cell) for cell in header]
    return {
        name: min(found.index(word) for word in synonyms if word in found)
        for name, synonyms in words.items()
        if any(word in found for word in synonyms)
    }


def required(place: Mapping[str, int], names: Sequence[str], file: str, line: int, header: Sequence[str]) -> None:
    """Raises ImportRefused naming the first column that is missing."""
    for name in names:
        if name not in place:
            raise ImportRefused(f"{file}, line {line}: no column for the {name} is found among: {', '.join(header)}")
