"""A publisher of its own process: loggers that each tell their index once a quarter, on a clock that runs faster.

Started by `bench lag`. It prints a line for each packet of a followed meter, when it is handed to the broker.
"""

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

QUARTER_S = 900
INFLIGHT = 2_000


@dataclass(frozen=True, slots=True)
class Play:
    """What is played. speed: how much faster than the wall's clock. start_s: where the played time begins [s, UTC].

    follow: of so many meters, evenly spread over all, it is told when their packets left.
    """

    meters: int
    speed: float
    seconds: float
    start_s: int
    follow: int

    @property
    def per_s(self) -> float:
        """Packets in a second of the wall's clock."""
        return self.meters * self.speed / QUARTER_S

    def followed(self) -> list[int]:
        """Numbers of the meters that are followed."""
        return sorted({place * self.meters // self.follow for place in range(min(self.follow, self.meters))})

    def packets(self) -> Iterator[tuple[float, int, int]]:
        """(seconds after the start, number of the meter, its instant [s]) of all packets, by time.

        Each meter reads at a moment of its own in the quarter, as loggers do whose clocks nobody set to the quarter.

        >>> list(Play(2, 900.0, 1.5, 0, 1).packets())
        [(0.0, 0, 0), (0.5, 1, 450), (1.0, 0, 900)]
        """
        for number in range(int(self.seconds * self.per_s)):
            at_s = number / self.per_s
            yield at_s, number % self.meters, self.start_s + round(at_s * self.speed)


def index_at(meter: int, at_s: int, start_s: int) -> float:
    """What the index of a meter shows [kWh]: it uses more or less, but something every quarter."""
    return round(1000.0 + meter + (at_s - start_s) / QUARTER_S * (0.4 + meter % 7 / 10), 2)


def device(meter: int) -> str:
    """The id of a meter's logger."""
    return f"lag{meter:06}"


def publish(port: int, play: Play) -> None:
    """Publish all packets at QoS 1, each when it is due; return once the broker has all of them."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.max_inflight_messages_set(INFLIGHT)
    client.max_queued_messages_set(0)
    acknowledged, sent = threading.Semaphore(0), 0
    client.on_publish = lambda *_told: acknowledged.release()
    client.connect("127.0.0.1", port)
    client.loop_start()
    followed, started = set(play.followed()), time.time()
    for due_s, meter, at_s in play.packets():
        if (wait_s := started + due_s - time.time()) > 0:
            time.sleep(wait_s)
        value = index_at(meter, at_s, play.start_s)
        payload = f'{{"at":{at_s},"registers":{{"electricity_index":{{"value":{value},"unit":"kWh"}}}}}}'
        if meter in followed:
            sys.stdout.write(f"{meter} {at_s} {time.time():.3f}\n")
            sys.stdout.flush()
        client.publish(f"loggers/{device(meter)}/readings", payload, qos=1)
        sent += 1
    for _ in range(sent):
        if not acknowledged.acquire(timeout=60):
            raise TimeoutError(f"the broker did not acknowledge all of {sent} packets")
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    for name, kind in {"meters": int, "speed": float, "seconds": float, "start_s": int, "follow": int}.items():
        parser.add_argument(name, type=kind)
    told = vars(parser.parse_args())
    publish(told.pop("port"), Play(**told))
