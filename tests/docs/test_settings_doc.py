"""The table people read is the table the product reads."""

from pathlib import Path

from plagewatch.settings import markdown_table

DOC = Path(__file__).parents[2] / "docs" / "settings.md"


def test_every_setting_stands_in_the_table() -> None:
    assert markdown_table() in DOC.read_text(encoding="utf-8"), (
        "run `plagewatch settings` and put its table into docs/settings.md"
    )
