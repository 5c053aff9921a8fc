"""Evidence that is written in a thread of its own, while the next packets are decoded."""

import threading
from collections.abc import Sequence

from plagewatch.metering.readings import Samples
from plagewatch.store.series.protocol import SeriesStore


class Writing:
    """A write under way. A thread for each costs 0.1 ms; nothing waits for one that hangs when the process ends."""

    def __init__(self, series: SeriesStore, blocks: Sequence[Samples], in_vain: BaseException | None = None) -> None:
        """in_vain: what went wrong before; then nothing is written, and whoever settles it is told."""
        self._series, self._blocks = series, blocks
        self.in_vain = in_vain
        self._error = in_vain
        self._thread = threading.Thread(target=self._write, name="evidence", daemon=True)
        if in_vain is None:
            self._thread.start()

    def settle(self) -> None:
        """Wait until the store has it. Raises what the store raised."""
        self.wait()
        if self._error is not None:
            raise self._error

    def wait(self) -> None:
        """Wait until the store has it or has refused it."""
        if self.in_vain is None:
            self._thread.join()

    def _write(self) -> None:
        try:
            self._series.write_samples(self._blocks)
        except BaseException as error:
            self._error = error  # told to whoever settles it
