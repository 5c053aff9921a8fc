"""What the mail says about the PLAGE target. Pure."""

from collections.abc import Iterator
from math import isnan

from digest.facts import PlageStatus
from digest.phrases import Amount, Euro, Fraction, Phrase, Value
from plagewatch.tickets.texts import N_


def target_of(status: PlageStatus | None) -> Iterator[Phrase]:
    """Where the organisation stands, with the share that was measured; why not, where it was not computed."""
    if status is None:
        return
    name: dict[str, Value] = {"organisation": status.organisation}
    if status.refusal is not None:
        yield Phrase(N_("{organisation}: not computed. {reason}"), {**name, "reason": status.refusal})
        return
    target, forecast = Amount(status.target_kwh, "kWh"), Amount(status.forecast_kwh, "kWh")
    if isnan(status.forecast_kwh):
        yield Phrase(
            N_("{organisation}: the target is {target}; there is no forecast yet."), {**name, "target": target}
        )
    elif not status.excess_kwh > 0:
        text = N_("{organisation} is on its way to the target: {forecast} expected, {target} allowed.")
        yield Phrase(text, {**name, "forecast": forecast, "target": target})
    else:
        text = N_("{organisation} is {excess} above the target: {forecast} expected, {target} allowed.")
        yield Phrase(text, {**name, "excess": Amount(status.excess_kwh, "kWh"), "forecast": forecast, "target": target})
        if not isnan(status.fine_eur):
            yield Phrase(N_("If it stays so, the fine is about {fine}."), {"fine": Euro(status.fine_eur)})
    if not isnan(status.coverage):
        yield Phrase(N_("{part} of the consumption was measured."), {"part": Fraction(status.coverage)})
