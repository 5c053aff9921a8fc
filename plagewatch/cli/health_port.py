"""A small port for those who watch over a process without pages: /healthz and /metrics, read only."""

import threading
from collections.abc import Callable
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson

from plagewatch.cli.metrics import CONTENT_TYPE
from plagewatch.cli.opening import refuse
from plagewatch.health import PartHealth, PartState, overall

SERIES = "series store"


class HealthPort:
    """Serves from start() to stop()."""

    def __init__(
        self, host: str, port: int, health: Callable[[], list[PartHealth]], metrics: Callable[[], bytes]
    ) -> None:
        """Raises Refused where the port cannot be had."""
        answers = {"/healthz": lambda: health_answer(health()), "/metrics": lambda: (200, CONTENT_TYPE, metrics())}
        try:
            self._server = ThreadingHTTPServer((host, port), _handler(answers))
        except OSError as error:
            refuse(
                f"The port for health and metrics, {host}:{port}, cannot be had ({error.strerror}): is it in use? "
                "PLAGEWATCH_HEALTH_HOST and PLAGEWATCH_HEALTH_PORT choose another."
            )
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="health port", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


Answer = tuple[int, str, bytes]
"""Status, content type, body."""


def health_answer(parts: list[PartHealth]) -> Answer:
    """As the pages' /healthz answers: 503 where a part is down."""
    state = overall(parts)
    told = [{name: value for name, value in asdict(part).items() if name != "alarms"} for part in parts]
    age_s = next((part.data_age_s for part in parts if part.part == SERIES), None)
    body = orjson.dumps({"state": state, "data_age_s": age_s, "parts": told})
    return (503 if state is PartState.DOWN else 200), "application/json", body


def _handler(answers: dict[str, Callable[[], Answer]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # whoever connects and says nothing does not keep a thread for ever

        def do_GET(self) -> None:
            answer = answers.get(self.path.partition("?")[0])
            status, kind, body = answer() if answer else (404, "text/plain", b"/healthz or /metrics\n")
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Each scrape would be a line."""

    return Handler
