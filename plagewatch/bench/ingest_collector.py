"""The collector as the ingest bench runs it: the wiring of `serve collector`, in a process of its own.

Figures are not rolled up here: what is measured is the way from the broker into the database, as a peer goes it.
`--rollups` does both, as `serve collector` does.
"""

import signal
import sys
import threading
from pathlib import Path

from plagewatch.cli.collecting import collector_of
from plagewatch.cli.opening import read_settings, stores
from plagewatch.cli.rooms import Running

ROLLUPS = ("ledger", "ledger check")
LOOK_S = 0.02


def main(ready: Path, *, rollups: bool) -> None:
    """Run until SIGTERM; the file `ready` appears once the broker has answered for the topics."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    with stores(read_settings(None)) as opened:
        collecting = collector_of(opened)
        mqtt = collecting.mqtt
        running = Running([tick for tick in collecting.ticks if rollups or tick.name not in ROLLUPS], [mqtt])
        running.start()
        try:
            while not mqtt.connected and not stop.wait(LOOK_S):
                pass
            ready.touch()
            stop.wait()
        finally:
            running.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), rollups="--rollups" in sys.argv)
