"""The pulse of a process: APScheduler ticks, and each run has a thread that nothing waits for."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.job import Job
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers import SchedulerNotRunningError
from apscheduler.schedulers.background import BackgroundScheduler


class OwnThreads(BaseExecutor):  # type: ignore[misc]  # APScheduler has no types
    """Runs each job in a thread of its own.

    In a pool of threads, as APScheduler has it, jobs that hang take the places of the others; and the end of the
    process would wait for them.
    """

    def __init__(self, ended: Callable[[str], None]) -> None:
        """ended: told the id of a job after each run, when it may run again."""
        super().__init__()
        self._ended = ended
        self.running: set[threading.Thread] = set()

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        thread = threading.Thread(target=self._run, args=[job, run_times], name=f"tick {job.name}", daemon=True)
        self.running.add(thread)
        thread.start()

    def _run(self, job: Job, run_times: list[datetime]) -> None:
        try:
            events: list[Any] = run_job(job, job._jobstore_alias, run_times, self._logger.name)
        except BaseException as error:  # it ends this thread only, and the job is to run again
            self._run_job_error(job.id, error, error.__traceback__)
        else:
            self._run_job_success(job.id, events)
            self._ended(job.id)
        finally:
            self.running.discard(threading.current_thread())


class Pulse:
    """Works again and again, each piece at its pace and never twice at once."""

    def __init__(self) -> None:
        self._due_s: dict[str, float] = {}
        self._threads = OwnThreads(self._set_due)
        self._scheduler = BackgroundScheduler(executors={"default": self._threads}, timezone="UTC")

    def add(self, name: str, every_s: float, work: Callable[[], float]) -> None:
        """Have work done from the start on. It tells after how many seconds from its begin it is due again."""

        def turn() -> None:
            began_s = time.monotonic()
            self._due_s[name] = began_s + work()

        self._scheduler.add_job(
            turn,
            "interval",
            seconds=every_s,
            id=name,
            name=name,
            next_run_time=datetime.now(UTC),  # what fell due while the process was down is looked for at once
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )

    def start(self) -> None:
        """Begin, with all of it at once."""
        self._scheduler.start()

    def stop(self) -> list[threading.Thread]:
        """Begin nothing more; the threads that still work."""
        try:
            self._scheduler.shutdown(wait=False)
        except SchedulerNotRunningError:
            return []
        return list(self._threads.running)

    def _set_due(self, name: str) -> None:
        # By its interval alone it would stand until the next full beat where it took longer than one.
        wait_s = max(0.0, self._due_s.get(name, 0.0) - time.monotonic())
        with suppress(JobLookupError):  # all of it was stopped meanwhile
            self._scheduler.modify_job(name, next_run_time=datetime.now(UTC) + timedelta(seconds=wait_s))
