"""A meter that has fallen silent is told when the hour is over in which its limit is passed, not minutes later."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from plagewatch.metering.meters import Meter
from plagewatch.store.engine import Engine
from plagewatch.store.records import ledger_tails
from plagewatch.store.series.protocol import SeriesStore
from rules import catalogue
from rules.at_once import judge_now
from rules.detectors.no_data import NoData, limits_h
from rules.detectors.verdicts import HOUR_S
from rules.estate import Estate
from rules.tracks import meant_for

MOST = 100
"""More that may have fallen silent at once are a storm: the look by the hour sees them all together."""


def look(engine: Engine, series: SeriesStore, units: Mapping[str, Estate], hour_s: int) -> int:
    """Judge the silence of the meters that may have passed their limit in the hour up to hour_s; changes of tickets.

    They are judged with the others of their device. Raises SeriesError.
    """
    newest_ms = ledger_tails.newest_ms(engine)
    silent = {unit: found for unit, part in units.items() if (found := list(_silent(part, newest_ms, hour_s)))}
    if sum(map(len, silent.values())) > MOST:
        return 0
    changes, span_s = 0, (hour_s - HOUR_S, hour_s)
    for unit, meters in silent.items():
        part = units[unit]
        part = replace(part, rules=[rule for rule in part.rules if rule.id == catalogue.NO_DATA.id])
        changes += judge_now(engine, series, part, with_their_device(part, meters), span_s)
    return changes


def _silent(part: Estate, newest_ms: Mapping[str, int], hour_s: int) -> Iterator[Meter]:
    """Meters of which nothing was heard for at least the shortest limit, and not longer than the longest one."""
    parameters = _parameters(part)
    if parameters is None:
        return  # nobody wants to hear of silence
    for meter in part.meters:
        if meter.id in newest_ms and meant_for(meter, [catalogue.NO_DATA]):
            heard_until_s = -(-newest_ms[meter.id] // (HOUR_S * 1000)) * HOUR_S
            least_h, most_h = limits_h(meter.interval_s, parameters)
            if least_h * HOUR_S <= hour_s - heard_until_s < (most_h + 1) * HOUR_S:
                yield meter


def counts(part: Estate, meter: Meter, silent_h: float) -> bool:
    """Whether such a silence of a meter may count with that of the others of its device."""
    parameters = _parameters(part)
    return parameters is not None and silent_h >= 0.5 * limits_h(meter.interval_s, parameters)[0]


def witnesses(part: Estate, silent: Collection[str], gap_h: Callable[[str], int]) -> Iterator[Meter]:
    """Meters that tell whether the devices of silent ones are silent: one without such a gap is enough, else all are.

    gap_h: the longest silence that a look sees of a meter [h].
    """
    of_device: dict[str, list[Meter]] = defaultdict(list)
    devices = {part.device_of.get(meter) for meter in silent}
    for meter in part.meters:
        device = part.device_of.get(meter.id)
        if device is not None and device in devices:
            of_device[device].append(meter)
    for members in of_device.values():
        heard = (one for one in members if _judged(one) and not counts(part, one, gap_h(one.id)))
        one = next(heard, None)
        yield from members if one is None else [one]


def _judged(meter: Meter) -> bool:
    return (meter.interval_s or 0) <= HOUR_S and bool(meant_for(meter, [catalogue.NO_DATA]))


def with_their_device(part: Estate, meters: Iterable[Meter]) -> list[Meter]:
    """These meters and the others of their devices."""
    of_device: dict[str, list[Meter]] = defaultdict(list)
    for meter in part.meters:
        of_device[part.device_of.get(meter.id, meter.id)].append(meter)
    devices = dict.fromkeys(part.device_of.get(meter.id, meter.id) for meter in meters)
    return [meter for device in devices for meter in of_device[device]]


def _parameters(part: Estate) -> NoData | None:
    found = next((rule.parameters for rule in part.rules if rule.id == catalogue.NO_DATA.id), None)
    return found if isinstance(found, NoData) else None
