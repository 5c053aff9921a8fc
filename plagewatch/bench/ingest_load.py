"""The publisher of the ingest bench, a process of its own: `python -m plagewatch.bench.ingest_load PORT SHAPE ...`.

It must cost nearly nothing beside what is measured (0.5 µs a packet where a client library takes 40): packets are made
before the clock starts, written many at a time, and acknowledgements are only counted. It says `ready`, waits for a
line, publishes, and tells what the broker acknowledged.
"""

import json
import select
import socket
import sys
import time
from collections.abc import Sequence

from plagewatch.bench.ingest_packets import Load, Shape, publish_packets, remaining_length

IN_FLIGHT = 10_000  # packets that the broker has not acknowledged, at most
AT_ONCE = 200  # packets in one write
SILENCE_S = 60.0


class NotTaken(Exception):
    """The broker does not take the packets."""


def connected(port: int, client_id: str = "bench") -> socket.socket:
    """A connection to a broker of this machine that ends the session of that name, if there is one. Raises NotTaken."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    name = client_id.encode()
    body = b"\x00\x04MQTT\x04\x02\x00\x00" + len(name).to_bytes(2, "big") + name
    connection.sendall(b"\x10" + remaining_length(len(body)) + body)
    if connection.recv(4)[:4] != b"\x20\x02\x00\x00":
        raise NotTaken("the broker refuses the publisher")
    return connection


def publish(connection: socket.socket, packets: Sequence[bytes]) -> int:
    """Publish all; how many the broker acknowledged. Raises NotTaken where it stops answering.

    A PUBACK has four bytes: their count is the count of acknowledgements.
    """
    connection.setblocking(False)
    sent = answered = 0
    waiting = memoryview(b"")
    while answered < 4 * len(packets):
        if not waiting and sent < len(packets) and sent - answered // 4 < IN_FLIGHT:
            waiting = memoryview(b"".join(packets[sent : sent + AT_ONCE]))
            sent = min(sent + AT_ONCE, len(packets))
        readable, writable, _ = select.select([connection], [connection] if waiting else [], [], SILENCE_S)
        if not readable and not writable:
            raise NotTaken(f"the broker is silent after {answered // 4} acknowledgements")
        if writable:
            waiting = waiting[connection.send(waiting) :]
        if readable:
            answer = connection.recv(1 << 18)
            if not answer:
                raise NotTaken(f"the broker closed after {answered // 4} acknowledgements")
            answered += len(answer)
    return answered // 4


def main(arguments: Sequence[str]) -> None:
    """Publish what the arguments say: PORT SHAPE PACKETS DEVICES START_S."""
    port, shape, *numbers = arguments
    packets = publish_packets(Load(Shape(shape), *map(int, numbers)))
    with connected(int(port)) as connection:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        begun_s = time.time()
        acknowledged = publish(connection, packets)
        told = {"acknowledged": acknowledged, "begun_s": begun_s, "done_s": time.time(), "cpu_s": time.process_time()}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
