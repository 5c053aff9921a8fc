"""Many tickets of one cause become one. No input or output: the caller loads, this decides, the store applies.

What many meters have in common is seldom in the meters: many devices that fall silent in the same hour have a gateway,
a broker or a network operator's feed between them and us; many buildings that are low on the same day have a holiday
that nobody entered. Such tickets are put to one that stands for all of them; people are told of that one only. A
ticket that somebody has taken up stays theirs. A storm is over when none of its tickets is open any more.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from plagewatch.metering.local_time import local_day
from plagewatch.tickets.findings import Finding
from plagewatch.tickets.states import LIVING, State, Ticket
from rules.incidents import GRACE_S, SILENCES, Change, Clear, Fade, Reopen, Touch, Verify

SITE_SILENT = "site_silent"
ALL_SILENT = "all_silent"
FEED_SILENT = "feed_silent"
DAY_OFF = "day_off"
STORMS = frozenset({SITE_SILENT, ALL_SILENT, FEED_SILENT, DAY_OFF})
"""Causes of tickets that stand for others: a gateway, the broker or collector, an operator's feed, a holiday."""

HOUR_S = 3600
SAME_HOUR_S = HOUR_S
LOW_RULE = "unusual_load"


@dataclass(frozen=True, slots=True)
class Storms:
    """From how many on it is one cause, and from which part of all that could be.

    site_devices, site_share: devices of a site. devices, share: devices of at least two sites. feed_meters, feed_share:
    meters that no device of ours reports for. buildings, buildings_share: buildings low on the same local day.
    """

    site_devices: int = 3
    site_share: float = 0.5
    devices: int = 5
    share: float = 0.2
    feed_meters: int = 5
    feed_share: float = 0.3
    buildings: int = 5
    buildings_share: float = 0.3


@dataclass(frozen=True, slots=True)
class Place:
    """Where a meter is. device: what reports for it; empty = a file or an operator. building: the first it serves."""

    site: str
    tz: str
    device: str
    building: str


@dataclass(frozen=True, slots=True)
class Gather:
    """Open a ticket for a storm and put these tickets to it."""

    finding: Finding
    parts: frozenset[int]


@dataclass(frozen=True, slots=True)
class Join:
    """Put more tickets to a storm that stands."""

    whole: Ticket
    parts: frozenset[int]


Step = Gather | Join | Change


def storms(
    tickets: Iterable[Ticket], wholes: Mapping[int, int], places: Mapping[str, Place], now_s: int, limits: Storms
) -> list[Step]:
    """What becomes one, at a moment. The order of the tickets does not matter.

    tickets: all that live, and those over that a living storm stands for. wholes: the storm each was put to, by number.
    places: of every meter.
    """
    known = sorted((t for t in tickets if t.meter in places), key=lambda t: (t.first_abnormal_s, t.id))
    living = {t.id: t for t in known if t.state in LIVING}
    standing = [t for t in living.values() if t.cause in STORMS]
    free = [t for t in living.values() if t.state is State.OPEN and wholes.get(t.id) not in living]
    sky = _Sky(places, limits, now_s)
    steps: list[Step] = []
    for ticket in [t for t in standing if t.id not in wholes or wholes[t.id] not in living]:
        mine = frozenset(t.id for t in free if t.id != ticket.id and sky.fits(t, ticket))
        if mine:
            steps.append(Join(ticket, mine))
        free = [t for t in free if t.id not in mine]
    for ticket in standing:
        joined = {part for step in steps if isinstance(step, Join) and step.whole == ticket for part in step.parts}
        parts = [t for t in known if wholes.get(t.id) == ticket.id or t.id in joined]
        steps += _followed(ticket, parts, now_s)
    for group in (*sky.all_silent(free), *sky.feed_silent(free), *sky.day_off(free)):
        steps.append(sky.gathered(*group))
    taken = {part for step in steps if isinstance(step, Gather) for part in step.parts}
    steps += [sky.gathered(*group) for group in sky.site_silent([t for t in free if t.id not in taken])]
    return steps


def _followed(whole: Ticket, parts: list[Ticket], now_s: int) -> Iterator[Change]:
    """A storm goes on with its tickets, and ends with the last of them."""
    last_s = max((t.last_abnormal_s for t in parts), default=0)
    if any(t.state is State.OPEN for t in parts):
        finding = Finding(
            whole.rule, whole.meter, whole.cause, whole.first_abnormal_s, last_s, now_s, whole.score, whole.numbers
        )
        if whole.state is State.RESOLVED and whole.resolved_s is not None and last_s >= whole.resolved_s + GRACE_S:
            yield Reopen(whole, finding)
        elif last_s > whole.last_abnormal_s:
            yield Touch(whole, finding)
    elif whole.state is State.RESOLVED:
        yield Verify(whole, now_s)
    elif whole.state is State.OPEN:
        yield Fade(whole, now_s)
    elif whole.cleared_s is None:
        yield Clear(whole, now_s)


Group = tuple[str, list[Ticket]]


@dataclass(slots=True)
class _Sky:
    """What could be one cause, among what there is."""

    places: Mapping[str, Place]
    limits: Storms
    now_s: int
    _devices: dict[str, set[str]] = field(init=False)
    _feed: set[str] = field(init=False)
    _buildings: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self._devices = defaultdict(set)
        for place in self.places.values():
            if place.device:
                self._devices[place.site].add(place.device)
        self._feed = {meter for meter, place in self.places.items() if not place.device}
        self._buildings = {place.building for place in self.places.values()}

    def fits(self, ticket: Ticket, whole: Ticket) -> bool:
        """Whether a ticket is of the cause that a standing storm speaks of."""
        here, there = self.places[ticket.meter], self.places[whole.meter]
        if whole.cause == DAY_OFF:
            return _low(ticket) and self._day(ticket) == self._day(whole)
        silent = ticket.cause in SILENCES or (whole.cause == ALL_SILENT and ticket.cause == SITE_SILENT)
        near = abs(ticket.first_abnormal_s - whole.first_abnormal_s) <= SAME_HOUR_S
        if whole.cause == SITE_SILENT and here.site != there.site:
            return False
        return silent and near and bool(here.device) == (whole.cause != FEED_SILENT)

    def all_silent(self, free: list[Ticket]) -> Iterator[Group]:
        """Devices of several sites that fell silent in the same hour."""
        every = set().union(*self._devices.values()) if self._devices else set()
        silent = [t for t in free if t.cause in SILENCES | {SITE_SILENT} and self.places[t.meter].device]
        for group in _together(silent):
            count = self._devices_of(group)
            sites = {self.places[t.meter].site for t in group}
            if len(sites) > 1 and count >= max(self.limits.devices, self.limits.share * len(every)):
                yield ALL_SILENT, group

    def site_silent(self, free: list[Ticket]) -> Iterator[Group]:
        """Devices of one site that fell silent in the same hour."""
        by_site: dict[str, list[Ticket]] = defaultdict(list)
        for ticket in free:
            if ticket.cause in SILENCES and self.places[ticket.meter].device:
                by_site[self.places[ticket.meter].site].append(ticket)
        for site, silent in sorted(by_site.items()):
            least = max(self.limits.site_devices, self.limits.site_share * len(self._devices[site]))
            for group in _together(silent):
                if len({self.places[t.meter].device for t in group}) >= least:
                    yield SITE_SILENT, group

    def feed_silent(self, free: list[Ticket]) -> Iterator[Group]:
        """Meters without a device of ours that fell silent in the same hour."""
        silent = [t for t in free if t.cause in SILENCES and t.meter in self._feed]
        for group in _together(silent):
            if len(group) >= max(self.limits.feed_meters, self.limits.feed_share * len(self._feed)):
                yield FEED_SILENT, group

    def day_off(self, free: list[Ticket]) -> Iterator[Group]:
        """Buildings that use less than usual on the same local day."""
        by_day: dict[int, list[Ticket]] = defaultdict(list)
        for ticket in free:
            if _low(ticket):
                by_day[self._day(ticket)].append(ticket)
        least = max(self.limits.buildings, self.limits.buildings_share * len(self._buildings))
        for _, group in sorted(by_day.items()):
            if len({self.places[t.meter].building for t in group}) >= least:
                yield DAY_OFF, group

    def gathered(self, cause: str, group: list[Ticket]) -> Gather:
        """The ticket of a storm stands at the meter where it began."""
        first = group[0]
        places = [self.places[t.meter] for t in group]
        numbers = {
            "devices": float(self._devices_of(group)),
            "sites": float(len({place.site for place in places})),
            "buildings": float(len({place.building for place in places})),
            "meters": sum(t.numbers.get("meters", 1.0) for t in group),
        }
        last_s = max(t.last_abnormal_s for t in group)
        score = max(t.score for t in group)
        rule = LOW_RULE if cause == DAY_OFF else "no_data"
        finding = Finding(rule, first.meter, cause, first.first_abnormal_s, last_s, self.now_s, score, numbers)
        return Gather(finding, frozenset(t.id for t in group))

    def _devices_of(self, group: list[Ticket]) -> int:
        alone = {self.places[t.meter].device or t.meter for t in group if t.cause != SITE_SILENT}
        return len(alone) + sum(int(t.numbers.get("devices", 1)) for t in group if t.cause == SITE_SILENT)

    def _day(self, ticket: Ticket) -> int:
        return local_day(ticket.first_abnormal_s, self.places[ticket.meter].tz).toordinal()


def waits(ticket: Ticket, looked_upto_s: int | None, now_s: int) -> bool:
    """Whether it is too early to tell of a ticket, because those that may be of one cause with it are still to come.

    A silence waits until every site has been looked at up to the same hour, half an hour at most; a low use two hours,
    in which other buildings turn out low too.
    """
    age_s = now_s - ticket.opened_s
    if ticket.cause in SILENCES | {SITE_SILENT}:
        return age_s < 1800 and (looked_upto_s is None or looked_upto_s < ticket.opened_s // HOUR_S * HOUR_S)
    return _low(ticket) and age_s < 2 * 3600


def muted(tickets: Collection[Ticket], wholes: Mapping[int, int]) -> set[int]:
    """Numbers of the tickets that a living storm among `tickets` stands for."""
    living = {ticket.id for ticket in tickets if ticket.state in LIVING}
    return {part for part, whole in wholes.items() if whole in living}


def _low(ticket: Ticket) -> bool:
    used, usual = ticket.numbers.get("used_kwh"), ticket.numbers.get("usual_kwh")
    return ticket.rule == LOW_RULE and ticket.cause == LOW_RULE and None not in (used, usual) and used < usual  # type: ignore[operator]


def _together(tickets: list[Ticket]) -> Iterator[list[Ticket]]:
    """Groups of tickets that begin within an hour of the first of them; tickets are in order of time."""
    group: list[Ticket] = []
    for ticket in tickets:
        if group and ticket.first_abnormal_s - group[0].first_abnormal_s > SAME_HOUR_S:
            yield group
            group = []
        group.append(ticket)
    if group:
        yield group
