"""A real mail server in a thread, whose answers a test can choose."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from plagewatch.mail import SmtpServer


@dataclass
class Mailbox:
    """What arrived, and what the server answers: recipient or sender's data -> answer."""

    arrived: list[EmailMessage] = field(default_factory=list)
    recipients: dict[str, str] = field(default_factory=dict)
    data_answers: list[str] = field(default_factory=list)
    secure: list[bool] = field(default_factory=list)
    users: list[str | None] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.recipients.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.data_answers:
            return self.data_answers.pop(0)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.arrived.append(message)
        self.secure.append(session.ssl is not None)
        self.users.append(session.auth_data)
        return "250 OK"


@dataclass(frozen=True)
class Post:
    """A running server and its mailbox."""

    mailbox: Mailbox
    server: SmtpServer


def _login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    good = (data.login, data.password) == (b"plagewatch", b"right")
    return AuthResult(success=good, handled=False, auth_data="plagewatch" if good else None)


class AnyPort(Controller):
    """A server on a port that the system chooses; the library itself knocks at the port that it was given."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def running(mailbox: Mailbox, **options: Any) -> Iterator[int]:
    controller = AnyPort(mailbox, hostname="127.0.0.1", port=0, ready_timeout=20, **options)
    controller.start()
    try:
        yield int(controller.port)
    finally:
        controller.stop()


@contextmanager
def open_post() -> Iterator[Post]:
    """A server without TLS or login."""
    mailbox = Mailbox()
    with running(mailbox) as port:
        yield Post(mailbox, SmtpServer("127.0.0.1", port, False, None, None, "plagewatch@cpas-ocmw.example", 10.0))


@contextmanager
def guarded_post(cert: Path, key: Path) -> Iterator[Post]:
    """A server that asks for STARTTLS and a login."""
    mailbox = Mailbox()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    options = {"tls_context": context, "require_starttls": True, "authenticator": _login, "auth_required": True}
    with running(mailbox, **options) as port:
        yield Post(mailbox, SmtpServer("127.0.0.1", port, True, "plagewatch", "right", "plagewatch@x.example", 10.0))
