"""What a drain did, grown batch by batch."""

from dataclasses import dataclass

from collector.planning import Plan
from plagewatch.metering.readings import Ask


@dataclass(frozen=True, slots=True)
class DrainReport:
    """What one drain did. samples: values handed to the series store, repeats among them. quarantined: items kept.

    unbound: values of known devices in registers that feed no meter. asks: what is to be published, so that devices say
    what decoders need. stopped: why it ended before the spool did, to be tried again; empty where it did not.
    """

    packets: int = 0
    samples: int = 0
    quarantined: int = 0
    unbound: int = 0
    asks: tuple[Ask, ...] = ()
    stopped: str = ""


def added(report: DrainReport, packets: int = 0, made: Plan | None = None, stopped: str = "") -> DrainReport:
    """The report with what a plan that is written brought, or with why it stopped."""
    made = made or Plan()
    known = {ask.topic for ask in report.asks}
    asks = {ask.topic: ask for ask in made.asks if ask.topic not in known}
    return DrainReport(
        report.packets + packets,
        report.samples + made.samples,
        report.quarantined + len(made.quarantine),
        report.unbound + made.unbound,
        (*report.asks, *asks.values()),
        stopped,
    )
