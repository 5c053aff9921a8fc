"""Which samples of one register tell its course, and what the steps between them are.

A register only rises. Where it does not, or rises faster than the meter can, a pair of samples is a *break*, and what
came within `REACH` samples before and after decides what it was: noise, an excursion (a drop to 0 and back, a jump that
returns), a rollover, a movement the meter cannot have made, or an exchanged meter. Ordinary stretches are never looked
at one by one.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from plagewatch.metering.stretch import Places, Stretch, is_break, is_turn, most_rise, noise, telling

REACH = 96
"""How many samples an excursion may last, and so how far a sample can change what was made of another."""

COMES_BACK = 0.5
"""An excursion leaves and returns in one movement each, of which the smaller is at least this part of the larger."""


class Note(StrEnum):
    """What the ledger met in the evidence. The words are stable: they stand in reports."""

    SWAP = "swap"
    UNDECLARED_SWAP = "undeclared_swap"
    ROLLOVER = "rollover"
    IMPOSSIBLE = "impossible"
    EXCURSION = "excursion"
    STEP_BACK = "step_back"
    SUSPECT = "suspect"
    CONTRADICTION = "contradiction"
    NO_PULSE_WEIGHT = "no_pulse_weight"  # pulses of which nobody said what one is worth
    UNIT_UNKNOWN = "unit_unknown"  # an index in a unit that does not become the meter's


@dataclass(frozen=True, slots=True)
class Found:
    """Something the ledger met between two instants [ms since 1970 UTC]; `step` in units of the index."""

    note: Note
    from_ms: int
    to_ms: int
    step: float


@dataclass(frozen=True, slots=True)
class Course:
    """What stands of a stretch. One pair lies between each two kept samples.

    kept: places of the samples that count. level: the index there, never falling but at a step.
    movement: what went through in each pair [index units]; NaN where that is not known (an exchanged meter).
    impossible: pairs whose movement the meter cannot have made. declared: sum of recognised steps [index units].
    """

    kept: NDArray[np.int64]
    level: Floats
    movement: Floats
    impossible: NDArray[np.bool_]
    declared: float
    found: list[Found]


def course(stretch: Stretch) -> Course:
    """The course of a register through the samples of one device.

    >>> one = np.ones(4)
    >>> samples = Stretch(np.arange(4) * 900_000, np.array([5.0, 0.0, 5.5, 6.0]), one * np.inf, one * 0, one * np.inf)
    >>> course(samples).kept, course(samples).movement
    (array([0, 2, 3]), array([0.5, 0.5]))
    """
    moves = np.diff(stretch.value)
    breaks = np.flatnonzero(is_break(stretch))
    if len(breaks) == 0:
        every = np.arange(len(stretch.value))
        return Course(every, stretch.value, moves, np.zeros(len(moves), np.bool_), 0.0, [])
    # A register that stands still says one thing, however often: a week of zeros is no longer than two of them.
    places = np.flatnonzero(telling(stretch.value))
    walk = _Walk(Stretch(*(getattr(stretch, name)[places] for name in Stretch.__slots__)))
    walk.to_the_end()
    return walk.result(places, len(stretch.value))


class _Walk:
    """Goes from break to break; arrays are by place in the stretch and say how the place was reached."""

    def __init__(self, stretch: Stretch) -> None:
        count = len(stretch.value)
        self.stretch, self.breaks = stretch, np.flatnonzero(is_break(stretch))
        self.most = most_rise(stretch, np.arange(count - 1), np.arange(1, count))  # from each to the next
        self.level = stretch.value.copy()
        self.alive = np.ones(count, np.bool_)
        self.turned = np.zeros(count)
        self.impossible = np.zeros(count, np.bool_)
        self.exchanged = np.zeros(count, np.bool_)
        self.found: list[Found] = []

    def to_the_end(self) -> None:
        last, final = 0, len(self.level) - 1
        while last < final:
            if self.alive[last] and self.level[last] == self.stretch.value[last]:
                ahead = int(np.searchsorted(self.breaks, last))
                if ahead == len(self.breaks):
                    return
                last = int(self.breaks[ahead])
            last = self._pass(last, last + 1)

    def result(self, places: NDArray[np.int64], count: int) -> Course:
        """The course of all `count` samples, of which those at `places` were looked at; the others are as before."""
        owner = np.searchsorted(places, np.arange(count), side="right") - 1
        kept = np.flatnonzero(self.alive[owner])
        level, looked_at = self.level[owner[kept]], places[owner[kept]] == kept

        def how(reached: NDArray[Any]) -> NDArray[Any]:
            return np.where(looked_at, reached[owner[kept]], np.zeros(1, reached.dtype))[1:]

        turned, exchanged = how(self.turned), how(self.exchanged)
        movement = np.diff(level) + turned
        declared = float(turned.sum() - np.diff(level)[exchanged].sum())
        movement[exchanged] = np.nan
        return Course(kept, level, movement, how(self.impossible), declared, self._notes(np.flatnonzero(self.alive)))

    def _pass(self, last: int, following: int) -> int:
        """Decide how `following` is reached from the kept sample `last`; the place to go on from."""
        move = self.stretch.value[following] - self.level[last]
        if 0 <= move <= self.most[last]:
            return following
        if move < 0 and -move <= noise(self.stretch, self.level[last], following):
            self._hold(last, following, Note.STEP_BACK, move)
            return following
        back = self._return_after(last, following)
        if back is not None and not self._rather_a_jump(last, following, -move):
            self._set_aside(following, back, Note.EXCURSION, move)
            if self.stretch.value[back] < self.level[last]:
                self.level[back] = self.level[last]
            return back
        if move > 0:
            self.impossible[following] = True
            return following
        return self._fall(last, following, move)

    def _rather_a_jump(self, last: int, following: int, fall: float) -> bool:
        """Whether a fall that is made up for later ends a jump all the same: most of what comes next is as before it.

        Two jumps within reach of each other must not make a drop of the readings between them.
        """
        if fall < 0 or self._jump_before(last, following, fall) is None:
            return False
        ahead = self.stretch.value[following : following + REACH]
        return bool(2 * np.count_nonzero(ahead < self.level[last]) > len(ahead))

    def _fall(self, last: int, following: int, move: float) -> int:
        before, turns = self._jump_before(last, following, -move), is_turn(self.stretch, last, following, move)
        # A display of all nines is no end of the register, unless the meter is known to be able to come there and on.
        if before is not None and not (turns and np.isfinite(self.stretch.rate[last])):
            self._set_aside(before + 1, following, Note.EXCURSION, -move)
            self.level[following] = max(self.level[before], self.stretch.value[following])
        elif turns:
            self.turned[following] = self.stretch.full_scale[last]
        elif following == len(self.level) - 1:
            # Nothing came after it yet: a suspect, that the next sample clears or confirms.
            self._set_aside(following, following + 1, Note.SUSPECT, move)
        else:
            self.exchanged[following] = True
        return following

    def _on_course(self, last: int, later: Places, onward: Floats) -> NDArray[np.bool_]:
        """Whether the register can have come from the kept sample `last` to later ones, noise allowed."""
        fits = (onward >= -noise(self.stretch, self.level[last], later)) & (
            onward <= most_rise(self.stretch, last, later)
        )
        return np.asarray(fits, np.bool_)

    def _hold(self, last: int, following: int, note: Note, move: float) -> None:
        self.level[following] = self.level[last]
        if self.stretch.value[following] == self.stretch.value[last]:
            return  # still there: it has been told
        at_ms = self.stretch.at_ms
        self.found.append(Found(note, int(at_ms[last]), int(at_ms[following]), float(move)))

    def _set_aside(self, first: int, after: int, note: Note, move: float) -> None:
        self.alive[first:after] = False
        at_ms = self.stretch.at_ms
        self.found.append(Found(note, int(at_ms[first]), int(at_ms[after - 1]), float(move)))

    def _return_after(self, last: int, away: int) -> int | None:
        """The first sample within reach that is back on the course that `away` left."""
        value, stop = self.stretch.value, min(away + 1 + REACH, len(self.stretch.value))
        move = value[away] - self.level[last]
        steps_back = (value[away + 1 : stop] - value[away : stop - 1]) * -np.sign(move)
        jumps_back = away + 1 + np.flatnonzero(steps_back >= COMES_BACK * abs(move))
        if not len(jumps_back):
            return None  # asked first: where a meter is too fast for its limit for ever, a whole year is walked
        on_course = self._on_course(last, jumps_back, value[jumps_back] - self.level[last])
        for place in jumps_back[on_course].tolist():
            if not self._is_spike(place, stop - 1, self.level[last], abs(move)):
                return int(place)
        return None

    def _is_spike(self, place: int, final: int, level: float, away: float) -> bool:
        """Whether a return is far larger than what it would make up for, and is undone itself: it is no return then."""
        value = self.stretch.value
        rise = value[place] - value[place - 1]
        if away >= COMES_BACK * rise:
            return False
        after = value[place + 1 : final + 1]
        falls = value[place:final] - after
        return bool(((after < level) & (falls >= COMES_BACK * rise)).any())

    def _jump_before(self, last: int, following: int, fall: float) -> int | None:
        """The sample within reach before a jump up, of which the fall to `following` is the return."""
        value = self.stretch.value[following]
        after = last
        for place in range(last - 1, max(last - 1 - REACH, -1), -1):
            if self.turned[after] or self.exchanged[after]:
                return None
            if not self.alive[place]:
                continue
            jump, onward = self.level[after] - self.level[place], value - self.level[place]
            jumps = jump >= COMES_BACK * fall and onward <= jump
            if jumps and self._on_course(place, following, onward):
                return place
            after = place
        return None

    def _notes(self, kept: NDArray[np.int64]) -> list[Found]:
        at_ms, notes = self.stretch.at_ms[kept], list(self.found)
        turned, impossible, moves = self.turned[kept], self.impossible[kept], np.diff(self.level[kept])
        for place in np.flatnonzero((turned != 0.0) | impossible | self.exchanged[kept]).tolist():
            move = float(moves[place - 1])
            if turned[place]:
                note, step = Note.ROLLOVER, float(turned[place])
            elif impossible[place]:
                note, step = Note.IMPOSSIBLE, move
            else:
                note, step = Note.UNDECLARED_SWAP, -move
            notes.append(Found(note, int(at_ms[place - 1]), int(at_ms[place]), step))
        return sorted(notes, key=lambda found: found.from_ms)
