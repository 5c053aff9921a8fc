"""What must be kept of a batch of packets, and where. Pure: the pipeline acts on it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collector.bindings import BindingTable
from collector.dates import believable
from collector.decoders import UNKNOWN_FAMILY, Route, decode, device_of
from collector.quarantining import MAX_DEVICE_LENGTH, joined, quarantined, seen, storable, utc
from collector.remembered import Remembered
from collector.spool_newest import Spooled
from plagewatch.metering.meters import Binding
from plagewatch.metering.readings import Ask, Behaviour, LeftOut, Readings, Reason, Samples, register_word
from plagewatch.metering.units import to_canonical
from plagewatch.store.records.quarantine import Quarantined
from plagewatch.store.records.serials import SerialSeen
from plagewatch.store.records.work import DirtyWindow

TELL_AGAIN_MS = 600_000
"""A register of a known device that feeds no meter is shown with a fresh value this often, not with every packet."""

UNSAID = Behaviour.UNSAID  # asked for each packet: an enumeration takes ten times as long to find its word
Pair = tuple[str, str]  # a device and a register


@dataclass(frozen=True, slots=True)
class Known:
    """What the collector knows when it plans. told: when a pair without a meter was last put in quarantine [ms]."""

    table: BindingTable
    routes: Sequence[Route] = ()
    memory: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[Pair, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which packets a replay is about: of one device, or of topics of one form; by default all."""

    device: str = ""
    topics: Route | None = None

    def has_topic(self, topic: str) -> bool:
        """Whether packets of a topic can be among them."""
        return self.topics is None or self.topics.topic.fullmatch(topic) is not None

    def has_device(self, device: str) -> bool:
        """Whether what a device said is among them."""
        return not self.device or self.device in (device, storable(device, MAX_DEVICE_LENGTH))


EVERYTHING = Scope()


@dataclass(slots=True)
class Plan:
    """What the pipeline will write for a batch of packets.

    told_in: the packet of each block. packets: how many of the scope said something. unbound: values of known devices
    in registers that feed no meter; of each only one every TELL_AGAIN_MS goes to quarantine. told: the (device,
    register) pairs of these that this plan puts there. homeless: something had no meter that the table could have
    known: is the table up to date?
    """

    blocks: list[Samples] = field(default_factory=list)
    told_in: list[Spooled] = field(default_factory=list)
    quarantine: list[Quarantined] = field(default_factory=list)
    packets: int = 0
    unbound: int = 0
    told: dict[Pair, int] = field(default_factory=dict)
    homeless: bool = False
    asks: list[Ask] = field(default_factory=list)
    serials: list[SerialSeen] = field(default_factory=list)
    memory: dict[str, tuple[str, str]] = field(default_factory=dict)

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
            if (known := spans.get(block.meter)) is not None:
                first_ms, last_ms = min(known[0], first_ms), max(known[1], last_ms)
            spans[block.meter] = first_ms, last_ms
        return [DirtyWindow(meter, first_ms, last_ms) for meter, (first_ms, last_ms) in spans.items()]


def plan(batch: Iterable[Spooled], known: Known, scope: Scope = EVERYTHING) -> Plan:
    """Decode and bind the packets of a scope, by what is known. Nothing that is given is changed."""
    made, memory = Plan(), Remembered(known.memory)
    for spooled in batch:
        if scope is EVERYTHING or scope.has_topic(spooled.packet.topic):
            _plan_packet(made, spooled, known, memory, scope)
            more = len(made.blocks) - len(made.told_in)
            made.told_in += (spooled,) if more == 1 else [spooled] * more
    made.memory = memory.changes
    return made


@dataclass(slots=True)
class _Found:
    """What has no place in one packet."""

    homeless: list[Readings]
    unbound: list[Readings]
    left_out: list[tuple[str, LeftOut]]


def _plan_packet(made: Plan, spooled: Spooled, known: Known, memory: Remembered, scope: Scope) -> None:
    packet = spooled.packet
    family, decoded = decode(packet, known.routes, memory)
    memory.sign(family)
    if decoded.asks:
        made.asks += decoded.asks
    found = _Found([], [], [])
    spoke = False
    for readings in decoded.readings:
        if scope is not EVERYTHING and not scope.has_device(readings.device):
            continue
        spoke = True
        if known.table.binds(readings.device, readings.register):
            _bind(made, readings, spooled, known.table, found)
        elif not known.table.knows(readings.device):
            found.homeless.append(readings)
        else:
            _note_unbound(made, readings, packet.received_ms, known, found)
    if family == UNKNOWN_FAMILY:
        device = packet.topic  # until somebody says which level of the topic names the device
    else:
        device = decoded.readings[0].device if decoded.readings else device_of(packet.topic, known.routes)
    if decoded.left_out and scope.has_device(device):
        spoke = True
        found.left_out += ((device, left_out) for left_out in decoded.left_out)
    made.packets += spoke
    if found.homeless or found.unbound or found.left_out:
        made.homeless |= bool(found.homeless or found.unbound)
        made.quarantine += _kept(spooled, found)


def _kept(spooled: Spooled, found: _Found) -> Iterator[Quarantined]:
    texts: dict[tuple[str, Reason, str], list[str]] = {}
    for readings in found.homeless:
        texts.setdefault((readings.device, Reason.UNKNOWN_DEVICE, ""), []).append(seen(readings))
    for readings in found.unbound:
        unsaid = register_word(readings.register).behaviour is UNSAID
        reason = Reason.UNSAID if unsaid else Reason.UNKNOWN_REGISTER
        texts.setdefault((readings.device, reason, "bound to no meter: "), []).append(seen(readings))
    for device, left_out in found.left_out:
        texts.setdefault((device, Reason(left_out.reason), ""), []).append(left_out.detail)
    for (device, reason, before), details in texts.items():
        yield quarantined(spooled, device, reason, before + joined(details))


def _note_unbound(made: Plan, readings: Readings, received_ms: int, known: Known, found: _Found) -> None:
    made.unbound += len(readings.value)
    pair = (readings.device, readings.register)
    told_ms = made.told.get(pair, known.told.get(pair))
    if told_ms is not None and abs(received_ms - told_ms) < TELL_AGAIN_MS:
        return
    if _worth_telling(readings, known.table):
        made.told[pair] = received_ms
        found.unbound.append(readings)


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


def _bind(made: Plan, readings: Readings, spooled: Spooled, table: BindingTable, found: _Found) -> None:
    """Add the readings' samples; what lies outside the register's bindings, or outside belief, is found without."""
    received_ms = spooled.packet.received_ms
    at_ms = [received_ms] if readings.at_ms is None else readings.at_ms
    for binding, first, end in table.runs(readings.device, readings.register, at_ms):
        at, part = at_ms, readings
        if end - first != len(at_ms):
            at = at_ms[first:end]
            part = readings._replace(at_ms=at, value=readings.value[first:end])
        if binding is None:
            found.homeless.append(part)
            continue
        try:
            register, values = _said(binding, part)
        except ValueError as error:
            found.left_out.append((readings.device, LeftOut(Reason.UNIT_UNKNOWN, str(error))))
            continue
        if doubted := _doubted(part, received_ms, binding.from_ms):
            detail = f"{part.register}: {len(doubted)} of {len(at)} values, the first of {utc(at[min(doubted)])}"
            found.left_out.append((readings.device, LeftOut(Reason.TIME_IMPLAUSIBLE, detail)))
            values = [value for place, value in enumerate(values) if place not in doubted]
            at = [moment for place, moment in enumerate(at) if place not in doubted]
        if not at:
            continue
        made.blocks.append(Samples(binding.meter, register, at, values, binding.source, received_ms, readings.quality))
        if readings.serial:
            serial = storable(readings.serial, MAX_DEVICE_LENGTH)
            made.serials.append(SerialSeen(binding.meter, register, min(at), serial))


def _said(binding: Binding, readings: Readings) -> tuple[str, Sequence[float]]:
    """The register and values as the binding says them. Raises ValueError where it does not, or not in a fitting unit.

    >>> _said(Binding("d", "field.total", "m", as_register="gas_volume", unit="l"),
    ...     Readings("d", "field.total", None, [2500.0]))
    ('gas_volume', [2.5])
    """
    if register_word(readings.register).behaviour is not UNSAID:
        return readings.register, readings.value
    if binding.as_register is None or binding.unit is None:
        raise ValueError(f"the binding does not say what {readings.register} counts, and in which unit")
    wanted = register_word(binding.as_register).unit
    try:
        converted = [to_canonical(value, binding.unit) for value in readings.value]
    except KeyError:
        converted = []
    if not converted or any(unit != wanted for _, unit in converted):
        raise ValueError(f"{readings.register} is bound in {binding.unit}, which is no unit of {binding.as_register}")
    return binding.as_register, [value for value, _ in converted]


NONE_DOUBTED: frozenset[int] = frozenset()


def _doubted(readings: Readings, received_ms: int, from_ms: int) -> frozenset[int]:
    """Places of instants that cannot be meant."""
    at_ms = readings.at_ms
    if at_ms is None:
        return NONE_DOUBTED
    single = len(at_ms) == 1
    if believable(at_ms[0] if single else min(at_ms), received_ms, from_ms) and (
        single or believable(max(at_ms), received_ms, from_ms)
    ):
        return NONE_DOUBTED  # what is believed is one stretch of time: 2 µs where a look at each of a hundred takes 15
    wrong = [place for place, at in enumerate(at_ms) if not believable(at, received_ms, from_ms)]
    return frozenset(wrong)
