"""A publisher of its own process: loggers that each tell their index once a quarter, on a clock that runs faster.

Started by `bench lag`. It prints a line for each packet of a followed meter, when it is handed to the broker.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from plagewatch.bench.ingest_load import NotTaken, connected
from plagewatch.bench.ingest_packets import remaining_length

QUARTER_S = 900
PACE_S = 0.01  # packets due within are written together


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


def packet(meter: int, at_s: int, start_s: int, mid: int) -> bytes:
    """A logger's reading as an MQTT 3.1.1 PUBLISH of QoS 1."""
    reading = (
        f'{{"at":{at_s},"registers":{{"electricity_index":{{"value":{index_at(meter, at_s, start_s)},"unit":"kWh"}}}}}}'
    )
    topic = f"loggers/{device(meter)}/readings".encode()
    body = len(topic).to_bytes(2, "big") + topic + mid.to_bytes(2, "big") + reading.encode()
    return b"\x32" + remaining_length(len(body)) + body


def publish(port: int, play: Play) -> None:
    """Publish all packets, each when it is due; return once the broker has all of them. Raises NotTaken.

    A client library would take a third of a core for it, of the two that are measured.
    """
    followed, started = set(play.followed()), time.time()
    sent, answered, waiting, packets = 0, 0, bytearray(), play.packets()
    due = next(packets, None)
    with connected(port, "bench-lag") as connection:
        connection.setblocking(False)
        while due is not None or waiting or answered < 4 * sent:
            now_s = time.time()
            while due is not None and started + due[0] <= now_s:
                _, meter, at_s = due
                waiting += packet(meter, at_s, play.start_s, sent % 65_535 + 1)
                sent += 1
                if meter in followed:
                    sys.stdout.write(f"{meter} {at_s} {now_s:.3f}\n")
                    sys.stdout.flush()
                due = next(packets, None)
            if waiting:
                with suppress(BlockingIOError):
                    del waiting[: connection.send(waiting)]
            with suppress(BlockingIOError):
                answer = connection.recv(1 << 16)  # a PUBACK has four bytes: their count is all that is looked at
                if not answer:
                    raise NotTaken(f"the broker closed after {answered // 4} acknowledgements")
                answered += len(answer)
            time.sleep(PACE_S)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    for name, kind in {"meters": int, "speed": float, "seconds": float, "start_s": int, "follow": int}.items():
        parser.add_argument(name, type=kind)
    told = vars(parser.parse_args())
    publish(told.pop("port"), Play(**told))
