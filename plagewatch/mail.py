"""The one place that sends mail.

MailError                 a mail was not taken; `retryable` says whether the same mail may pass later
├── NotWrittenError       the mail could not be made: tried for two days, then given up
└── MailServerError       the server cannot be reached or does not let us in: no mail would pass now
"""

import smtplib
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from types import MappingProxyType

from plagewatch.store.engine import Engine
from plagewatch.store.records import outbox
from plagewatch.store.records.outbox import OutboxItem

LEASE_S = 900
FIRST_WAIT_S, LONGEST_WAIT_S = 60, 3600
REFUSED_WAIT_S, REFUSED_TRIES = 86_400, 5
UNWRITTEN_TRIES = 48


class MailError(Exception):
    """A mail was not taken. `retryable` says whether the same mail may be taken later."""

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


class NotWrittenError(MailError):
    """A mail could not be made. What it is made from may be back in an hour, but a fault in the making stays."""


class MailServerError(MailError):
    """The mail server cannot be reached, or its TLS or login fails: no mail is at fault, all must wait."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one address. images: PNG by content id; the HTML shows one as `<img src="cid:the-id">`.

    message_id: what makes a repeat recognisable, any text; `send_due` sets it from the outbox.
    """

    to: str
    subject: str
    text: str
    html: str
    images: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes. starttls: the certificate must be valid for `host`; username None = no login."""

    host: str
    port: int
    starttls: bool
    username: str | None
    password: str | None = field(repr=False)
    sender: str
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True)
class SendReport:
    """What one pass over the outbox did. errors: item id -> why it was not sent."""

    sent: int = 0
    waiting: int = 0
    given_up: int = 0
    errors: Mapping[int, str] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """How many were tried and not sent."""
        return self.waiting + self.given_up


Renderer = Callable[[OutboxItem], Mail]


def message_id_of(item: OutboxItem) -> str:
    """The same id for the same message to the same person, however often it is made; says nothing about the person.

    >>> message_id_of(OutboxItem(1, "digest", "digest:2026-W46", "anna", due_s=0, attempts=0))
    'digest.23840845b93ff8c29b79512882a2b456'
    """
    key = "\n".join((item.kind, item.subject_key, item.person))
    return f"{item.kind}.{sha256(key.encode()).hexdigest()[:32]}"


def message_of(mail: Mail, sender: str) -> EmailMessage:
    """The mail as it goes over the line but for its date: text and HTML as alternatives, images in the HTML part.

    Raises MailError (not retryable) where an address is none, a header would break out of its line, or a text is none.
    """
    message = EmailMessage()
    try:
        sent_from = Address(addr_spec=sender)
        message["From"] = sent_from
        message["To"] = Address(addr_spec=mail.to)
        message["Subject"] = " ".join(mail.subject.split())
        if mail.message_id:
            message["Message-ID"] = f"<{mail.message_id}@{sent_from.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text, cte="quoted-printable")
        message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    except (ValueError, IndexError, MessageError) as error:  # the address parser runs over the end of an empty text
        raise MailError(f"no usable mail to {mail.to!r}: {error}", retryable=False) from error
    html = list(message.iter_parts())[-1]
    for cid, png in mail.images.items():
        html.add_related(png, "image", "png", cid=f"<{cid}>", disposition="inline", filename=f"{cid}.png")
    return message


def send(mail: Mail, server: SmtpServer, now_s: int) -> None:
    """Hand one mail to the server.

    Raises MailError: retryable where the server answers 4xx or breaks off, not where it answers 5xx (a recipient that
    does not exist, a mail too large); MailServerError where it cannot be reached or its TLS or login fails.
    """
    message = message_of(mail, server.sender)
    message["Date"] = format_datetime(datetime.fromtimestamp(now_s, UTC))
    with _connected(server) as connection:
        try:
            connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            raise MailError(f"{mail.to} refused: {code} {_text(answer)}", retryable=code < 500) from error
        except smtplib.SMTPResponseException as error:
            said = f"{error.smtp_code} {_text(error.smtp_error)}"
            raise MailError(f"not taken: {said}", retryable=error.smtp_code < 500) from error
        except smtplib.SMTPNotSupportedError as error:
            raise MailError(f"not taken: {error}", retryable=False) from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailError(f"broken off: {error}", retryable=True) from error


def send_due(engine: Engine, renderers: Mapping[str, Renderer], server: SmtpServer, now_s: int) -> SendReport:
    """Send what waits in the outbox, of the kinds that have a renderer; each item is marked after it was sent.

    One that fails does not stop the others; a server that fails does, because no mail would pass.
    """
    sent, waiting, given_up = 0, 0, 0
    errors: dict[int, str] = {}
    for item in outbox.due(engine, now_s):
        if item.kind not in renderers or not outbox.claim(engine, item, now_s + LEASE_S):
            continue
        try:
            _send_item(item, renderers[item.kind], server, now_s)
        except MailServerError as error:
            outbox.put_back(engine, item, str(error), now_s + FIRST_WAIT_S)
            errors[item.id] = str(error)
            waiting += 1
            break
        except MailError as error:
            errors[item.id] = str(error)
            if _is_over(error, item):
                outbox.give_up(engine, item.id, str(error), now_s)
                given_up += 1
            else:
                again_s = now_s + wait_s(item.attempts, retryable=error.retryable)
                outbox.failed(engine, item.id, str(error), again_s)
                waiting += 1
            continue
        outbox.sent(engine, item.id, now_s)
        sent += 1
    return SendReport(sent, waiting, given_up, errors)


def wait_s(attempts: int, *, retryable: bool) -> int:
    """How long to wait after a failed try [s]: a minute, then double up to an hour; a day after a refusal.

    A refusal is tried a few days more because mailboxes are made, and rules mended, after the first mail.

    >>> [wait_s(n, retryable=True) for n in (0, 1, 2, 20)], wait_s(0, retryable=False)
    ([60, 120, 240, 3600], 86400)
    """
    return min(FIRST_WAIT_S * 2 ** min(attempts, 10), LONGEST_WAIT_S) if retryable else REFUSED_WAIT_S


def _is_over(error: MailError, item: OutboxItem) -> bool:
    if isinstance(error, NotWrittenError):
        return item.attempts + 1 >= UNWRITTEN_TRIES
    return not error.retryable and item.attempts + 1 >= REFUSED_TRIES


def _send_item(item: OutboxItem, render: Renderer, server: SmtpServer, now_s: int) -> None:
    try:
        mail = render(item)
    except MailError:
        raise
    except Exception as error:
        # Whatever is wrong in one mail's making must not hold up the mails behind it; it is kept and tried again.
        raise NotWrittenError(f"not rendered: {type(error).__name__}: {error}", retryable=True) from error
    send(replace(mail, message_id=message_id_of(item)), server, now_s)


@contextmanager
def _connected(server: SmtpServer) -> Iterator[smtplib.SMTP]:
    try:
        connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout_s)
    except (smtplib.SMTPException, OSError) as error:
        raise MailServerError(f"mail server {server.host}:{server.port}: {error}", retryable=True) from error
    try:
        _enter(connection, server)
        yield connection
    finally:
        _leave(connection)


def _enter(connection: smtplib.SMTP, server: SmtpServer) -> None:
    where = f"mail server {server.host}:{server.port}"
    try:
        if server.starttls:
            connection.starttls(context=ssl.create_default_context())
        if server.username is not None:
            connection.login(server.username, server.password or "")
    except smtplib.SMTPAuthenticationError as error:
        said = f"{where} refuses the login: {error.smtp_code} {_text(error.smtp_error)}"
        raise MailServerError(said, retryable=error.smtp_code < 500) from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailServerError(f"{where}: {error}", retryable=not isinstance(error, _LASTING)) from error


_LASTING = (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError)


def _leave(connection: smtplib.SMTP) -> None:
    # The mail was taken or refused by now; how the server says goodbye changes nothing.
    try:
        connection.quit()
    except (smtplib.SMTPException, OSError):
        connection.close()


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
