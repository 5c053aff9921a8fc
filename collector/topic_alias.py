"""Topics that a broker replaces by numbers (MQTT 5, 3.3.2.3.4), and what the numbers of one connection stand for."""

from dataclasses import dataclass, field

UNKNOWN = "(topic alias {alias}, which the broker never gave a topic)"
NO_TOPIC = "(no topic)"
NAMELESS = ("(topic alias ", NO_TOPIC)  # how the names begin of packets that the broker should not have sent so


@dataclass(slots=True)
class TopicAliases:
    """What the numbers of one connection stand for. A new connection begins with none.

    >>> aliases = TopicAliases()
    >>> aliases.topic("loggers/cellar/readings", 3), aliases.topic("", 3)
    ('loggers/cellar/readings', 'loggers/cellar/readings')
    >>> aliases.topic("", 4), aliases.troubles
    ('(topic alias 4, which the broker never gave a topic)', 1)
    """

    troubles: int = 0
    _topics: dict[int, str] = field(default_factory=dict)

    def topic(self, topic: str, alias: int | None) -> str:
        """The topic that is meant. One that nobody knows gets a name that says so: its packet is kept all the same."""
        if topic:
            if alias is not None:
                self._topics[alias] = topic
            return topic
        known = None if alias is None else self._topics.get(alias)
        if known is None:
            self.troubles += 1
            return NO_TOPIC if alias is None else UNKNOWN.format(alias=alias)
        return known
