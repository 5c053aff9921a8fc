from collections.abc import Callable, Iterator
from datetime import date

import pytest

from digest.render import TicketWords
from plagewatch.metering.meters import Person
from tests.digest.weeks import Weeks, person
from tests.mail.server import Post, open_post


@pytest.fixture
def post() -> Iterator[Post]:
    with open_post() as running:
        yield running


@pytest.fixture
def weeks() -> Weeks:
    return Weeks()


@pytest.fixture
def weeks_of() -> Callable[[date], Weeks]:
    return Weeks


@pytest.fixture
def reader() -> Callable[[str], Person]:
    return person


@pytest.fixture
def told() -> TicketWords:
    return TicketWords(
        title=lambda ticket, language: f"title of {ticket.id} in {language}",
        sentence=lambda ticket, meter, language: f"{meter.name}: {ticket.cause}",
    )
