"""What the ingest bench publishes: made of the number of the packet alone, so that all know what must arrive."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

STEP_S = 60
FRAME = 100  # readings in a frame


class Shape(StrEnum):
    """The form of a packet. POINTS is a frame as Telegraf can read it: it cannot count instants from a start."""

    SINGLE = "single"
    FRAME = "frame"
    POINTS = "points"
    POISON = "poison"  # no JSON at all

    @property
    def readings(self) -> int:
        """How many readings a packet has."""
        return {Shape.SINGLE: 1, Shape.POISON: 0}.get(self, FRAME)


@dataclass(frozen=True, slots=True)
class Load:
    """`packets` of one shape from `devices` loggers in turn, the first readings at start_s [s since 1970 UTC]."""

    shape: Shape
    packets: int
    devices: int
    start_s: int

    @property
    def readings(self) -> int:
        """How many readings there are in all."""
        return self.packets * self.shape.readings

    @property
    def end_s(self) -> int:
        """Behind the last reading."""
        return self.start_s + STEP_S * max(1, self.shape.readings) * (-(-self.packets // self.devices))

    def of_device(self, number: int) -> int:
        """How many readings of a logger there are.

        >>> Load(Shape.FRAME, 5, 2, 0).of_device(0), Load(Shape.FRAME, 5, 2, 0).of_device(1)
        (300, 200)
        """
        return len(range(number, self.packets, self.devices)) * self.shape.readings


def meter(number: int) -> str:
    """The meter that a logger reads."""
    return f"bench{number:06}"


def topic(number: int) -> str:
    """Where a logger publishes."""
    return f"loggers/{meter(number)}/readings"


def payload(load: Load, place: int) -> bytes:
    """The packet at a place of the load.

    >>> payload(Load(Shape.SINGLE, 2, 1, 1_800_000_000), 1)
    b'{"at":1800000060,"registers":{"electricity_index":{"value":1001.3,"unit":"kWh"}}}'
    """
    shape, (turn, number) = load.shape, divmod(place, load.devices)
    if shape is Shape.POISON:
        return b'{"registers": {"electricity_index": {"value": %d, "unit": ' % place  # cut off in the middle
    first = turn * shape.readings
    start_s = load.start_s + STEP_S * first
    values = [f"{1000 + number % 1000 + 1.3 * (first + step):.1f}" for step in range(shape.readings)]
    if shape is Shape.SINGLE:
        register = '{"electricity_index":{"value":%s,"unit":"kWh"}}' % values[0]  # noqa: UP031 - braces
        return f'{{"at":{start_s},"registers":{register}}}'.encode()
    if shape is Shape.FRAME:
        head = f'{{"register":"electricity_index","unit":"kWh","start":{start_s},"step_s":{STEP_S}'
        return f'{{"frames":[{head},"values":[{",".join(values)}]}}]}}'.encode()
    points = (f'{{"at":{start_s + STEP_S * step},"value":{value}}}' for step, value in enumerate(values))
    return f'{{"readings":[{",".join(points)}]}}'.encode()


def publish_packets(load: Load, first_mid: int = 1) -> Sequence[bytes]:
    """The load as MQTT 3.1.1 PUBLISH packets of QoS 1, their packet numbers from first_mid on, round at 65 535."""
    made = []
    for place in range(load.packets):
        name = topic(place % load.devices).encode()
        mid = (first_mid - 1 + place) % 65_535 + 1
        body = len(name).to_bytes(2, "big") + name + mid.to_bytes(2, "big") + payload(load, place)
        made.append(b"\x32" + remaining_length(len(body)) + body)
    return made


def remaining_length(length: int) -> bytes:
    """A length as MQTT writes it, seven bits a byte, the lowest first (MQTT 3.1.1, 2.2.3).

    >>> remaining_length(127).hex(), remaining_length(321).hex()
    ('7f', 'c102')
    """
    made = bytearray()
    while True:
        length, low = divmod(length, 128)
        made.append(low | (128 if length else 0))
        if not length:
            return bytes(made)
