"""The headings of a table: one line or several, found by their text. Pure."""

from collections.abc import Sequence

from collector.imports.lines import Line
from collector.imports.refusals import ImportRefused


def headings(rows: Sequence[Line], header_lines: Sequence[int]) -> list[str]:
    """The heading of each column: the cells of all header lines, the upper ones valid up to the next that is filled.

    >>> headings([(1, ["", "School", "", "Pool"]), (2, ["Date", "in kWh", "out kWh", "in kWh"])], [1, 2])
    ['Date', 'School in kWh', 'School out kWh', 'Pool in kWh']
    >>> headings([(1, ["1/2/2026", "5"])], [])
    ['#1', '#2']
    """
    lines = dict(rows)
    width = max((len(row) for _, row in rows), default=0)
    if not header_lines:
        return [f"#{place}" for place in range(1, width + 1)]
    parts: list[list[str]] = [[] for _ in range(width)]
    for line in header_lines:
        above = ""
        for place, cell in enumerate(lines.get(line, [])):
            above = cell.strip() or (above if line != header_lines[-1] else "")
            if above:
                parts[place].append(above)
    names = [" ".join(part) or f"#{place}" for place, part in enumerate(parts, 1)]
    # Two columns of one heading are told apart by their place.
    return [name if names.count(name) == 1 else f"{name} #{place}" for place, name in enumerate(names, 1)]


def place_of(name: str, names: Sequence[str], file: str) -> int:
    """The place of a column by its heading. Raises ImportRefused."""
    if name in names:
        return names.index(name)
    if name.startswith("#") and name[1:].isdigit() and 1 <= int(name[1:]) <= len(names):
        return int(name[1:]) - 1
    raise ImportRefused(f"{file}: the mapping names the column `{name}`; the file has: {', '.join(names)}")
