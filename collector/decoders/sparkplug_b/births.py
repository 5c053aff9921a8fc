"""What is remembered of births: the names behind aliases, data types and units, per edge node and per device.

A birth holds from its receipt on, not for what was received before: a replay of old packets goes by the birth of then.
"""

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, NamedTuple

import orjson

MAX_BIRTHS = 4  # different ones, of one node or device; a repeated one is not new
MAX_METRICS = 4_000
ASK_AGAIN_MS = 60_000

Memory = MutableMapping[str, str]


class Known(NamedTuple):
    """What a birth says of one metric. second: another name of the birth, before it, means the same register."""

    name: str
    alias: int | None
    datatype: int
    unit: str | None
    second: bool = False


class Birth(NamedTuple):
    """A birth's metrics, in force from its first receipt; last_ms: when it was last received again."""

    first_ms: int
    last_ms: int
    by_name: Mapping[str, Known]
    by_alias: Mapping[int | None, Known]


def remember(memory: Memory, key: str, metrics: Iterable[Known], received_ms: int) -> None:
    """Keep a birth. The same one again only moves `last_ms`; older ones than the last few are forgotten."""
    table = {known.name: known for known in list(metrics)[:MAX_METRICS]}
    births = _births(memory, key)
    for place, birth in enumerate(births):
        if birth.by_name == table:
            first_ms, last_ms = min(birth.first_ms, received_ms), max(birth.last_ms, received_ms)
            if not any(first_ms < other.first_ms <= last_ms for other in births if other is not birth):
                births[place] = _birth(first_ms, last_ms, table)
                break
    else:
        births.append(_birth(received_ms, received_ms, table))
    births.sort(key=lambda birth: birth.first_ms)
    memory[key] = orjson.dumps([
        {"first": birth.first_ms, "last": birth.last_ms, "metrics": [list(known) for known in birth.by_name.values()]}
        for birth in births[-MAX_BIRTHS:]
    ]).decode()  # fmt: skip


def known_at(memory: Memory, edge: str, key: str, received_ms: int) -> Birth | None:
    """The birth by which a message received then must be read; None where there is none.

    An edge node that is born again may give its aliases anew: its devices' births of before then count no longer.
    """
    birth = _at(_births(memory, key), received_ms)
    if birth is None or key == edge:
        return birth
    node = _at(_births(memory, edge), received_ms)
    if node is None:
        return birth
    node_ms = node.last_ms if node.last_ms <= received_ms else node.first_ms
    return birth if birth.last_ms >= node_ms else None


def may_ask(memory: Memory, edge: str, received_ms: int) -> bool:
    """Whether it is time to ask for a rebirth (again), which is then taken as done."""
    key = f"{edge}#asked"  # no Sparkplug id holds a #
    last_ms = _integer(memory.get(key))
    if last_ms is not None and 0 <= received_ms - last_ms < ASK_AGAIN_MS:
        return False
    memory[key] = str(received_ms)
    return True


def gap(memory: Memory, edge: str, seq: int, aliases: bool) -> bool:
    """Whether messages of an edge node are missing before this one, which has this sequence number.

    Counted from the first birth with `aliases` on: a lost birth would leave their names in doubt.

    >>> memory = {}
    >>> gap(memory, "g/e", 1, True), gap(memory, "g/e", 2, False), gap(memory, "g/e", 4, False)
    (False, False, True)
    """
    key = f"{edge}#seq"
    last = _integer(memory.get(key))
    if last is None and not aliases:
        return False
    memory[key] = str(seq)
    return last is not None and seq not in (last, (last + 1) % 256)


def begin_anew(memory: Memory, edge: str, seq: int) -> None:
    """An edge node was born: its numbers go on from here, where they are counted at all."""
    if f"{edge}#seq" in memory:
        memory[f"{edge}#seq"] = str(seq)


def _births(memory: Memory, key: str) -> list[Birth]:
    try:
        stored: Any = orjson.loads(memory.get(key, "[]"))
        return [
            _birth(birth["first"], birth["last"], {known[0]: Known(*known) for known in birth["metrics"]})
            for birth in stored
        ]
    except (ValueError, TypeError, KeyError, IndexError):
        return []  # written by another version: a rebirth brings it back


def _birth(first_ms: int, last_ms: int, table: Mapping[str, Known]) -> Birth:
    return Birth(first_ms, last_ms, table, {known.alias: known for known in table.values()})


def _at(births: list[Birth], received_ms: int) -> Birth | None:
    return next((birth for birth in reversed(births) if birth.first_ms <= received_ms), None)


def _integer(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
