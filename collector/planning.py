"""What must be kept of a batch of packets, and where. Pure: the pipeline acts on it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from collector.bindings import BindingTable
from collector.decoders import decode, device_of
from collector.decoders.door import MAX_PAYLOAD_BYTES, shown
from collector.spool import Spooled
from plagewatch.metering.readings import Behaviour, Packet, Readings, Reason, Samples, register_word
from plagewatch.store.records.quarantine import Quarantined
from plagewatch.store.records.work import DirtyWindow

MAX_DETAILS = 20
MAX_DETAIL_LENGTH = 600  # it stands in a key: PostgreSQL's hold 2 700 bytes


@dataclass(slots=True)
class Plan:
    """What the pipeline will write for a batch of packets.

    unbound: values of known devices in registers that feed no meter; only the first of each goes to quarantine.
    told: the (device, register) pairs of these that this plan puts there.
    homeless: something had no meter that the table could have known: is the table up to date?
    """

    blocks: list[Samples] = field(default_factory=list)
    quarantine: list[Quarantined] = field(default_factory=list)
    unbound: int = 0
    told: set[tuple[str, str]] = field(default_factory=set)
    homeless: bool = False

    @property
    def samples(self) -> int:
        """How many values are to be stored."""
        return sum(len(block.value) for block in self.blocks)

    def windows(self) -> list[DirtyWindow]:
        """The stretch of each meter whose figures become old."""
        spans: dict[str, tuple[int, int]] = {}
        for block in self.blocks:
            first_ms = last_ms = block.at_ms[0]
            if len(block.at_ms) > 1:
                first_ms, last_ms = min(block.at_ms), max(block.at_ms)
            known = spans.get(block.meter, (first_ms, last_ms))
            spans[block.meter] = (min(known[0], first_ms), max(known[1], last_ms))
        return [DirtyWindow(meter, first_ms, last_ms) for meter, (first_ms, last_ms) in spans.items()]


def plan(batch: Iterable[Spooled], table: BindingTable, told: Collection[tuple[str, str]]) -> Plan:
    """Decode and bind packets. told: (device, register) pairs without a meter that are in quarantine already."""
    made = Plan()
    for spooled in batch:
        _plan_packet(made, spooled, table, told)
    return made


def refused(spooled: Spooled, detail: str) -> Quarantined:
    """A packet that a store will never take, kept whole."""
    return _quarantined(spooled, device_of(spooled.packet.topic), Reason.MALFORMED, detail)


def _plan_packet(made: Plan, spooled: Spooled, table: BindingTable, told: Collection[tuple[str, str]]) -> None:
    packet = spooled.packet
    _, decoded = decode(packet)
    homeless: list[Readings] = []
    unbound: list[Readings] = []
    for readings in decoded.readings:
        if table.binds(readings.device, readings.register):
            homeless += _bind(made, readings, packet, table)
        elif not table.knows(readings.device):
            homeless.append(readings)
        else:
            made.unbound += len(readings.value)
            pair = (readings.device, readings.register)
            if pair not in told and pair not in made.told and _worth_telling(readings, table):
                unbound.append(readings)
    if homeless:
        made.quarantine.append(_quarantined(spooled, homeless[0].device, Reason.UNKNOWN_DEVICE, _seen(homeless)))
    if unbound:
        # Once is enough to tell the person who binds; every packet of a device with a spare register would flood.
        made.told.update((r.device, r.register) for r in unbound)
        detail = f"bound to no meter: {_seen(unbound)}"
        made.quarantine.append(_quarantined(spooled, unbound[0].device, Reason.UNKNOWN_REGISTER, detail))
    made.homeless |= bool(homeless or unbound)
    device = decoded.readings[0].device if decoded.readings else device_of(packet.topic)
    details: dict[str, list[str]] = {}
    for left_out in decoded.left_out:
        details.setdefault(left_out.reason, []).append(left_out.detail)
    for reason, texts in details.items():
        made.quarantine.append(_quarantined(spooled, device, Reason(reason), _joined(texts)))


def _worth_telling(readings: Readings, table: BindingTable) -> bool:
    """Whether something is lost without a binding.

    Not by parts of a bound total, by the power beside a bound counter of energy, nor by a counter that never counted.

    >>> from plagewatch.metering.meters import Binding
    >>> table = BindingTable([Binding("d", "energy_import_total", "m")])
    >>> _worth_telling(Readings("d", "energy_import_total.l1", None, [5.0]), table)
    False
    >>> _worth_telling(Readings("d", "power_active.l1", None, [5.0]), table)
    False
    >>> _worth_telling(Readings("d", "energy_export_total", None, [0.0]), table)
    False
    >>> _worth_telling(Readings("d", "energy_export_total", None, [0.1]), table)
    True
    """
    word, _, channel = readings.register.partition(".")
    if channel and table.binds(readings.device, word):
        return False
    if register_word(word).unit == "W" and table.binds(readings.device, "energy_import_total"):
        return False
    return register_word(word).behaviour is not Behaviour.INDEX or any(readings.value)


def _bind(made: Plan, readings: Readings, packet: Packet, table: BindingTable) -> list[Readings]:
    """Add the readings' samples; what lies before the register's first binding comes back."""
    at_ms = [packet.received_ms] if readings.at_ms is None else readings.at_ms
    before: list[Readings] = []
    for meter, first, end in table.runs(readings.device, readings.register, at_ms):
        whole = end - first == len(at_ms)
        at, value = (at_ms, readings.value) if whole else (at_ms[first:end], readings.value[first:end])
        if meter is None:
            before.append(replace(readings, at_ms=at, value=value))
            continue
        source = f"mqtt:{readings.device}"
        made.blocks.append(Samples(meter, readings.register, at, value, source, packet.received_ms, readings.quality))
    return before


def _seen(readings: Sequence[Readings]) -> str:
    return _joined(
        [
            f"{r.register}={r.value[-1]:.10g}" + (f" ({len(r.value)} values)" if len(r.value) > 1 else "")
            for r in readings
        ]
    )


def _joined(texts: Sequence[str]) -> str:
    more = len(texts) - MAX_DETAILS
    text = "; ".join(texts[:MAX_DETAILS])[:MAX_DETAIL_LENGTH]
    return text + (f"; and {more} more" if more > 0 else "")


def _quarantined(spooled: Spooled, device: str, reason: Reason, detail: str) -> Quarantined:
    packet = spooled.packet
    return Quarantined(
        packet.received_ms,
        f"mqtt:{shown(packet.topic)}",
        shown(device),
        reason,
        detail,
        packet.payload[:MAX_PAYLOAD_BYTES],  # the spool holds it whole
        spooled.id,
    )
