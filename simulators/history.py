"""What the devices of a sample centre sent in the past, packet by packet, in the order in which it arrived."""

from collections.abc import Iterator
from heapq import merge
from zlib import crc32

import numpy as np

from plagewatch.metering.intervals import Seconds
from plagewatch.metering.readings import Packet
from simulators.devices import plain_json, shelly
from simulators.profiles import QUARTER_S
from simulators.registers import Device, Family
from simulators.world import DAY_S, World


def packets(world: World, from_s: int, to_s: int) -> Iterator[Packet]:
    """Packets with the readings of all full quarter-hours in [from_s, to_s), by time of arrival.

    A datalogger sends one packet a UTC day, soon after its end; where it fell silent, it had sent what it had. What a
    logger would send only after to_s it sends at to_s: nothing known before to_s is missing. A Shelly sends each
    quarter-hour at once. from_s before the world's start means its start.
    """
    first_s = max(from_s, world.start_s)
    world.count_until(to_s)
    streams = [_sent(world, device, first_s, to_s) for device in world.devices]
    yield from merge(*streams, key=lambda packet: packet.received_ms)


def _sent(world: World, device: Device, from_s: int, to_s: int) -> Iterator[Packet]:
    send = _notifications if device.family is Family.SHELLY else _frames
    for day_s in range(from_s // DAY_S * DAY_S, to_s, DAY_S):
        at_s = np.arange(day_s, day_s + DAY_S, QUARTER_S)
        at_s = at_s[(at_s >= from_s) & (at_s < to_s)]
        spoken_s = at_s[~world.silent(device, at_s)]
        for run_s in np.split(spoken_s, np.flatnonzero(np.diff(spoken_s) > QUARTER_S) + 1):
            if len(run_s):
                yield from send(world, device, run_s, to_s)


def _frames(world: World, device: Device, at_s: Seconds, to_s: int) -> Iterator[Packet]:
    columns = [plain_json.Column(r.word, r.unit, world.shown(r, at_s).tolist()) for r in device.registers]
    payload = plain_json.frames(int(at_s[0]), QUARTER_S, columns)
    # Loggers do not all call in the same second.
    received_s = min(int(at_s[-1]) + QUARTER_S + 20 + crc32(device.id.encode()) % 90, to_s)
    yield Packet(plain_json.topic(device.id), payload, received_s * 1000)


def _notifications(world: World, device: Device, at_s: Seconds, to_s: int) -> Iterator[Packet]:
    # Of a past minute only the energy still matters; the powers in between are for whoever listened then.
    (register,) = device.registers
    topic = shelly.events_topic(device.id)
    for moment_s, total_wh in zip(at_s.tolist(), world.shown_steps(register, at_s).tolist(), strict=True):
        payload = shelly.notify_status(device.id, moment_s, shelly.emdata(total_wh))
        yield Packet(topic, payload, min(moment_s * 1000 + 200, to_s * 1000))
