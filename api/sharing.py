"""Shares as people type them and as pages and API show them: by date, in per cent or as a fraction."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from api.entries import number_typed
from plagewatch.metering.meters import BuildingShare, Share
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.tickets.texts import N_

_FRACTION = re.compile(r"\s*(\d{1,6})\s*/\s*([1-9]\d{0,5})\s*")


def by_date(shares: Iterable[Share] | Iterable[BuildingShare]) -> list[tuple[date, Mapping[str, float]]]:
    """The shares of one subject by date, the oldest first: to whom which part.

    >>> by_date([Share("m", "b", 0.5, date(2026, 1, 1)), Share("m", "a", 0.5, date(2026, 1, 1))])
    [(datetime.date(2026, 1, 1), {'a': 0.5, 'b': 0.5})]
    """
    dated: dict[date, dict[str, float]] = {}
    for one in shares:
        name = one.building if isinstance(one, Share) else one.organisation
        dated.setdefault(one.valid_from, {})[name] = one.share
    return [(day, dict(sorted(parts.items()))) for day, parts in sorted(dated.items())]


def require_known(parts: Iterable[str], known: Collection[str]) -> None:
    """Raise EditRefused where a part goes to somebody who is not in the registry."""
    for name in parts:
        if name not in known:
            # A program may send what is no text at all, and what is answered must be.
            shown = name[:100].encode(errors="backslashreplace").decode()
            raise EditRefused(Refusal.UNKNOWN, N_("“%(name)s” is not in the registry."), name=shown)


def parts_typed(names: Sequence[str], parts: Sequence[str]) -> dict[str, float]:
    """Rows of a form: who, and which part in per cent or as a fraction; who stands alone has all. Raises EditRefused.

    >>> parts_typed(["a", "b", ""], ["1/3", "66,666 667", ""])
    {'a': 0.3333333333333333, 'b': 0.66666667}
    >>> parts_typed(["a", ""], ["", ""])
    {'a': 1.0}
    """
    rows = [(name, part.strip()) for name, part in zip(names, parts, strict=False) if name or part.strip()]
    if any(not name for name, _ in rows):
        raise EditRefused(Refusal.PART, N_("A part stands there without saying whose it is."))
    if len({name for name, _ in rows}) < len(rows):
        raise EditRefused(Refusal.PART, N_("Somebody stands there twice: give each one part."))
    if len(rows) == 1 and not rows[0][1]:
        return {rows[0][0]: 1.0}
    return {name: _part(part) for name, part in rows}


def _part(text: str) -> float:
    fraction = _FRACTION.fullmatch(text)
    if fraction is not None:
        return int(fraction[1]) / int(fraction[2])
    if not text:
        raise EditRefused(Refusal.PART, N_("Give each a part: a percentage, or a fraction such as 1/3."))
    return number_typed(text.removesuffix("%"), below_thousand=True) / 100
