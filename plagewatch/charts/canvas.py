"""The sheet a chart is drawn on: colours, sizes, axes, head and key."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from threading import Lock
from typing import Any, Literal

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D

from plagewatch.metering.intervals import Floats
from plagewatch.metering.meters import Carrier
from plagewatch.number_words import axis_text, percent_text
from plagewatch.words import words

Form = Literal["svg", "png"]


class Size(StrEnum):
    """Where a chart is looked at."""

    TABLET = "tablet"
    PHONE = "phone"
    MAIL = "mail"


INK, MUTED, RULE = "#1c2b33", "#55656f", "#dfe5e8"
ALARM, GOOD, GAP, GAP_LINES = "#c0391b", "#2b7a4b", "#f0f2f4", "#bcc6cc"
COLOURS = {
    Carrier.ELECTRICITY: "#1f6f8b",
    Carrier.GAS: "#7d5a94",
    Carrier.WATER: "#2f7fc1",
    Carrier.HEAT: "#b5562b",
    Carrier.SOLAR: "#c08a0a",
    Carrier.COOLING: "#3a6ea5",
    Carrier.INDOOR: "#9a4f6b",
    Carrier.WEATHER: "#55656f",
    Carrier.OIL: "#6b4b2a",
    Carrier.PROPANE: "#8a5d7c",
    Carrier.PELLETS: "#8a6d3b",
    Carrier.WOOD: "#6f7a32",
}


@dataclass(frozen=True, slots=True)
class _Measures:
    """width, height: points, 72 to the inch, which is a pixel of the SVG. text: points. png_dpi: of a PNG.

    bottom: room for the names of the time axis and the key [points].
    """

    width: float
    height: float
    text: float
    png_dpi: float = 144
    bottom: float = 62


_MEASURES = {
    Size.TABLET: _Measures(920, 330, 13),
    Size.PHONE: _Measures(342, 308, 12, bottom=80),  # its key often takes two lines
    Size.MAIL: _Measures(600, 280, 12),
}
LEFT, RIGHT, TOP = 62, 12, 54
KEY_LINE = 18

# Text stays text, for readers and for search; a fixed salt keeps the ids of an SVG the same from run to run.
_SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "plagewatch",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "hatch.linewidth": 0.8,
}
# matplotlib is not safe in threads: its settings and its font cache belong to the process.
_DRAWING = Lock()


class Sheet:
    """One figure with one pair of axes, head and key, measured in points from its lower left corner."""

    def __init__(self, size: Size) -> None:
        self.measures = _MEASURES[size]
        width, height = self.measures.width, self.measures.height
        self.figure = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor="white")
        # Fixed margins in place of a layout engine, which would draw everything twice.
        bottom = self.measures.bottom
        box = (LEFT / width, bottom / height, (width - LEFT - RIGHT) / width, (height - TOP - bottom) / height)
        self.axes: Axes = self.figure.add_axes(box)
        self.axes.set_axisbelow(True)
        self.axes.xaxis.set_visible(False)
        for side in ("top", "right", "left"):
            self.axes.spines[side].set_visible(False)
        self.axes.spines["bottom"].set_color(MUTED)
        self.axes.tick_params(labelsize=self.measures.text - 1, length=0, pad=6, labelcolor=MUTED)

    def write(self, x: float, y: float, text: str, **look: Any) -> None:
        """Put a text at a point of the sheet."""
        look = {"size": self.measures.text - 1, "color": MUTED, **look}
        # A name from the registry is text: no formula, no control character that XML cannot hold.
        self.figure.text(x / self.measures.width, y / self.measures.height, printable(text), parse_math=False, **look)

    def under_axis(self, share: float, text: str) -> None:
        """Name a place of the time axis; share: 0 at its left end, 1 at its right."""
        lines = text.split("\n")
        half = max(self._width(line) for line in lines) / 2
        x = LEFT + share * (self.measures.width - LEFT - RIGHT)
        x = min(max(x, half + 2), self.measures.width - half - 2)  # a name at the edge stays on the sheet
        for n, line in enumerate(lines):
            self.write(x, self.measures.bottom - 18 - n * 14, line, ha="center", va="baseline")

    def head(self, title: str, left: str, right: str) -> None:
        """Title, what the amounts are, and how much of them was measured."""
        top = self.measures.height
        self.write(
            12,
            top - 19,
            self._fitting(title, self.measures.width - 24),
            size=self.measures.text,
            weight="bold",
            color=INK,
        )
        room = self.measures.width - 12 - RIGHT - self._width(right) - 10
        self.write(12, top - 38, self._fitting(left, room))
        self.write(self.measures.width - RIGHT, top - 38, right, ha="right")

    def key(self, entries: Sequence["Key"]) -> None:
        """What each look means, along the foot. By hand: matplotlib's legend costs as much as the rest of a chart."""
        to_sheet = Affine2D().scale(1 / 72) + self.figure.dpi_scale_trans
        for entry, x, y in self._places(entries):
            shape = Path([(x, y + 4.5), (x + 18, y + 4.5)]) if entry.line else boxes(*_corners(x, y))
            self.figure.add_artist(PathPatch(shape, transform=to_sheet, **entry.look()))
            self.write(x + 23, y, entry.label, color=INK)

    def _places(self, entries: Sequence["Key"]) -> list[tuple["Key", float, float]]:
        """Where each entry of the key begins: side by side, on a further line where the sheet ends."""
        places, x, line = [], 12.0, 0
        for entry in entries:
            width = 23 + self._width(entry.label)
            if x > 12.0 and x + width > self.measures.width - RIGHT:
                x, line = 12.0, line + 1
            places.append((entry, x, line))
            x += width + 18
        return [(entry, x, 10.0 + KEY_LINE * (line - n)) for entry, x, n in places]

    def _width(self, text: str) -> float:
        font = FontProperties(size=self.measures.text - 1)
        width, _, _ = text_to_path.get_text_width_height_descent(printable(text), font, ismath=False)
        return float(width)

    def _fitting(self, text: str, width: float) -> str:
        # Bold letters of the head are about a fifth wider than those that are measured.
        if self._width(text) * 1.2 <= width:
            return text
        while text and self._width(text + "…") * 1.2 > width:
            text = text[:-1]
        return text.rstrip() + "…"

    def values(self, bottom: float, top: float, language: str) -> None:
        """The axis of amounts, with few round ticks."""
        raw = (top - bottom) / 4
        unit = 10.0 ** np.floor(np.log10(raw))
        step = float(unit * next(nice for nice in (1, 2, 2.5, 5, 10) if nice * unit >= raw * 0.999))
        ticks = np.arange(np.ceil(bottom / step) * step, top + step * 0.01, step)
        self.axes.set_ylim(bottom, top)
        self.axes.set_yticks(ticks, [axis_text(float(tick), step, language) for tick in ticks])
        self.axes.grid(axis="y", color=RULE, lw=0.8)

    def picture(self, form: Form, title: str) -> bytes:
        """The drawn sheet; the title is what a screen reader says."""
        out, title = BytesIO(), printable(title)
        if form == "png":
            about: dict[str, Any] = {"Software": None, "Title": title}
            FigureCanvasAgg(self.figure).print_figure(
                out, format="png", dpi=self.measures.png_dpi, metadata=about, pil_kwargs={"compress_level": 1}
            )
        else:
            about = {"Title": title, "Date": None, "Creator": None}
            FigureCanvasSVG(self.figure).print_figure(out, format="svg", dpi=72, metadata=about)
        return out.getvalue()


@dataclass(frozen=True, slots=True)
class Key:
    """One look and its name."""

    label: str
    colour: str
    line: str = ""
    hatch: str = ""
    alpha: float = 1.0

    def look(self) -> dict[str, Any]:
        """How matplotlib draws it."""
        if self.line:
            return {"fc": "none", "ec": self.colour, "ls": self.line, "lw": 2}
        if self.hatch:
            return {"fc": "white", "ec": self.colour, "hatch": self.hatch, "lw": 0.6}
        return {"fc": self.colour, "lw": 0, "alpha": self.alpha}


@contextmanager
def drawing() -> Iterator[None]:
    """One thread at a time, with this product's settings."""
    with _DRAWING, rc_context(_SETTINGS):  # type: ignore[arg-type]
        yield


def boxes(left: Floats, right: Floats, bottom: Floats, top: Floats) -> Path:
    """Many rectangles as one path: one element of the drawing in place of hundreds."""
    corners = np.empty((len(left), 5, 2))
    corners[:, :, 0] = np.column_stack([left, right, right, left, left])
    corners[:, :, 1] = np.column_stack([bottom, bottom, top, top, bottom])
    steps = np.array([Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY], dtype=Path.code_type)
    return Path(corners.reshape(-1, 2), np.tile(steps, len(left)))


def printable(text: str) -> str:
    """The text with a blank for every character that cannot be printed.

    >>> printable("a\\nb\\0")
    'a b '
    """
    return "".join(sign if sign.isprintable() else " " for sign in text)


def coverage_text(coverage: float, language: str) -> str:
    """The coverage in words, never left out."""
    say = words(language).gettext
    if np.isnan(coverage) or coverage <= 0:
        return say("No data")
    return say("Measured: %(percent)s of the time") % {"percent": percent_text(coverage, language)}


def _corners(x: float, y: float) -> tuple[Floats, Floats, Floats, Floats]:
    return np.array([x + 2]), np.array([x + 16]), np.array([y]), np.array([y + 9])
