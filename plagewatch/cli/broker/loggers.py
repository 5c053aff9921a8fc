"""Who may publish what: loggers as a CSV file or the records name them. Pure."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from collector.own_topics import STATUS_ONLY, TOPICS, OwnTopics, any_family, overlap, own_topics

MOST_NAME = 64  # what the common name of a certificate can hold
COLUMNS = ("logger", "family", "topics")


class LoggersUnusable(Exception):
    """Loggers that cannot be let in as they are written; the message says which, and what to change."""


@dataclass(frozen=True, slots=True)
class Logger:
    """One that publishes. name: its user at the broker, and the common name of its certificate."""

    name: str
    topics: OwnTopics


def from_csv(text: str) -> list[Logger]:
    """The loggers of a file with the columns logger, family and topics; the last two may be empty or missing.

    topics: filters of its own, separated by spaces, in place of its family's. Raises LoggersUnusable.

    >>> from_csv("logger;family\\ncellar;dsmr_p1\\n")[0].topics.write
    ('dsmr/cellar/#',)
    """
    lines = text.lstrip("\ufeff")
    head = lines.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(lines), delimiter=";" if ";" in head else ",")
    if "logger" not in (rows.fieldnames or ()):
        raise LoggersUnusable(f"its first line must name the columns: {', '.join(COLUMNS)} (found {head.strip()!r})")
    return [_of_row(number, row) for number, row in enumerate(rows, 2) if any((value or "") for value in row.values())]


def of_devices(devices: Iterable[str]) -> tuple[list[Logger], list[str]]:
    """The loggers of devices that the records know by name only, and what was left out and why.

    What hangs on an edge node is let in through the node.

    >>> made, left = of_devices(["cellar", "campus/edge/m1", "campus/edge/m2", "a+b"])
    >>> [logger.name for logger in made], len(left)
    (['cellar', 'campus/edge'], 1)
    """
    made: dict[str, OwnTopics] = {}
    left = []
    for device in devices:
        name = "/".join(device.split("/")[:2])
        try:
            checked(name)
            made[name] = made.get(name, OwnTopics(())) + any_family(device)
        except (ValueError, LoggersUnusable) as error:
            left.append(str(error))
    return [Logger(name, topics) for name, topics in made.items()], left


def checked(name: str) -> str:
    """The name, if a broker's files and a certificate can hold it. Raises LoggersUnusable."""
    if not name or name != name.strip() or not name.isprintable() or set(name) & set(":+#$"):
        raise LoggersUnusable(f"{name!r} cannot be a user: no : + # $, no spaces around it, nothing invisible")
    if len(name) > MOST_NAME:
        raise LoggersUnusable(f"{name!r} is longer than the {MOST_NAME} characters that a certificate can hold")
    return name


def together(loggers: Iterable[Logger]) -> dict[str, Logger]:
    """The loggers by name; one that is named twice may do both. Raises LoggersUnusable where two could be mixed up."""
    made: dict[str, Logger] = {}
    for logger in loggers:
        known = made.get(logger.name)
        made[logger.name] = Logger(logger.name, known.topics + logger.topics) if known else logger
    for one, first, other, second in _clashes(made):
        raise LoggersUnusable(f"{one!r} may publish {first}, and {other!r} {second}: one could speak as the other")
    return made


def _clashes(loggers: Mapping[str, Logger]) -> Iterator[tuple[str, str, str, str]]:
    """Filters of two loggers that cover a common topic. Only those with the same beginning are compared."""
    places: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for logger in loggers.values():
        for topic in logger.topics.write:
            if topic != STATUS_ONLY:
                levels = topic.split("/")[:2]
                places.setdefault(() if set(levels) & {"+", "#"} else tuple(levels), []).append((logger.name, topic))
    wide = places.pop((), [])
    everywhere = [entry for entries in places.values() for entry in entries]
    for entries, others in [*((entries, entries) for entries in places.values()), (wide, wide), (wide, everywhere)]:
        for name, topic in entries:
            for other, second in others:
                if name != other and overlap(topic, second):
                    yield name, topic, other, second


def _of_row(number: int, row: Mapping[str, str | None]) -> Logger:
    name, family = ((row.get(column) or "").strip() for column in ("logger", "family"))
    topics = (row.get("topics") or "").split()
    try:
        checked(name)
        if topics:
            return Logger(name, OwnTopics(tuple(_filter(topic) for topic in topics)))
        return Logger(name, own_topics(family, name) if family else any_family(name))
    except KeyError:
        told = f"{family!r} is no family; there are {', '.join(TOPICS)}"
    except (ValueError, LoggersUnusable) as error:
        told = str(error)
    raise LoggersUnusable(f"line {number}: {told}")


def _filter(topic: str) -> str:
    levels = topic.split("/")
    whole = all(level in ("+", "#") or not set(level) & set("+#") for level in levels)
    if not whole or "#" in levels[:-1] or levels[0] in ("+", "#") or topic.startswith("$"):
        raise ValueError(f"{topic!r} is no filter of one logger's own: it begins with a name, # only ends it")
    return topic
