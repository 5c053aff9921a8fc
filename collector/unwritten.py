"""Figures that are made and not yet written: those of many meters go into the store at once, and only then the rest."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.plain_end import Row
from plagewatch.metering.readings import Flow
from plagewatch.store.series.protocol import Figures, SeriesStore

# A year of one meter's quarters and what is rolled up of them.
MOST_ROWS = 50_000


class Unwritten:
    """Gathers figures. Each write makes the disk wait, whatever it holds; a live tick has a few rows of many meters."""

    def __init__(self, series: SeriesStore, still_ours: Callable[[], None]) -> None:
        """still_ours: raises where somebody else may write these figures by now."""
        self._series, self._still_ours = series, still_ours
        self._figures: dict[tuple[str, str], Figures] = {}
        self._few: list[tuple[str, str, Flow, Mapping[Resolution, Sequence[Row]]]] = []
        self._afterwards: list[Callable[[], None]] = []
        self._rows = 0

    def add(self, figures: Figures) -> None:
        """Figures to be written."""
        self.write_flow(figures.meter, figures.flow)
        self._figures[figures.meter, figures.flow] = figures
        self._rows += sum(len(intervals) for intervals in figures.by_resolution.values())
        if self._rows > MOST_ROWS:
            self.write()

    def add_rows(self, meter: str, carrier: str, flow: Flow, rows: Mapping[Resolution, Sequence[Row]]) -> None:
        """The same as single rows, of a flow of which nothing waits."""
        self._few.append((meter, carrier, flow, rows))

    def write_flow(self, meter: str, flow: str) -> None:
        """Write all that waits if something of this flow does: what is rolled up next must find it."""
        if (meter, flow) in self._figures:
            self.write()

    def then(self, act: Callable[[], None]) -> None:
        """What must not be done before everything added so far is written."""
        self._afterwards.append(act)

    def write(self) -> None:
        """Write all that waits, then do what must come after it. Raises SeriesError: all of it still waits."""
        if self._figures or self._few:
            self._still_ours()
            self._series.write_figures([*self._figures.values(), *_figures(self._few)])
        self._figures, self._few, self._rows = {}, [], 0
        while self._afterwards:
            self._afterwards.pop(0)()


def _figures(few: Sequence[tuple[str, str, Flow, Mapping[Resolution, Sequence[Row]]]]) -> Iterator[Figures]:
    """Rows as figures: all of a resolution are made arrays at once, of which each meter has its part."""
    columns = {
        resolution: np.array([row for *_, rows in few for row in rows.get(resolution, ())], np.float64).reshape(-1, 7).T
        for resolution in Resolution
    }
    begins = dict.fromkeys(Resolution, 0)
    for meter, carrier, flow, by_resolution in few:
        made = {}
        for resolution, rows in by_resolution.items():
            part = slice(begins[resolution], begins[resolution] + len(rows))
            start_s, *others = columns[resolution][:, part]
            made[resolution] = Intervals(start_s.astype(np.int64), *others)
            begins[resolution] = part.stop
        yield Figures(meter, carrier, flow, made)
