"""What a weekly mail is made from. Plain data: `gather` reads it from the stores, `compose` decides what to say."""

from dataclasses import dataclass
from datetime import date, timedelta

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Building, Meter, Person
from plagewatch.metering.prices import Price
from plagewatch.plage.parameters import Refusal
from plagewatch.tickets.states import Ticket


@dataclass(frozen=True, slots=True)
class MeterWeek:
    """One meter of a building in the week of the mail and in the one before.

    share: part of the meter that serves the building, 0...1.
    this_week, week_before: intervals of `resolution` (hour, or day where the meter says nothing finer).
    expected: how many intervals of `resolution` the week has; 167 or 169 hours when the clock changes.
    days: local days of the four weeks up to the end of the week, for the chart.
    last_seen_s: newest reading, seconds since 1970 UTC; None = there never was one.
    """

    meter: Meter
    share: float
    tz: str
    resolution: Resolution
    this_week: Intervals
    week_before: Intervals
    expected: int
    days: Intervals
    window_s: tuple[int, int]
    last_seen_s: int | None


@dataclass(frozen=True, slots=True)
class BuildingWeek:
    """A building of the person, with its meters. Mean outdoor temperatures in °C, NaN = not known."""

    building: Building
    meters: tuple[MeterWeek, ...]
    outdoor_c: float = float("nan")
    outdoor_before_c: float = float("nan")


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """A ticket at a meter of the person's buildings; tz: where it stands. held: somebody was not mailed it yet."""

    ticket: Ticket
    meter: Meter
    building: Building
    tz: str
    held: bool = False


@dataclass(frozen=True, slots=True)
class TicketWeek:
    """living: work to do or to be confirmed, at the time of writing. opened, verified: how many in the week."""

    living: tuple[TicketFacts, ...] = ()
    opened: int = 0
    verified: int = 0


@dataclass(frozen=True, slots=True)
class PlageStatus:
    """Where the organisation stands towards its target in the calendar year; NaN = not known.

    excess_kwh, fine_eur: of the forecast, above the target and its tolerance. coverage: share that was measured.
    refusal: why it was not computed.
    """

    organisation: str
    target_kwh: float = float("nan")
    forecast_kwh: float = float("nan")
    excess_kwh: float = float("nan")
    fine_eur: float = float("nan")
    coverage: float = float("nan")
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class WeekFacts:
    """All that one mail is made from. first_on: the Monday of its week, a local date."""

    person: Person
    first_on: date
    buildings: tuple[BuildingWeek, ...]
    tickets: TicketWeek
    prices: tuple[Price, ...]
    plage: PlageStatus | None = None

    @property
    def last_on(self) -> date:
        """The Sunday of the week."""
        return self.first_on + timedelta(days=6)
