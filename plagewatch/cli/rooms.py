"""Starts the rooms of one process: who ticks when, who listens, and how each part is doing."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
import uvicorn
from apscheduler.schedulers.background import BackgroundScheduler

from collector.spool import SpoolError
from plagewatch.cli.opening import Stores, refuse
from plagewatch.health import PartHealth, PartState
from plagewatch.store.engine import RecordsError
from plagewatch.store.series.protocol import SeriesError

log = structlog.get_logger()

FORESEEN = (SeriesError, SpoolError, RecordsError)
"""Troubles of a disk or a service: a sentence says it, a traceback would only fill the disk further."""


class Part(Protocol):
    """Something that runs until it is told to stop: the collector's connection, the live meters of the demo."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def health(self, now_s: float) -> PartHealth: ...


@dataclass(slots=True)
class Tick:
    """A piece of work that is done again and again. What is due it reads from the store; here is only its pulse."""

    name: str
    every_s: float
    work: Callable[[], object]
    last_done_s: float | None = None
    trouble: str = ""
    made_s: float = field(default_factory=time.time)

    def __call__(self) -> None:
        """Do the work once; trouble is told and the next pulse tries again."""
        try:
            self.work()
        except Exception as error:
            # One part's trouble must not stop the scheduler's thread; it is shown in the health until a pulse succeeds.
            told = next(iter(str(error).splitlines()), "") or type(error).__name__
            if self.trouble != told:
                log.error("tick failed", part=self.name, error=told, exc_info=not isinstance(error, FORESEEN))
            self.trouble = told
        else:
            if self.trouble:
                log.info("tick works again", part=self.name)
            self.trouble = ""
            self.last_done_s = time.time()

    def health(self, now_s: float) -> PartHealth:
        """Well while it succeeds and keeps its pace."""
        age_s = None if self.last_done_s is None else max(0.0, now_s - self.last_done_s)
        if self.trouble:
            return PartHealth(self.name, PartState.DEGRADED, self.trouble, age_s)
        standing_s = now_s - (self.made_s if self.last_done_s is None else self.last_done_s)
        if standing_s > 10 * self.every_s + 60:
            return PartHealth(self.name, PartState.DEGRADED, f"has not run for {standing_s:.0f} s", age_s)
        return PartHealth(self.name, PartState.WELL, "", age_s)


@dataclass(slots=True)
class Running:
    """All that runs in this process."""

    stores: Stores
    ticks: list[Tick] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    _scheduler: BackgroundScheduler | None = None

    def start(self) -> None:
        """Start the parts, then the pulse."""
        for part in self.parts:
            part.start()
        scheduler = BackgroundScheduler(timezone="UTC")
        for tick in self.ticks:
            scheduler.add_job(
                tick,
                "interval",
                seconds=tick.every_s,
                next_run_time=datetime.now(UTC),  # what fell due while the process was down is looked for at once
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
            )
        scheduler.start()
        self._scheduler = scheduler

    def stop(self) -> None:
        """Stop in the opposite order; work under way is finished first."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=True)
        for part in reversed(self.parts):
            part.stop()

    def health(self) -> list[PartHealth]:
        """How each part is doing now."""
        now = time.time()
        return [self._store_health(now), *(p.health(now) for p in self.parts), *(t.health(now) for t in self.ticks)]

    def _store_health(self, now_s: float) -> PartHealth:
        try:
            self.stores.series.check()
            newest_ms = max(self.stores.series.latest_sample_ms().values(), default=None)
        except SeriesError as error:
            return PartHealth("series store", PartState.DOWN, str(error))
        age_s = None if newest_ms is None else max(0.0, now_s - newest_ms / 1000)
        return PartHealth("series store", PartState.WELL, "", age_s)


class Pages:
    """The web server in a thread of its own, so that the main thread hears Ctrl-C."""

    def __init__(self, app: Callable[..., Any], host: str, port: int) -> None:
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

    def stop(self) -> None:
        """Finish the requests under way and close."""
        self._server.should_exit = True
        self._thread.join(10)

    def health(self, now_s: float) -> PartHealth:
        """Well while the server's thread lives."""
        del now_s
        return PartHealth("pages", PartState.WELL if self._thread.is_alive() else PartState.DOWN)
