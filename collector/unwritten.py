"""Figures that are made and not yet written: those of many meters go into the store at once, and only then the rest."""

from collections.abc import Callable

from plagewatch.store.series.protocol import Figures, SeriesStore

# A year of one meter's quarters and what is rolled up of them.
MOST_ROWS = 50_000


class Unwritten:
    """Gathers figures. Each write makes the disk wait, whatever it holds; a live tick has a few rows of many meters."""

    def __init__(self, series: SeriesStore, still_ours: Callable[[], None]) -> None:
        """still_ours: raises where somebody else may write these figures by now."""
        self._series, self._still_ours = series, still_ours
        self._figures: dict[tuple[str, str], Figures] = {}
        self._afterwards: list[Callable[[], None]] = []
        self._rows = 0

    def add(self, figures: Figures) -> None:
        """Figures to be written."""
        self.write_flow(figures.meter, figures.flow)
        self._figures[figures.meter, figures.flow] = figures
        self._rows += sum(len(intervals) for intervals in figures.by_resolution.values())
        if self._rows > MOST_ROWS:
            self.write()

    def write_flow(self, meter: str, flow: str) -> None:
        """Write all that waits if something of this flow does: what is rolled up next must find it."""
        if (meter, flow) in self._figures:
            self.write()

    def then(self, act: Callable[[], None]) -> None:
        """What must not be done before everything added so far is written."""
        self._afterwards.append(act)

    def write(self) -> None:
        """Write all that waits, then do what must come after it. Raises SeriesError: all of it still waits."""
        if self._figures:
            self._still_ours()
            self._series.write_figures(list(self._figures.values()))
        self._figures, self._rows = {}, 0
        while self._afterwards:
            self._afterwards.pop(0)()
