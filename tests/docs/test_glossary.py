"""Every register word is explained to people."""

from pathlib import Path

import pytest

from plagewatch.metering.readings import REGISTERS

GLOSSARY = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("word", REGISTERS)
def test_register_word_stands_in_the_glossary_with_its_unit(word: str) -> None:
    line = next((line for line in GLOSSARY.splitlines() if line.startswith(f"| `{word}` |")), "")
    assert line.endswith(f"| {REGISTERS[word].behaviour.value} | {REGISTERS[word].unit} |")
