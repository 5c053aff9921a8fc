"""What the page on imports says is what the import does."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from collector.imports.formats import FORMATS
from collector.imports.mapping import TableMapping, mapping_of

DOC = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_its_section(name: str) -> None:
    assert f"\n## {name}\n" in DOC


@pytest.mark.parametrize("key", [field.name for field in fields(TableMapping)])
def test_every_key_of_a_mapping_is_explained(key: str) -> None:
    assert re.search(rf"^\| .*`{key}`.* \|", DOC, re.MULTILINE)


def test_the_example_of_a_mapping_is_one() -> None:
    example = json.loads(DOC.split("```json")[1].split("```")[0])
    assert mapping_of(example, "docs/import.md").open_questions() == []
    assert set(example) == {field.name for field in fields(TableMapping)}
