"""From a row of the outbox to the mail it stands for."""

from dataclasses import dataclass

from digest.compose import compose
from digest.gather import gather
from digest.render import TicketWords, render
from digest.schedule import KIND, week_of
from plagewatch import plage_progress
from plagewatch.mail import Mail, MailError
from plagewatch.plage.portfolio import Portfolio
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry
from plagewatch.store.records.outbox import OutboxItem
from plagewatch.store.series.protocol import SeriesStore


@dataclass(frozen=True, slots=True)
class DigestWriter:
    """Writes weekly mails. base_url: where their links lead."""

    engine: Engine
    series: SeriesStore
    portfolio: Portfolio
    base_url: str
    ticket_words: TicketWords

    def mail(self, item: OutboxItem) -> Mail:
        """The mail of an outbox row of kind `digest`, with what is known now of its week.

        Raises MailError (not retryable) where the person is gone or the row names no week, SeriesError.
        """
        person = next((p for p in registry.persons(self.engine) if p.id == item.person), None)
        if person is None:
            raise MailError(f"no person {item.person!r} in the registry", retryable=False)
        try:
            first_on = week_of(item.subject_key.removeprefix(f"{KIND}:"))
        except ValueError as error:
            raise MailError(f"{item.subject_key!r} names no week", retryable=False) from error
        assessment = plage_progress.assess(self.engine, self.series, self.portfolio, item.due_s)
        facts = gather(self.engine, self.series, person, first_on, assessment)
        return render(compose(facts, person.language), person, self.base_url, self.ticket_words)
