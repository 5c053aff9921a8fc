"""One GET over the network: timeouts for everything, few retries, an end to each answer."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

from collector.weather.source import SourceError

LARGEST_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
FIRST_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and the seconds after which to ask again that the server named (0 where it named none)."""

    status: int
    body: bytes
    retry_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things may take [s], and how often a request is tried."""

    connect_s: float = 10.0
    read_s: float = 60.0
    whole_s: float = 180.0
    tries: int = 3


@dataclass(slots=True)
class Getter:
    """Asks servers. Where the environment names a proxy (HTTPS_PROXY, NO_PROXY) it goes through that."""

    limits: Limits = field(default_factory=Limits)
    pause: Callable[[float], object] = time.sleep
    _pools: dict[str, urllib3.PoolManager] = field(default_factory=dict)

    def get(self, url: str, query: Mapping[str, str]) -> Answer:
        """The answer, whatever its status below 500. Raises SourceError where the server cannot be reached or fails.

        What went wrong is told without the query, which may hold a key.
        """
        for attempt in range(1, self.limits.tries + 1):
            try:
                answer = self._once(f"{url}?{urlencode(query)}")
                why = f"{url} answers with status {answer.status}"
            except (urllib3.exceptions.HTTPError, OSError) as error:
                answer, why = None, f"{url} cannot be read ({_said(error)})"
            if answer is not None and answer.status < 500:
                return answer
            if attempt < self.limits.tries:
                self.pause(FIRST_PAUSE_S * 2 ** (attempt - 1))
        raise SourceError(why, retryable=True, wait_s=answer.retry_after_s if answer else 0.0)

    def _once(self, url: str) -> Answer:
        end_s = time.monotonic() + self.limits.whole_s
        timeout = urllib3.Timeout(connect=self.limits.connect_s, read=self.limits.read_s)
        response = self._pool(url).request("GET", url, timeout=timeout, retries=False, preload_content=False)
        try:
            body = bytearray()
            # A read timeout starts anew with each byte: a server that drips would hold the job for ever.
            for chunk in response.stream(CHUNK_BYTES, decode_content=True):
                body += chunk
                if len(body) > LARGEST_BYTES:
                    raise urllib3.exceptions.HTTPError(f"more than {LARGEST_BYTES // 2**20} MiB")
                if time.monotonic() > end_s:
                    raise urllib3.exceptions.HTTPError(f"not complete after {self.limits.whole_s:g} s")
        except BaseException:
            response.close()  # what is left of the answer must not be taken for the next one
            raise
        response.release_conn()
        after = response.headers.get("Retry-After", "")
        return Answer(response.status, bytes(body), float(after) if after.isdigit() else 0.0)

    def _pool(self, url: str) -> urllib3.PoolManager:
        parts = urlsplit(url)
        proxy = "" if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme, "")
        if proxy not in self._pools:
            headers = {"User-Agent": f"plagewatch/{version('plagewatch')}", "Accept-Encoding": "gzip"}
            self._pools[proxy] = (
                urllib3.ProxyManager(proxy, headers=headers) if proxy else urllib3.PoolManager(headers=headers)
            )
        return self._pools[proxy]


_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (urllib3.exceptions.ConnectTimeoutError, "no connection in time"),
    (urllib3.exceptions.ReadTimeoutError, "no answer in time"),
    (urllib3.exceptions.ProtocolError, "the answer breaks off"),
    (urllib3.exceptions.SSLError, "its certificate is not accepted"),
)


def _said(error: BaseException) -> str:
    """What an error says, without addresses of objects and without the query.

    >>> _said(urllib3.exceptions.ProtocolError("Connection broken: /v1?apikey=x"))
    'the answer breaks off'
    """
    cause = error.__cause__ or error
    if isinstance(cause, OSError) and cause.strerror and not isinstance(error, urllib3.exceptions.SSLError):
        return cause.strerror
    known = next((words for kind, words in _WORDS if isinstance(error, kind)), "")
    return known or (str(error) if type(error) is urllib3.exceptions.HTTPError else type(error).__name__)
