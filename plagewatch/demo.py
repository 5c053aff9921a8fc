"""The whole product in one process: embedded broker and stores, 13 months of history, live meters."""

import fcntl
import shutil
import signal
import socket
import threading
import time
import urllib.request
import webbrowser
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import FrameType

from collector import rollup_job
from collector.pipeline import Pipeline
from plagewatch import plage_progress
from plagewatch.cli.opening import Stores, make_folder, now_s, read_portfolio, refuse, say, show, stores
from plagewatch.cli.rooms import Pages, Running
from plagewatch.cli.wiring import ROOMS, pages_of, rooms
from plagewatch.embedded_broker import embedded_broker
from plagewatch.health import PartState, overall
from plagewatch.metering.readings import Packet
from plagewatch.plage.portfolio import Portfolio
from plagewatch.settings import Settings
from plagewatch.store.records import registry, work
from rules import dispatch, evaluate
from simulators.history import packets
from simulators.live import LiveFeed
from simulators.registry import entries
from simulators.world import World

OURS = "plagewatch-demo"  # a file of this name marks a folder that --fresh may empty
SENT_UPTO = "demo_sent_upto_s"
LOOKED_BACK_S = 14 * 86_400
SETTLED_S = 30.0
FIRST_CHART = "/meters/mrs-tournesol.water/chart.svg"


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the command line gives. started_s: when the person pressed enter, seconds since 1970."""

    port: int
    fresh: bool
    open_browser: bool
    started_s: float


def run(settings: Settings, options: DemoOptions) -> None:
    """Make the history where it is missing, start everything, and stay until Ctrl-C."""
    _require_free_port(options.port)
    folder = settings.data_dir
    with _claimed(folder, options.fresh):
        broker_port = _free_port()
        settings = settings.model_copy(
            update={
                "influx_url": None,
                "records_url": None,
                "mqtt_host": "127.0.0.1",
                "mqtt_port": broker_port,
                "mqtt_tls": "off",
                "mqtt_share": "",
                "mqtt_broker_figures": False,  # the broker inside the wheel has none, and leaves when it is asked
                "http_port": options.port,
                "base_url": f"http://127.0.0.1:{options.port}",
            }
        )
        with stores(settings) as opened:
            world = World.load_or_make(folder, now_s())
            _run(opened, world, options)
    show("stopped; `make demo` goes on with the same data")


def _run(opened: Stores, world: World, options: DemoOptions) -> None:
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = [(number, signal.signal(number, on_signal)) for number in (signal.SIGINT, signal.SIGTERM)]
    portfolio = read_portfolio(opened.settings)
    wired = rooms(opened, portfolio, ROOMS)
    assert wired.collecting is not None
    running, pipeline = wired.running, wired.collecting.pipeline
    pages = Pages(pages_of(opened, portfolio, wired), "127.0.0.1", options.port)
    try:
        registry.save(opened.engine, entries(world))
        if not _catch_up(opened, pipeline, world, portfolio, stop):
            return
        broker = embedded_broker(opened.settings.data_dir, opened.settings.mqtt_port)
        broker.start()
        running.parts.append(LiveFeed(world, "127.0.0.1", opened.settings.mqtt_port))
        pages.start()
        running.start()
        try:
            say(f"other devices may send to mqtt://127.0.0.1:{opened.settings.mqtt_port} (MQTT 5, this machine only)")
            _wait_until_well(running, stop)
            _tell_ready(options)
            stop.wait()
            say("stopping ...")
        finally:
            running.stop()
            pages.stop()
            broker.stop()
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _catch_up(opened: Stores, pipeline: Pipeline, world: World, portfolio: Portfolio, stop: threading.Event) -> bool:
    """Everything up to now through the collector's own path; False where the person stopped it.

    After a restart this is what the loggers would have buffered meanwhile. Sending a stretch twice changes nothing.
    """
    upto_s = now_s()
    sent_s = work.mark(opened.engine, SENT_UPTO)
    from_s = world.start_s if sent_s is None else sent_s
    if not _send(pipeline, packets(world, from_s, upto_s), from_s, upto_s, stop):
        return False
    say("making quarter-hours, hours and days of the evidence ...")
    rollup_job.run(opened.engine, opened.series, upto_s)
    work.set_mark(opened.engine, SENT_UPTO, upto_s)
    say("looking for what is abnormal, and where the target stands ...")
    looked_s = evaluate.looked_upto_s(opened.engine)
    evaluate.evaluate(opened.engine, opened.series, looked_s or upto_s - LOOKED_BACK_S, upto_s)
    dispatch.enqueue(opened.engine, upto_s)
    plage_progress.write(opened.series, plage_progress.assess(opened.engine, opened.series, portfolio, upto_s))
    return not stop.is_set()


def _send(pipeline: Pipeline, stream: Iterator[Packet], from_s: int, upto_s: int, stop: threading.Event) -> bool:
    told = time.monotonic()
    for batch in _batches(stream, 2000):
        pipeline.accept(batch)
        pipeline.drain(batch[-1].received_ms)
        if stop.is_set():
            return False
        if time.monotonic() - told > 1:
            told = time.monotonic()
            done = (batch[-1].received_ms / 1000 - from_s) / max(1, upto_s - from_s)
            say(f"history: {min(1.0, done):4.0%} of {(upto_s - from_s) / 86_400:.0f} days")
    return True


def _batches(stream: Iterable[Packet], size: int) -> Iterator[list[Packet]]:
    iterator = iter(stream)
    while batch := list(islice(iterator, size)):
        yield batch


def _wait_until_well(running: Running, stop: threading.Event) -> None:
    """Until every part is well: ready means that nothing is missing. What is not well by then the health tells."""
    end = time.monotonic() + SETTLED_S
    while overall(running.health()) is not PartState.WELL and time.monotonic() < end:
        if stop.wait(0.1):
            return


def _tell_ready(options: DemoOptions) -> None:
    url = f"http://127.0.0.1:{options.port}"
    direct = urllib.request.build_opener(
        urllib.request.ProxyHandler({})
    )  # an office's proxy does not know this machine
    with direct.open(url + FIRST_CHART, timeout=30) as answer:
        answer.read()
    show(f"ready in {time.time() - options.started_s:.0f} s: {url}  (Ctrl-C stops)")
    if options.open_browser:
        webbrowser.open(url)


@contextmanager
def _claimed(folder: Path, fresh: bool) -> Iterator[None]:
    """The data folder for this demo alone, emptied first where that was asked for."""
    mark = folder / OURS
    if fresh and folder.is_dir() and not mark.exists() and any(folder.iterdir()):
        refuse(f"--fresh would empty {folder}, which no demo made: remove it by hand, or choose another with --data.")
    make_folder(folder)
    with mark.open("a") as claim:
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            refuse(f"Another demo is running on {folder}: stop it, or choose another folder with --data DIR.")
        if fresh:
            _empty(folder, mark)
        yield


def _empty(folder: Path, mark: Path) -> None:
    for entry in folder.iterdir():
        if entry == mark:
            continue  # it holds the lock
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _require_free_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            refuse(f"Port {port} is in use: stop what listens there, or choose another: make demo ARGS='--port 8001'.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
