"""A network between two programs of this machine that can be cut, frozen and reset, as cables and firewalls do."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from plagewatch.bench.services import HOST, free_port

CHUNK = 1 << 16
RESET = struct.pack("ii", 1, 0)  # linger for no time: the other end is told that the connection is gone, not closed


class Link:
    """Takes connections on `port` and passes them on to a port behind it, until it is told otherwise."""

    def __init__(self, name: str, behind: int) -> None:
        """behind: the port that connections are passed on to."""
        self.name, self.port = name, free_port()
        self._behind = behind
        self._streams: set[asyncio.StreamWriter] = set()
        self._whole = True
        self._loop = asyncio.new_event_loop()
        self._flowing: asyncio.Event | None = None
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"link-{name}", daemon=True)

    def start(self) -> None:
        """Begin to take connections."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(10)

    def stop(self) -> None:
        """End all connections, and take none any more."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def cut(self) -> None:
        """End all connections and refuse new ones until `mend`."""
        self._do(self._cut)

    def freeze(self) -> None:
        """Pass nothing on until `mend`, and tell neither end."""
        self._do(lambda: self._flow.clear())

    def reset(self) -> None:
        """End all connections as if the other end had forgotten them; new ones are taken."""
        self._do(self._end_all)

    def mend(self) -> None:
        """Pass on again, old connections and new ones."""
        self._do(self._mend)

    @property
    def _flow(self) -> asyncio.Event:
        assert self._flowing is not None
        return self._flowing

    def _do(self, what: Callable[[], object]) -> None:
        done: Future[None] = Future()

        def call() -> None:
            what()
            done.set_result(None)

        self._loop.call_soon_threadsafe(call)
        done.result(10)

    def _mend(self) -> None:
        self._whole = True
        self._flow.set()

    def _cut(self) -> None:
        self._whole = False
        self._end_all()

    def _end_all(self) -> None:
        for stream in tuple(self._streams):
            _end(stream)
        self._streams.clear()

    async def _serve(self) -> None:
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._server = await asyncio.start_server(self._taken, HOST, self.port)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._cut()
        self._flow.set()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)  # what was ended is let go of in the loop's next turn

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            _end(writer)
            return
        self._streams.add(writer)  # from now on it is ended with the others
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self._behind)
        except OSError:
            _end(writer)
            self._streams.discard(writer)
            return
        both = {writer, far_writer}
        if writer not in self._streams:
            _end(far_writer)
            return
        self._streams.add(far_writer)
        await asyncio.gather(self._pass_on(reader, far_writer), self._pass_on(far_reader, writer))
        self._streams -= both
        for stream in both:
            stream.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                await self._flow.wait()
                writer.write(chunk)
                await writer.drain()
        await self._flow.wait()
        with suppress(OSError, RuntimeError):
            writer.write_eof()


def _end(stream: asyncio.StreamWriter) -> None:
    connection: Any = stream.get_extra_info("socket")
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    stream.transport.abort()
