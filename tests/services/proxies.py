"""Ways to a real server that fail as networks do: small real proxies in threads of the test's own."""

import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Way:
    """A TCP connection passed on, cut off after so many bytes in one direction; None = never."""

    cut_sent: int | None = None
    cut_answered: int | None = None
    cuts: int = 0


@contextmanager
def passing(url: str) -> Iterator[tuple[str, Way]]:
    """A way to a server's address, and what may be done to it while it is used."""
    way, target = Way(), urlsplit(url)
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket, limit: Callable[[], int | None]) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(4096):
                most = limit()
                if most is not None and passed + len(data) > most:
                    way.cuts += 1
                    break
                sink.sendall(data)
                passed += len(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection((str(target.hostname), int(target.port or 80)))
                forth = threading.Thread(target=pump, args=(client, server, lambda: way.cut_sent))
                back = threading.Thread(target=pump, args=(server, client, lambda: way.cut_answered))
                ends.extend([client, server])
                threads.extend([forth, back])
                forth.start()
                back.start()

    ends: list[socket.socket] = []
    threads: list[threading.Thread] = [threading.Thread(target=serve)]
    threads[0].start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", way
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        for end in (listener, *ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        for thread in threads:
            thread.join(5)


@dataclass
class Moods:
    """What is answered in place of the server, one after another: status, and headers. encodings: of what was sent."""

    next: list[tuple[int, dict[str, str]]]
    asked: int = 0
    encodings: list[str | None] = field(default_factory=list)


@contextmanager
def moody(url: str) -> Iterator[tuple[str, Moods]]:
    """A proxy before an InfluxDB that answers writes as its moods say, and passes them on where it has none left."""
    moods = Moods([])

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            moods.asked += 1
            moods.encodings.append(self.headers.get("Content-Encoding"))
            if moods.next:
                status, headers = moods.next.pop(0)
                self._answer(status, headers, b'{"code":"unavailable","message":"not now"}')
                return
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            self._pass_on(urllib.request.Request(url + self.path, body, headers))

        def do_GET(self) -> None:
            self._pass_on(urllib.request.Request(url + self.path, None, dict(self.headers.items())))

        def _pass_on(self, request: urllib.request.Request) -> None:
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    version = {"X-Influxdb-Version": answer.headers.get("X-Influxdb-Version", "")}
                    self._answer(answer.status, version, answer.read())
            except urllib.error.HTTPError as error:
                with error:
                    self._answer(error.code, {}, error.read())

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if status != 204:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", moods
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
