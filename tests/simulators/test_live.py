"""The live feed through a real broker."""

import secrets
import threading
from datetime import datetime
from typing import Any

import orjson
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from plagewatch.health import PartState
from simulators.history import packets
from simulators.live import LiveFeed

pytestmark = pytest.mark.service


class Listener:
    """A subscriber that keeps what it hears and can wait until enough is there."""

    def __init__(self, broker, enough):
        self.heard: list[tuple[str, dict[str, Any], int]] = []
        self.complete, self.subscribed = threading.Event(), threading.Event()
        self._enough = enough
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe([("#", SubscribeOptions(qos=1))])
        self._client.on_subscribe = lambda *_: self.subscribed.set()
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        assert self.subscribed.wait(10)

    def _on_message(self, _client, _userdata, message):
        if message.topic.startswith("plagewatch/"):
            return  # what collectors of other tests said of themselves and the broker keeps
        self.heard.append((message.topic, orjson.loads(message.payload), message.qos))
        if self._enough(self.heard):
            self.complete.set()

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


def feed_of(world, broker, **settings):
    return LiveFeed(world, broker.host, broker.port, client_id=f"simulator-{secrets.token_hex(4)}", **settings)


def moments(heard, topic):
    return [datetime.fromisoformat(content["at"]).timestamp() for at, content, _ in heard if at == topic]


@pytest.mark.parametrize("version", [4, 5])
def test_every_device_but_the_silent_one_is_heard(world, now_s, broker, version):
    topics = len(world.devices) - 1 + 3  # each Shelly also publishes its status
    listener = Listener(broker, lambda heard: len({topic for topic, _, _ in heard}) == topics)
    feed = feed_of(world, broker, version=version, every_s=0.05, now_s=lambda: now_s)
    feed.start()
    try:
        assert listener.complete.wait(20)
        assert feed.health(now_s).state is PartState.WELL
        assert feed.health(now_s).data_age_s == 0.0
    finally:
        feed.stop()
        listener.close()
    assert feed.health(now_s).state is PartState.DOWN
    assert {qos for _, _, qos in listener.heard} == {1}
    assert moments(listener.heard, "loggers/logger-siege/readings")[0] == now_s
    assert "loggers/logger-ant-parc/readings" not in {topic for topic, _, _ in listener.heard}


def test_what_was_buffered_is_sent_first(world, now_s, broker):
    since_s = now_s - 2 * 3600
    late = [(p.topic, orjson.loads(p.payload)) for p in packets(world, since_s, now_s)]
    listener = Listener(broker, lambda heard: len(heard) > len(late))
    feed = feed_of(world, broker, since_s=since_s, every_s=0.5, now_s=lambda: now_s)
    feed.start()
    try:
        assert listener.complete.wait(20)
    finally:
        feed.stop()
        listener.close()
    assert [(topic, content) for topic, content, _ in listener.heard[: len(late)]] == late


def test_a_faster_feed_plays_the_past_and_never_the_future(world, now_s, broker):
    clock = iter(range(now_s, now_s + 1_000_000))  # every look at the clock is a second later
    topic = "loggers/logger-siege/readings"
    listener = Listener(broker, lambda heard: len(moments(heard, topic)) > 12)
    looks: list[int] = []

    def tick() -> float:
        looks.append(next(clock))
        return looks[-1]

    feed = feed_of(world, broker, speed=3600.0, since_s=now_s - 86_400 * 5, every_s=0.16, now_s=tick)
    feed.start()
    try:
        assert listener.complete.wait(20)
    finally:
        feed.stop()
        listener.close()
    at_s = moments(listener.heard, topic)
    assert at_s == sorted(at_s)
    assert at_s[0] < now_s - 86_400 * 4
    assert at_s[-1] > now_s
    assert at_s[-1] <= looks[-1]


def test_without_a_broker_it_says_so_and_stops(world, now_s):
    feed = LiveFeed(world, "127.0.0.1", 1, every_s=0.1, now_s=lambda: now_s)
    feed.start()
    assert feed.health(now_s).state is PartState.DEGRADED
    assert "127.0.0.1:1" in feed.health(now_s).detail
    feed.stop()
    assert feed.health(now_s).state is PartState.DOWN


@pytest.mark.parametrize("wrong", [{"speed": 0.0}, {"every_s": -1.0}])
def test_a_feed_needs_a_pace(world, wrong):
    with pytest.raises(ValueError, match="more than 0"):
        LiveFeed(world, "127.0.0.1", 1883, **wrong)
