"""How troubles of the connection are said to an operator."""

import socket
import ssl
from datetime import UTC, datetime

MAY_BE_LOST = "what it had acknowledged to loggers and not handed on yet is lost"
NO_TLS = "no encrypted connection (does this port speak TLS?)"


def unreachable(error: BaseException | None) -> str:
    """Why a connection did not come about, as far as an operator can do something about it.

    >>> unreachable(ConnectionRefusedError(111, "Connection refused")), unreachable(OSError(113, "No route to host"))
    ('nobody answers', 'No route to host')
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the broker's certificate is not believed: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"{NO_TLS}: {(error.reason or str(error)).replace('_', ' ').lower()}"
    if isinstance(error, ConnectionResetError):
        return f"{NO_TLS}: the broker closed it"
    if isinstance(error, socket.gaierror):
        return f"its name is not known: {error.strerror}"
    if error is None or isinstance(error, ConnectionRefusedError):
        return "nobody answers"
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def at(at_ms: int) -> str:
    """A moment in UTC.

    >>> at(1_800_000_000_000)
    '2027-01-15T08:00:00Z'
    """
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
