"""The mails of a process: which are due, who writes them, and the server that takes them."""

from collections.abc import Callable, Sequence

from digest import schedule
from digest.mailing import DigestWriter
from digest.render import TicketWords
from plagewatch import mail
from plagewatch.cli.opening import Stores, now_s
from plagewatch.cli.rooms import Tick
from plagewatch.cli.watching import Watch
from plagewatch.plage.portfolio import Portfolio
from plagewatch.settings import Settings
from plagewatch.store.records.outbox import OutboxItem
from rules import dispatch, explain


def digest_ticks(stores: Stores, portfolio: Portfolio, needs: Sequence[Watch] = ()) -> list[Tick]:
    """Which digests are due, and everything that waits in the outbox."""
    ticks = [Tick("digest", 60.0, lambda: schedule.enqueue_due(stores.engine, now_s()), needs[:1])]
    server = smtp_of(stores.settings)
    if server is not None:
        writers = renderers(stores, portfolio)
        ticks.append(Tick("mail", 20.0, lambda: mail.send_due(stores.engine, writers, server, now_s()), needs))
    return ticks


def smtp_of(settings: Settings) -> mail.SmtpServer | None:
    """The mail server of the settings; None where none is named."""
    if settings.smtp_host is None:
        return None
    secret = settings.smtp_password
    return mail.SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        starttls=settings.smtp_starttls,
        username=settings.smtp_username,
        password=secret.get_secret_value() if secret else None,
        sender=settings.mail_from,
    )


def renderers(stores: Stores, portfolio: Portfolio) -> dict[str, Callable[[OutboxItem], mail.Mail]]:
    """What makes a mail of each kind of outbox row."""
    base_url = stores.settings.base_url
    writer = DigestWriter(
        stores.engine, stores.series, portfolio, base_url, TicketWords(explain.title, explain.sentence)
    )
    return {
        "ticket": lambda item: dispatch.ticket_mail(stores.engine, stores.series, base_url, item),
        "digest": writer.mail,
    }
