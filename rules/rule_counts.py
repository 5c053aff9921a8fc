"""How often each rule spoke in a back-test, and which tickets of the past it tells again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from plagewatch.metering.intervals import Seconds
from plagewatch.tickets.states import Ticket
from rules.catalogue import Rule
from rules.detectors.verdicts import HOUR_S
from rules.tracks import Judged

YEAR_H = 8766


@dataclass(frozen=True, slots=True)
class RuleCount:
    """What one rule did. meters: those it judged. judged_h: hours that its verdicts in the span speak of.

    not_judged: why it said nothing -> on how many meters.
    """

    rule: str
    tickets: int
    told_on: int
    meters: int
    judged_h: int
    not_judged: Mapping[str, int] = field(default_factory=dict)

    @property
    def per_meter_year(self) -> float:
        """Tickets a meter and year of judged hours; 0 where nothing was judged."""
        return self.tickets * YEAR_H / self.judged_h if self.judged_h else 0.0

    def line(self) -> str:
        """The counts for people.

        >>> print(RuleCount("night_water", 3, 2, 5, 2 * YEAR_H, {"too_short": 1}).line())
        night_water: 3 tickets on 2 of 5 meters, 1.50 a meter-year; not judged: 1 too_short
        """
        said = f"{self.rule}: {self.tickets} tickets on {self.told_on} of {self.meters} meters"
        silent = ", ".join(f"{number} {code}" for code, number in sorted(self.not_judged.items()))
        return f"{said}, {self.per_meter_year:.2f} a meter-year" + (f"; not judged: {silent}" if silent else "")


def counted(
    rules: Sequence[Rule], judged: Judged, tickets: Sequence[Ticket], span_s: tuple[int, int]
) -> list[RuleCount]:
    """The counts of rules over (span_s[0], span_s[1]], seconds since 1970 UTC."""
    meters: dict[str, set[str]] = {rule.id: set() for rule in rules}
    judged_h: Counter[str] = Counter()
    for track in judged.tracks:
        if track.cause == track.rule.cause:  # what many meters share is counted at each of them already
            known_s = track.verdicts.known_s
            meters[track.rule.id].add(track.meter)
            judged_h[track.rule.id] += _judged_h(known_s[(known_s > span_s[0]) & (known_s <= span_s[1])])
    why: dict[str, Counter[str]] = {rule.id: Counter() for rule in rules}
    for (rule_id, _), reason in judged.not_judged.items():
        why[rule_id][reason.code] += 1
    return [
        RuleCount(
            rule=rule.id,
            tickets=sum(ticket.rule == rule.id for ticket in tickets),
            told_on=len({ticket.meter for ticket in tickets if ticket.rule == rule.id}),
            meters=len(meters[rule.id]),
            judged_h=judged_h[rule.id],
            not_judged=dict(why[rule.id]),
        )
        for rule in rules
    ]


def _judged_h(known_s: Seconds) -> int:
    """The hours that verdicts speak of: some rules give one an hour, others one a day.

    >>> _judged_h(np.array([3600, 7200, 10800])), _judged_h(np.array([0, 86_400, 172_800]))
    (3, 72)
    """
    return round(len(known_s) * float(np.median(np.diff(known_s))) / HOUR_S) if len(known_s) > 1 else len(known_s)


def told_again(past: Sequence[Ticket], again: Sequence[Ticket]) -> list[Ticket]:
    """Those tickets of the past whose abnormal time a ticket of the same meter and cause in `again` touches."""
    return [
        old
        for old in past
        if any(
            new.key == old.key
            and new.first_abnormal_s < old.last_abnormal_s + HOUR_S
            and old.first_abnormal_s < new.last_abnormal_s + HOUR_S
            for new in again
        )
    ]
