"""What the mail says about the readings themselves. Pure."""

from collections.abc import Iterator

from digest.comparison import compare
from digest.facts import BuildingWeek
from digest.phrases import Instant, Phrase
from plagewatch.metering.intervals import Resolution
from plagewatch.tickets.texts import N_

HEALTHY = 0.98


def health_of(buildings: tuple[BuildingWeek, ...]) -> Iterator[Phrase]:
    """A sentence per meter of which a part of the week is not known, or all of it."""
    for week in buildings:
        if not week.meters:
            yield Phrase(N_("{building}: no meter is entered yet."), {"building": week.building.name})
        for meter in week.meters:
            comparison = compare(meter)
            names = {"building": week.building.name, "meter": meter.meter.name}
            if not comparison.known:
                yield _silent(names, meter.last_seen_s, meter.tz)
            elif comparison.coverage < HEALTHY:
                text = (
                    N_("{building}, {meter}: {known} of {expected} days known.")
                    if meter.resolution is Resolution.DAY
                    else N_("{building}, {meter}: {known} of {expected} hours known.")
                )
                yield Phrase(text, {**names, "known": comparison.known, "expected": comparison.expected})


def _silent(names: dict[str, str], last_seen_s: int | None, tz: str) -> Phrase:
    if last_seen_s is None:
        return Phrase(N_("{building}, {meter}: never gave a reading."), {**names})
    text = N_("{building}, {meter}: no data this week. Last reading: {last}.")
    return Phrase(text, {**names, "last": Instant(last_seen_s, tz)})
