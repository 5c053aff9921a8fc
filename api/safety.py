"""What every answer and every request has in common: headers that keep a browser safe, no requests from other sites."""

import time
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


class Safety:
    """Around the whole app: refuses writes asked for by another site, adds the headers, says how long it took."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

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
        if scope["method"] not in SAFE_METHODS and comes_from_elsewhere(headers):
            await _refusal()(scope, receive, send_safely)
            return
        await self.app(scope, receive, send_safely)


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
    body = {
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
        "detail": "A page of another site asked for this change; it was refused and nothing was changed.",
        "where": "headers: Sec-Fetch-Site, Origin",
        "what_to_do": "Open the ticket on this site and use its own buttons.",
    }
    return JSONResponse(body, 403, media_type="application/problem+json")
