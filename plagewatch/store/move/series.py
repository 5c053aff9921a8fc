"""Series from one store to another: evidence as it was told, figures and points as they stand.

What is written is noted in the records. A note may be older than what is there: every write changes nothing the second
time.
"""

from collections.abc import Callable, Iterator
from itertools import islice

from plagewatch.metering.intervals import Intervals
from plagewatch.metering.readings import Samples
from plagewatch.store.move.progress import Book, Step
from plagewatch.store.series.protocol import Figures, FiguresHeld, PointsHeld, SeriesStore

EVER_MS = (-(2**43), 2**43)  # 1691 to 2248: InfluxDB counts nanoseconds in 64 bits
EVER_S = (-(2**33), 2**33)

TOGETHER = 50_000
"""Values that are written at once, and what a move that was killed writes again at most, but for the last register."""

EVIDENCE, FIGURES, POINTS = "evidence", "figures", "points"
SAY_EVERY = 1_000_000

Tell = Callable[[str], None]


def filled(store: SeriesStore) -> str | None:
    """Something that the store holds; None where it is empty."""
    for held in (*islice(store.registers_held(), 1), *islice(store.figures_held(), 1), *islice(store.points_held(), 1)):
        return str(held)
    return None


def copy(source: SeriesStore, target: SeriesStore, book: Book, tell: Tell) -> None:
    """Bring evidence, figures and points that are not there yet. Raises SeriesError."""
    for name, one_by_one in ((EVIDENCE, _evidence), (FIGURES, _figures), (POINTS, _points)):
        step = book.step(name)
        if not step.done:
            said = step.number
            for upto, count in one_by_one(source, target, step.upto):
                step = Step(upto, step.number + count, False)
                book.note(name, step)
                if step.number - said >= SAY_EVERY:
                    said = step.number
                    tell(f"{name}: {step.number} values so far")
            step = Step(step.upto, step.number, True)
            book.note(name, step)
        tell(f"{name}: {step.number} values")


Progress = Iterator[tuple[list[str], int]]
"""After each write: the key of the last series that is whole in the target, and how many values are there more."""


def _evidence(source: SeriesStore, target: SeriesStore, after: list[str]) -> Progress:
    waiting: list[Samples] = []
    pending, whole, upto = 0, 0, after
    for meter, register in sorted(source.registers_held()):
        if [meter, register] <= after:
            continue
        own = 0
        for block in source.blocks(meter, register, *EVER_MS):
            waiting.append(block)
            own, pending = own + len(block.at_ms), pending + len(block.at_ms)
            if pending >= TOGETHER:
                target.write_samples(waiting)
                waiting, pending = [], 0
                if whole:
                    yield upto, whole
                    whole = 0
        upto, whole = [meter, register], whole + own
    if waiting:
        target.write_samples(waiting)
    yield upto, whole


def _figures(source: SeriesStore, target: SeriesStore, after: list[str]) -> Progress:
    waiting: list[Figures] = []
    count, upto = 0, after
    for held in sorted(source.figures_held(), key=figures_key):
        key = figures_key(held)
        if key <= after:
            continue
        found = figures_of(source, held)
        waiting.append(Figures(held.meter, held.carrier, held.flow, {held.resolution: found}))
        count, upto = count + len(found), key
        if count >= TOGETHER:
            target.write_figures(waiting)
            yield upto, count
            waiting, count = [], 0
    if waiting:
        target.write_figures(waiting)
    yield upto, count


def _points(source: SeriesStore, target: SeriesStore, after: list[str]) -> Progress:
    for held in sorted(source.points_held(), key=points_key):
        key = points_key(held)
        if key > after:
            found = source.points(held.measurement, held.tags, *EVER_S)
            if len(found.start_s):
                target.write_points(held.measurement, held.tags, found)
            yield key, len(found.start_s)


def figures_of(store: SeriesStore, held: FiguresHeld) -> Intervals:
    """All of one series of figures."""
    return store.intervals(held.resolution, held.meter, *EVER_S, held.flow)


def figures_key(held: FiguresHeld) -> list[str]:
    """The place of a series of figures among all of them."""
    return [held.meter, held.flow, held.resolution.value, held.carrier]


def points_key(held: PointsHeld) -> list[str]:
    """The place of a series of points among all of them."""
    return [held.measurement, *(part for tag in sorted(held.tags.items()) for part in tag)]
