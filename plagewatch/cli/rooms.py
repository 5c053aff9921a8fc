"""Starts the rooms of one process: who ticks when, who listens, and how each part is doing."""

import gc
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from plagewatch.cli.opening import refuse
from plagewatch.cli.pulse import Pulse
from plagewatch.cli.watching import FORESEEN, StoreAway, Watch, sentence
from plagewatch.health import PartHealth, PartState

log = structlog.get_logger()

STOPPING_S = 3.5
WAITING_S = 0.5
GARBAGE = (20_000, 20, 100)  # objects, and rounds, after which the younger are looked through for rings


class Part(Protocol):
    """Something that runs until it is told to stop: the collector's connection, the live meters of the demo."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def health(self, now_s: float) -> PartHealth: ...


@dataclass(slots=True)
class Tick:
    """A piece of work that is done again and again. What is due it reads from the store; here is only its pulse.

    needs: services without which there is nothing to try.
    """

    name: str
    every_s: float
    work: Callable[[], object]
    needs: Sequence[Watch] = ()
    last_done_s: float | None = None
    took_s: float = 0.0
    failures: int = 0
    trouble: str = ""
    waits: bool = False
    made_s: float = field(default_factory=time.time)

    def __call__(self) -> None:
        """Do the work once; trouble is told and the next pulse tries again."""
        began_s = time.monotonic()
        try:
            for need in self.needs:
                if need.trouble(time.time()):
                    self.waits = True
                    raise StoreAway(f"waits for: {need.part}")
            if self.waits:  # what it waited for is there; the work itself may take its time
                self.waits, self.trouble = False, ""
            self.work()
        except Exception as error:
            # One part's trouble must not stop its thread; it is shown in the health until a pulse succeeds.
            told = sentence(error)
            if self.trouble != told and not isinstance(error, StoreAway):  # the service's own trouble is told once
                log.error("tick failed", part=self.name, error=told, exc_info=not isinstance(error, FORESEEN))
            self.trouble = told
            self.failures += not self.waits
        else:
            if self.trouble:
                log.info("tick works again", part=self.name)
            self.trouble = ""
            self.last_done_s = time.time()
            self.took_s = time.monotonic() - began_s

    def health(self, now_s: float) -> PartHealth:
        """Well while it succeeds and keeps its pace."""
        age_s = None if self.last_done_s is None else max(0.0, now_s - self.last_done_s)
        # What waited for a service that has answered since is only due: its next pulse comes within WAITING_S.
        is_due = self.waits and not any(need.trouble(now_s) for need in self.needs)
        if self.trouble and not is_due:
            return PartHealth(self.name, PartState.DEGRADED, self.trouble, age_s)
        standing_s = now_s - (self.made_s if self.last_done_s is None else self.last_done_s)
        if standing_s > 10 * self.every_s + 60:
            return PartHealth(self.name, PartState.DEGRADED, f"has not run for {standing_s:.0f} s", age_s)
        return PartHealth(self.name, PartState.WELL, "", age_s)

    def turn(self) -> float:
        """Work, and tell how long after its begin this is due again [s]."""
        self()
        # What could not begin is looked at again soon: its services may be there in a moment.
        return min(self.every_s, WAITING_S) if self.waits else self.every_s


@dataclass(slots=True)
class Running:
    """All that runs in this process.

    watches: services that are asked in the background. at_stop: told first when all shall stop.
    """

    ticks: list[Tick] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    watches: list[Watch] = field(default_factory=list)
    at_stop: list[Callable[[], None]] = field(default_factory=list)
    _pulse: Pulse = field(default_factory=Pulse)

    def start(self) -> None:
        """Start the parts, then the questions, then the pulses; nothing of it waits for a service."""
        # What is there stays until the end, and packets in flight are no rings: looking through all of them again and
        # again took 18 of 50 µs a message.
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        for part in self.parts:
            part.start()
        for watch in self.watches:
            watch.start()
        for tick in self.ticks:
            self._pulse.add(tick.name, tick.every_s, tick.turn)
        self._pulse.start()

    def wait(self, seconds: float) -> list[str]:
        """Wait until all services have answered, but not longer; those that have not, and why."""
        end = time.monotonic() + seconds
        waited = [watch for watch in self.watches if not watch.wait(max(0.0, end - time.monotonic()))]
        return [f"{watch.part}: {watch.trouble(time.time())}" for watch in waited]

    def stop(self, seconds: float = STOPPING_S) -> list[str]:
        """Stop everything; what has not ended by then, by its thread's name.

        Whatever is cut off between two writes is done again at the next start, so nothing waits for long.
        """
        end = time.monotonic() + seconds
        working = self._pulse.stop()
        for tell in self.at_stop:
            tell()
        for watch in self.watches:
            watch.stop()
        stopping = [threading.Thread(target=part.stop, name=type(part).__name__, daemon=True) for part in self.parts]
        for thread in reversed(stopping):
            thread.start()
        left = []
        for thread in [*stopping, *working]:
            thread.join(max(0.0, end - time.monotonic()))
            if thread.is_alive():
                left.append(thread.name)
        return left

    def health(self) -> list[PartHealth]:
        """How each part is doing, as it was last seen: nothing is asked for it."""
        now = time.time()
        parts = [*(watch.health(now) for watch in self.watches), *(part.health(now) for part in self.parts)]
        return parts + [tick.health(now) for tick in self.ticks]

    def away(self, part: str) -> str:
        """Why a service cannot be used now; empty where it can."""
        now = time.time()
        return "; ".join(told for watch in self.watches if watch.part == part and (told := watch.trouble(now)))


class Pages:
    """The web server in a thread of its own, so that the main thread hears Ctrl-C."""

    def __init__(self, app: Callable[..., Any], host: str, port: int) -> None:
        import uvicorn  # a collector without pages has no use for it

        config = uvicorn.Config(app, host=host, port=port, log_level="critical", access_log=False, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="pages", daemon=True)
        self._address = f"{host}:{port}"

    def start(self) -> None:
        """Listen, and return when the first request can come. Raises Refused where the address is taken."""
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                refuse(
                    f"The pages cannot listen on {self._address}: is it in use? "
                    "PLAGEWATCH_HTTP_HOST and PLAGEWATCH_HTTP_PORT choose another."
                )
            time.sleep(0.02)

    def stop(self, seconds: float = 2.0) -> None:
        """Finish the requests under way and close; one that waits for a service that hangs is cut off."""
        self._server.should_exit = True
        self._thread.join(seconds)

    def health(self, now_s: float) -> PartHealth:
        """Well while the server's thread lives."""
        del now_s
        return PartHealth("pages", PartState.WELL if self._thread.is_alive() else PartState.DOWN)
