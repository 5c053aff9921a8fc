"""What decoders remember, with the changes of a batch kept apart until the batch is written."""

from collections.abc import Iterator, Mapping, MutableMapping


class Remembered(MutableMapping[str, str]):
    """A family's memory as its decoder sees it: what was there, and over it what this batch changes.

    changes: by key the family that wrote it and the value, an empty one for what was forgotten.

    >>> seen = Remembered({"a": "1", "b": "2"})
    >>> seen["a"] = "3"; del seen["b"]; seen.sign("some_family")
    >>> dict(seen), seen.changes
    ({'a': '3'}, {'a': ('some_family', '3'), 'b': ('some_family', '')})
    """

    def __init__(self, before: Mapping[str, str]) -> None:
        self._before = before
        self._unsigned: set[str] = set()
        self.changes: dict[str, tuple[str, str]] = {}

    def sign(self, family: str) -> None:
        """Put the family's name to what changed since the last signature."""
        if not self._unsigned:
            return
        for key in self._unsigned:
            self.changes[key] = family, self.changes[key][1]
        self._unsigned.clear()

    def __getitem__(self, key: str) -> str:
        value = self.changes[key][1] if key in self.changes else self._before[key]
        if not value:
            raise KeyError(key)
        return value

    def __setitem__(self, key: str, value: str) -> None:
        self.changes[key] = "", value
        self._unsigned.add(key)

    def __delitem__(self, key: str) -> None:
        self[key]
        self[key] = ""

    def __iter__(self) -> Iterator[str]:
        there = {*self._before, *self.changes}
        return (key for key in sorted(there) if key in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)
