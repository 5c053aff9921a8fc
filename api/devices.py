"""Devices in quarantine: what is known of each, and how a person says whose they are. For the API and the pages."""

import base64
import binascii
import re
from dataclasses import dataclass

from api.context import AppContext
from api.problems import Problem
from plagewatch.device_preview import DevicePreview
from plagewatch.metering.claiming import fits, in_force
from plagewatch.metering.meters import Binding, Meter
from plagewatch.store.records import claims, device_memory, quarantine, registry, replays, topic_routes
from plagewatch.store.records.quarantine import Counted
from plagewatch.store.records.replay_progress import Replay
from plagewatch.store.records.withdrawals import Passed, passed_over

_AS_IT_IS = re.compile(r"[A-Za-z0-9_:@+-][A-Za-z0-9._:@+-]*")
_CODED = "~"
WORD = re.compile(r"[a-z0-9]{3,}")


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A device in the list. number: packets for whatever reason; first_ms, last_ms: their receipt, 0 = not known."""

    device: str
    topics: list[str]
    counts: list[Counted]
    number: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class DeviceNow:
    """All that is known of one device. bindings: what its registers feed now. withdrawn: what counts no more of it."""

    line: DeviceLine
    preview: DevicePreview
    bindings: list[Binding]
    replays: list[Replay]
    withdrawn: list[Passed]

    def bound(self, register: str) -> Binding | None:
        """What a register feeds now."""
        return next((binding for binding in self.bindings if binding.register == register), None)

    def first_ms(self, register: str) -> int:
        """From when on a claim counts where nobody says: the first instant that a register told, or its receipt."""
        told = [one.first_ms for one in self.preview.registers if one.register == register]
        return min(told + ([self.line.first_ms] if self.line.first_ms else []), default=0)


def part_of(device: str) -> str:
    """A device's id as one part of an address; what a browser or a proxy might change is coded.

    >>> part_of("pulse-17"), device_of(part_of("hall/../x ?")), device_of("a/b")
    ('pulse-17', 'hall/../x ?', 'a/b')
    """
    if _AS_IT_IS.fullmatch(device):
        return device
    return _CODED + base64.urlsafe_b64encode(device.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def device_of(part: str) -> str:
    """The device's id behind a part of an address, coded or as it is."""
    if not part.startswith(_CODED):
        return part
    coded = part.removeprefix(_CODED)
    try:
        return base64.b64decode(coded + "=" * (-len(coded) % 4), "-_", validate=True).decode("utf-8", "surrogatepass")
    except (binascii.Error, UnicodeError, ValueError):
        return part


def lines(context: AppContext) -> list[DeviceLine]:
    """All devices of which packets wait, the latest first."""
    topics = quarantine.topics(context.engine)
    by_device: dict[str, list[Counted]] = {}
    for count in quarantine.counted(context.engine):
        by_device.setdefault(count.device, []).append(count)
    return [_line(device, topics.get(device, []), counts) for device, counts in by_device.items()]


def device_now(context: AppContext, device: str) -> DeviceNow:
    """One device. Raises Problem (404) where nothing of it waits, is bound or was ever replayed."""
    counts = quarantine.counted(context.engine, device)
    bindings = registry.bindings(context.engine)
    asked = replays.replays(context.engine, device=device, limit=10)
    registers = sorted({binding.register for binding in bindings if binding.device == device})
    now_ms = context.now_s() * 1000
    bound = [found for register in registers if (found := in_force(bindings, device, register, now_ms))]
    if not counts and not asked and not registers:
        raise Problem(
            404,
            f"There is no device `{device[:80]}` in quarantine.",
            "path: device",
            "GET /api/v1/quarantine/devices lists those that wait.",
        )
    packets = quarantine.packets_of(context.engine, device)
    said, remembered = topic_routes.routes(context.engine), device_memory.memory(context.engine)
    preview = context.preview(device, packets, said, remembered)
    withdrawn = passed_over(context.engine, context.series, device)
    return DeviceNow(_line(device, list(preview.topics), counts), preview, bound, asked, withdrawn)


def meters_for(context: AppContext, device: DeviceNow, register: str) -> tuple[list[Meter], list[Meter]]:
    """Meters that a register can feed: those whose name stands in the device's id or topics, and all others."""
    guess = next((one.guess for one in device.preview.registers if one.register == register), None)
    counted = guess.as_register if guess is not None else register
    unsaid = register.startswith("field.")
    able = [meter for meter in claims.claimable(context.engine) if unsaid or fits(register, meter)]
    around = set(WORD.findall(" ".join([device.preview.device, *device.preview.topics]).lower()))
    named = [m for m in able if around & set(WORD.findall(f"{m.id} {m.name} {m.site} {m.ean or ''}".lower()))]
    suggested = [m for m in named if (not unsaid or guess is not None) and (guess is None or fits(counted, m))]
    return suggested, [meter for meter in able if meter not in suggested]


def devices_of(context: AppContext, meter: str) -> list[str]:
    """Devices that read a meter now, by name."""
    every, now_ms = registry.bindings(context.engine), context.now_s() * 1000
    theirs = {(one.device, one.register) for one in every if one.meter == meter}
    now = (in_force(every, device, register, now_ms) for device, register in theirs)
    return sorted({one.device for one in now if one is not None and one.meter == meter})


def meters_to_move(context: AppContext, binding: Binding) -> list[Meter]:
    """Other meters that a bound register can feed."""
    counted = binding.as_register or binding.register
    return [one for one in claims.claimable(context.engine) if one.id != binding.meter and fits(counted, one)]


def require_person(context: AppContext, who: str) -> None:
    """Raise Problem (422) where nobody of that id is in the registry."""
    if all(person.id != who for person in registry.persons(context.engine)):
        raise Problem(422, f"There is no person `{who[:80]}`.", "body: who", "Give the id of a person in the registry.")


def require_family(context: AppContext, family: str) -> None:
    """Raise Problem (422) where the collector knows no family of that name."""
    if family not in context.families:
        known = ", ".join(context.families)
        raise Problem(422, f"There is no family `{family[:80]}`.", "body: family", f"The families are {known}.")


def _line(device: str, topics: list[str], counts: list[Counted]) -> DeviceLine:
    return DeviceLine(
        device,
        topics,
        counts,
        sum(count.number for count in counts),
        min((count.first_ms for count in counts), default=0),
        max((count.last_ms for count in counts), default=0),
    )
