"""The network that tests of faults cut."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from plagewatch.bench.link import Link
from plagewatch.bench.services import HOST


@pytest.fixture
def far() -> Iterator[socket.socket]:
    """A server behind the link."""
    with closing(socket.create_server((HOST, 0))) as server:
        server.settimeout(10)
        yield server


@pytest.fixture
def link(far: socket.socket) -> Iterator[Link]:
    made = Link("test", far.getsockname()[1])
    made.start()
    yield made
    made.stop()


def pair(link: Link, far: socket.socket) -> tuple[socket.socket, socket.socket]:
    near = socket.create_connection((HOST, link.port), timeout=10)
    return near, far.accept()[0]


def test_what_is_said_arrives_on_both_sides_and_an_end_is_passed_on(link: Link, far: socket.socket) -> None:
    near, other = pair(link, far)
    with near, other:
        near.sendall(b"one")
        assert other.recv(10) == b"one"
        other.sendall(b"two")
        assert near.recv(10) == b"two"
        near.shutdown(socket.SHUT_WR)
        assert other.recv(10) == b""


def test_cut_ends_connections_and_takes_none_until_it_is_mended(link: Link, far: socket.socket) -> None:
    near, other = pair(link, far)
    with near, other:
        link.cut()
        with pytest.raises(ConnectionResetError):
            near.recv(10)
    # The end may come while the connection is still being made.
    with pytest.raises(ConnectionResetError), socket.create_connection((HOST, link.port), timeout=10) as refused:
        refused.recv(10)
    link.mend()
    near, other = pair(link, far)
    with near, other:
        near.sendall(b"again")
        assert other.recv(10) == b"again"


def test_frozen_it_says_nothing_and_loses_nothing(link: Link, far: socket.socket) -> None:
    near, other = pair(link, far)
    with near, other:
        link.freeze()
        near.sendall(b"kept")
        other.settimeout(0.2)
        with pytest.raises(TimeoutError):
            other.recv(10)
        link.mend()
        other.settimeout(10)
        assert other.recv(10) == b"kept"


def test_reset_ends_connections_and_takes_new_ones(link: Link, far: socket.socket) -> None:
    near, other = pair(link, far)
    with near, other:
        link.reset()
        with pytest.raises(ConnectionResetError):
            near.recv(10)
    near, other = pair(link, far)
    near.close()
    other.close()
