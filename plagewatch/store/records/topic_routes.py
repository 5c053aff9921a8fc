"""Topics of which somebody said which family of devices they are."""

import re
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, insert, select

from plagewatch.store import tables


@dataclass(frozen=True, slots=True)
class TopicRoute:
    """Topics of a form, written like an MQTT filter with `{device}` for the level that names the device."""

    template: str
    family: str
    who: str = ""
    at_ms: int = 0


def is_template(text: str) -> bool:
    """Whether a text is such a form: exactly one level `{device}`, wildcards only as whole levels, `#` the last.

    >>> [is_template(text) for text in ("site/+/{device}/data", "{device}/#", "site/+", "a/#/{device}", "a+/{device}")]
    [True, True, False, False, False]
    """
    levels = text.split("/")
    plain = [level for level in levels if level not in ("{device}", "+", "#")]
    return (
        len(text) <= 500
        and levels.count("{device}") == 1
        and "#" not in levels[:-1]
        and not any(set(level) & set("+#{}") for level in plain)
    )


def covers(template: str, topic: str) -> bool:
    """Whether a topic has a form.

    >>> covers("site/+/{device}/data", "site/a/b/data"), covers("site/{device}", "site/a/b")
    (True, False)
    """
    words = {"{device}": "[^/]+", "+": "[^/]*", "#": ".*"}
    pattern = "/".join(words.get(level, re.escape(level)) for level in template.split("/"))
    return re.fullmatch(pattern, topic) is not None


def routes(engine: Engine) -> list[TopicRoute]:
    """All of them, the newest first: where two cover a topic, what was said last holds."""
    table = tables.topic_route
    with engine.connect() as connection:
        rows = connection.execute(select(table).order_by(table.c.at_ms.desc(), table.c.template))
        return [TopicRoute(**row._mapping) for row in rows]


def put(connection: Connection, route: TopicRoute) -> TopicRoute | None:
    """Write a route over the one of the same form, in the caller's transaction; what stood there."""
    table = tables.topic_route
    same = table.c.template == route.template
    before = connection.execute(select(table).where(same)).first()
    connection.execute(delete(table).where(same))
    connection.execute(
        insert(table).values(template=route.template, family=route.family, who=route.who, at_ms=route.at_ms)
    )
    return TopicRoute(**before._mapping) if before else None
