"""The page on the rules says of each what the catalogue says."""

from pathlib import Path

import pytest

from rules.catalogue import RULES, Rule

DOC = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
ROWS = [line for line in DOC.splitlines() if line.startswith("| `")]


def when(rule: Rule) -> str:
    return "at once" if rule.hard else "night" if rule.warm is None else "hour"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_has_a_row(rule: Rule) -> None:
    (row,) = [row for row in ROWS if row.startswith(f"| `{rule.id}` |")]
    assert row.endswith(f"| {when(rule)} | {rule.urgency.value}, {rule.skill.value} |")


def test_no_other_rule_has_one() -> None:
    assert len(ROWS) == len(RULES) == 23
