"""Pictures of figures as SVG: values with their ranges, and curves of precision over recall."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite

INK, MUTED, RULE, OURS, OTHERS, GOAL = "#1c2b33", "#55656f", "#dfe5e8", "#1f6f8b", "#8b9aa3", "#a8321a"
CURVES = ("#1f6f8b", "#b5562b", "#7d5a94", "#6f7a32", "#c08a0a", "#55656f")
WIDTH, LABELS, ROW, PANEL_GAP, HEAD = 920, 290, 26, 26, 44


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture. name: of its file, without ending. title: what it shows. svg: the picture itself."""

    name: str
    title: str
    svg: str


@dataclass(frozen=True, slots=True)
class Value:
    """A figure, with its range where there is one; NaN = none."""

    value: float
    low: float = float("nan")
    high: float = float("nan")


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure of all rows. most: right end of its scale. goal: a line; NaN = none."""

    title: str
    values: Sequence[Value]
    most: float = 1.0
    goal: float = float("nan")


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision over recall, both in 0 to 1 and of one length."""

    label: str
    recall: Sequence[float]
    precision: Sequence[float]


def dots(rows: Sequence[str], panels: Sequence[Panel], ours: int) -> str:
    """Rows of dots with their ranges, one panel a figure, side by side; the first `ours` rows stand out."""
    height = HEAD + ROW * len(rows) + 30
    width = (WIDTH - LABELS - PANEL_GAP * len(panels)) / len(panels)
    parts = [
        _text(LABELS - 14, _row(n) + 4, label, anchor="end", weight=650 if n < ours else 400)
        for n, label in enumerate(rows)
    ]
    for place, panel in enumerate(panels):
        left = LABELS + place * (width + PANEL_GAP)
        parts += _panel(panel, left, width, len(rows), ours)
    return _svg(height, parts)


def curves(lines: Sequence[Curve], most_precision: float = 1.0) -> str:
    """Precision over recall, a line each, the first one bold."""
    left, top, width, height = 60.0, 20.0, 560.0, 300.0
    parts = []
    for step in range(6):
        x, y = left + width * step / 5, top + height * (1 - step / 5)
        parts += [_line(left, y, left + width, y, RULE), _line(x, top, x, top + height, RULE)]
        parts.append(_text(left - 8, y + 4, f"{most_precision * step / 5:.1f}", anchor="end"))
        parts.append(_text(x, top + height + 18, f"{step / 5:.1f}", anchor="middle"))
    parts.append(_text(left + width / 2, top + height + 38, "recall of labelled hours", anchor="middle"))
    parts.append(_text(left, top - 6, "precision", anchor="start"))
    for n, line in enumerate(lines):
        colour, bold = CURVES[n % len(CURVES)], 3 if n == 0 else 1.5
        points = " ".join(
            f"{left + width * r:.1f},{top + height * (1 - min(p / most_precision, 1.0)):.1f}"
            for r, p in zip(line.recall, line.precision, strict=True)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{bold}"/>')
        y = top + 10 + n * 24
        parts.append(_line(left + width + 20, y, left + width + 44, y, colour, bold))
        parts.append(_text(left + width + 52, y + 4, line.label, weight=650 if n == 0 else 400))
    return _svg(top + height + 50, parts)


def _panel(panel: Panel, left: float, width: float, rows: int, ours: int) -> list[str]:
    def x(value: float) -> float:
        return left + width * min(max(value / panel.most, 0.0), 1.0)

    bottom = HEAD + ROW * rows
    parts = [_text(left, 22, panel.title, weight=650, colour=INK)]
    for step in range(5):
        at = panel.most * step / 4
        parts += [_line(x(at), HEAD - 6, x(at), bottom, RULE)]
        parts.append(_text(x(at), bottom + 18, f"{at:.3g}", anchor="middle", size=12))
    if isfinite(panel.goal):
        parts.append(_line(x(panel.goal), HEAD - 6, x(panel.goal), bottom, GOAL, 1.5, "4 3"))
    for n, value in enumerate(panel.values):
        colour = OURS if n < ours else OTHERS
        if isfinite(value.low) and isfinite(value.high):
            parts.append(_line(x(value.low), _row(n), x(value.high), _row(n), colour, 3))
        if isfinite(value.value):
            parts.append(f'<circle cx="{x(value.value):.1f}" cy="{_row(n):.1f}" r="5.5" fill="{colour}"/>')
    return parts


def _row(number: int) -> float:
    return HEAD + ROW * (number + 0.5)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, wide: float = 1, dashes: str = "") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}" stroke-width="{wide:g}"{dashed}/>'
    )


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", size: int = 13, weight: int = 400, colour: str = MUTED
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'font-weight="{weight}" fill="{colour}">{escape(text)}</text>'
    )


def _svg(height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" role="img" '
        f'font-family="DejaVu Sans, Verdana, Arial, sans-serif">{"".join(parts)}</svg>'
    )
