"""The sample centre's devices speaking now: a real MQTT client that publishes what each register shows."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from plagewatch.health import PartHealth, PartState
from simulators import history
from simulators.devices import plain_json, shelly
from simulators.registers import Device, Family
from simulators.world import DAY_S, World

Message = tuple[str, bytes]  # topic, payload
KEEPALIVE_S = 30
LONGEST_QUEUE = 50_000  # messages that wait in the client while the broker is away


def current(world: World, device: Device, at_s: float) -> Iterator[Message]:
    """What a device publishes at a moment; nothing where a fault keeps it silent."""
    at = np.array([int(at_s)])
    if world.silent(device, at)[0]:
        return
    if device.family is Family.PLAIN_JSON:
        columns = [plain_json.Column(r.word, r.unit, world.shown(r, at).tolist()) for r in device.registers]
        yield plain_json.topic(device.id), plain_json.moment(int(at_s), columns)
        return
    (register,) = device.registers
    total_wh = int(world.shown_steps(register, at)[0])
    power_w = float(world.shown_steps(register, at + 900)[0] - total_wh) * 4.0
    energy = shelly.emdata(total_wh)
    yield shelly.events_topic(device.id), shelly.notify_status(device.id, int(at_s), {**shelly.em(power_w), **energy})
    yield shelly.status_topic(device.id, "emdata:0"), shelly.status(energy["emdata:0"])


@dataclass
class LiveFeed:
    """Publishes at QoS 1 what every device shows, each every `every_s` seconds, spread over that time.

    since_s: where given, what happened from then until the start is sent first, in late packets, as loggers do that
    had no network. speed: with another than 1, the time since `since_s` (a day ago where it is not given) is played
    so many times faster instead, until it has caught up with now_s; nothing is ever dated in the future.
    now_s: the clock, seconds since 1970 UTC.
    """

    world: World
    host: str
    port: int
    version: int = 5
    every_s: float = 10.0
    speed: float = 1.0
    since_s: int | None = None
    now_s: Callable[[], float] = time.time
    client_id: str = "plagewatch-simulator"
    _stop: threading.Event = field(default_factory=threading.Event, init=False, repr=False)
    _thread: threading.Thread | None = field(default=None, init=False, repr=False)
    _sent_at: float | None = field(default=None, init=False, repr=False)
    _unanswered: list[MQTTMessageInfo] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.every_s <= 0 or self.speed <= 0:
            raise ValueError("every_s and speed are more than 0")
        protocol = MQTTProtocolVersion(self.version)
        self._client = Client(CallbackAPIVersion.VERSION2, self.client_id, protocol=protocol)
        self._client.max_queued_messages_set(LONGEST_QUEUE)
        self._client.reconnect_delay_set(1, 30)

    def start(self) -> None:
        """Connect and publish, in threads of its own. A broker that is away is asked again until it is there."""
        self._stop.clear()
        self._client.connect_async(self.host, self.port, KEEPALIVE_S)
        self._client.loop_start()
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop publishing, wait a moment for answers that are under way, and disconnect."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)
            self._thread = None
        if self._client.is_connected():
            self._answered(wait_s=2.0)
        self._client.disconnect()
        self._client.loop_stop()

    def health(self, now_s: float) -> PartHealth:
        """Whether it is connected and publishing, and the age of what it published last."""
        age_s = None if self._sent_at is None else max(0.0, now_s - self._sent_at)
        if self._thread is None or not self._thread.is_alive():
            return PartHealth("simulator", PartState.DOWN, "it does not run", age_s)
        if not self._client.is_connected():
            return PartHealth("simulator", PartState.DEGRADED, f"no connection to {self.host}:{self.port}", age_s)
        return PartHealth("simulator", PartState.WELL, "", age_s)

    def _run(self) -> None:
        began_s = self.now_s()
        if self.speed == 1.0:
            from_s = began_s
            self._send_late(int(began_s))
        else:
            from_s = began_s - DAY_S if self.since_s is None else self.since_s
        pause_s = self.every_s / len(self.world.devices)
        while not self._stop.is_set():
            for device in self.world.devices:
                now_s = self.now_s()
                self._publish(current(self.world, device, min(now_s, from_s + (now_s - began_s) * self.speed)))
                if self._stop.wait(pause_s):
                    return

    def _send_late(self, upto_s: int) -> None:
        if self.since_s is None:
            return
        for packet in history.packets(self.world, self.since_s, upto_s):
            if self._stop.is_set():
                return
            self._publish(iter([(packet.topic, packet.payload)]))

    def _publish(self, messages: Iterator[Message]) -> None:
        for topic, payload in messages:
            self._unanswered.append(self._client.publish(topic, payload, qos=1))
            self._sent_at = self.now_s()
        if len(self._unanswered) > 100:
            self._answered(wait_s=0.0)

    def _answered(self, wait_s: float) -> None:
        """Forget what the broker has taken, waiting for it no longer than this."""
        end = time.monotonic() + wait_s
        for info in self._unanswered:
            if info.rc == 0 and not info.is_published():
                info.wait_for_publish(max(0.001, end - time.monotonic()))
        self._unanswered = [info for info in self._unanswered if info.rc == 0 and not info.is_published()]
