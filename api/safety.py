"""What every answer and every request has in common: headers that keep a browser safe, no requests from other sites."""

import time
from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""A chart carries its own style attributes; alone it can load and run nothing."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Safety:
    """Around the whole app: refuses what other sites ask for, adds the headers, says how long it took.

    hosts: names by which this server may be asked for, beside those of the machine itself. Another name that a browser
    was made to find here (DNS rebinding) would make another site's page one of ours.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self.app = app
        self._hosts = LOOPBACK | frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                picture = headers.get("content-type", "").startswith("image/svg")
                headers["Content-Security-Policy"] = PICTURE_POLICY if picture else PAGE_POLICY
                headers["Server-Timing"] = f"app;dur={(time.perf_counter() - began) * 1000:.1f}"
            await send(message)

        headers = Headers(scope=scope)
        if host_of(headers) not in self._hosts:
            await _unknown_host()(scope, receive, send_safely)
            return
        if scope["method"] not in SAFE_METHODS and comes_from_elsewhere(headers):
            await _refusal()(scope, receive, send_safely)
            return
        await self.app(scope, receive, send_safely)


def host_of(headers: Headers) -> str:
    """The name by which a request asks for this server, without its port; empty where it says none.

    >>> host_of(Headers({"host": "[::1]:8000"})), host_of(Headers({"host": "here.example"})), host_of(Headers({}))
    ('::1', 'here.example', '')
    """
    try:
        return urlsplit("//" + headers.get("host", "")).hostname or ""
    except ValueError:
        return ""


def comes_from_elsewhere(headers: Headers) -> bool:
    """Whether a browser says that another site's page sent this request. A program that is no browser says nothing.

    >>> comes_from_elsewhere(Headers({"host": "here.example", "origin": "https://there.example"}))
    True
    >>> comes_from_elsewhere(Headers({"host": "here.example", "sec-fetch-site": "same-origin"}))
    False
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


def _refusal() -> JSONResponse:
    return _told(
        403,
        "A page of another site asked for this change; it was refused and nothing was changed.",
        "headers: Sec-Fetch-Site, Origin",
        "Open the ticket on this site and use its own buttons.",
    )


def _unknown_host() -> JSONResponse:
    return _told(
        400,
        "This server is not known by the name in the address.",
        "headers: Host",
        "Use the address it was set up for, or set PLAGEWATCH_BASE_URL to the one people use.",
    )


def _told(status: int, detail: str, where: str, what_to_do: str) -> JSONResponse:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "where": where,
        "what_to_do": what_to_do,
    }
    return JSONResponse(body, status, media_type="application/problem+json")
