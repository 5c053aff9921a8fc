"""A measured figure beside what is promised of it, as every bench prints it."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

LINE = "{value:>12} {unit:10} {what}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what it is, in which unit, and what is promised of it, if anything is.

    promised: the worst that it may be, goal: what it should be. They are limits from above, or from below where
    `more_is_better`.

    >>> Figure("start", 4.0, "s", 5.0).kept, Figure("rate", 4.0, "1/s", 5.0, more_is_better=True).kept
    (True, False)
    """

    what: str
    value: float
    unit: str
    promised: float | None = None
    goal: float | None = None
    more_is_better: bool = False

    @property
    def kept(self) -> bool:
        """Whether a promise, if there is one, is kept."""
        return self._within(self.promised)

    def line(self) -> str:
        """The figure as a row for people.

        >>> print(Figure("rate", 1234567.8, "1/s", 1e6, 2e6, more_is_better=True).line())
           1 234 568 1/s        rate  (promised: at least 1 000 000 1/s, goal 2 000 000: kept)
        """
        row = LINE.format(value=_shown(self.value), unit=self.unit, what=self.what)
        if self.promised is None:
            return row
        side = "at least" if self.more_is_better else "at most"
        goal = "" if self.goal is None else f", goal {_shown(self.goal)}"
        verdict = "BROKEN" if not self.kept else "kept" if self.goal is None or not self._within(self.goal) else "goal"
        return f"{row}  (promised: {side} {_shown(self.promised)} {self.unit}{goal}: {verdict})"

    def _within(self, limit: float | None) -> bool:
        if limit is None:
            return True
        return self.value >= limit if self.more_is_better else self.value <= limit


def told(figures: Iterable[Figure], show: Callable[[str], None]) -> list[Figure]:
    """All figures, each shown as soon as it is there."""
    measured = []
    for figure in figures:
        measured.append(figure)
        show(figure.line())
    return measured


def verdict(measured: Iterable[Figure]) -> str:
    """How many promises are kept.

    >>> verdict([Figure("a", 1, "s", 2), Figure("b", 3, "s", 2), Figure("c", 1, "s")])
    'verdict: 1 of 2 promises kept'
    """
    promised = [figure for figure in measured if figure.promised is not None]
    return f"verdict: {sum(figure.kept for figure in promised)} of {len(promised)} promises kept"


def as_rows(measured: Iterable[Figure]) -> list[dict[str, object]]:
    """Figures with their verdicts, for JSON."""
    return [{**asdict(figure), "kept": figure.kept} for figure in measured]


def _shown(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ") if abs(value) >= 1000 else f"{value:.3g}"
