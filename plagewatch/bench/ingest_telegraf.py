"""The peer of the ingest bench: Telegraf with `mqtt_consumer` and `influxdb_v2`, tuned so that it loses nothing.

Its settings: QoS 1, a persistent session, fields parsed as floats, writes of 5 000 points, and a buffer that holds all
that it has taken from the broker and not yet written.
"""

import json
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plagewatch.bench.figures import Figure
from plagewatch.bench.ingest_packets import Load, Shape
from plagewatch.bench.ingest_rig import Consumer, Place, Rig
from plagewatch.bench.services import Service, binary, post

BUCKET = "telegraf"
UNDELIVERED = {Shape.SINGLE: 10_000, Shape.POINTS: 1_000}

AGENT = """[agent]
  interval = "1s"
  flush_interval = "1s"
  flush_jitter = "0s"
  omit_hostname = true
  quiet = false
  {buffers}
[[outputs.influxdb_v2]]
  urls = ["{url}"]
  token = "{token}"
  organization = "{org}"
  bucket = "{bucket}"
[[inputs.mqtt_consumer]]
  servers = ["tcp://127.0.0.1:{port}"]
  topics = ["loggers/+/readings"]
  qos = 1
  persistent_session = true
  client_id = "telegraf-{shape}"
  topic_tag = ""
  data_format = "json_v2"
  {undelivered}
  [[inputs.mqtt_consumer.topic_parsing]]
    topic = "loggers/+/readings"
    tags = "_/meter/_"
  [[inputs.mqtt_consumer.json_v2]]
    measurement_name = "{shape}"
"""
PARSERS = {
    Shape.SINGLE: """    timestamp_path = "at"
    timestamp_format = "unix"
    [[inputs.mqtt_consumer.json_v2.field]]
      path = "registers.electricity_index.value"
      rename = "value"
      type = "float"
""",
    Shape.POINTS: """    [[inputs.mqtt_consumer.json_v2.object]]
      path = "readings"
      timestamp_key = "at"
      timestamp_format = "unix"
      [inputs.mqtt_consumer.json_v2.object.fields]
        value = "float"
""",
}


@dataclass(frozen=True, slots=True)
class Buffers:
    """What Telegraf may hold: lines of its configuration, empty for its own defaults."""

    agent: str = ""
    undelivered: str = ""


def peer_binary(path: str | None) -> str:
    """The Telegraf that was named, or the one on this machine. Raises NoService."""
    return path or binary("telegraf", [str(Path.home() / ".local" / "bin")], "name one with --telegraf")


def fair(shape: Shape) -> Buffers:
    """Settings with which nothing overflows: the buffer of points holds all messages that are not yet delivered."""
    messages = UNDELIVERED[shape]
    agent = f"metric_batch_size = 5000\n  metric_buffer_limit = {messages * shape.readings}"
    return Buffers(agent, f"max_undelivered_messages = {messages}")


def telegraf(made: Rig, program: str, shape: Shape, buffers: Buffers) -> Consumer:
    """Telegraf on a rig, for packets of one shape."""
    folder = made.folder / "telegraf"
    folder.mkdir(exist_ok=True)
    _make_bucket(made)
    words = {"url": made.influx.url, "token": made.influx.token, "org": made.influx.org, "bucket": BUCKET}
    text = AGENT.format(**words, port=made.port, shape=shape, buffers=buffers.agent, undelivered=buffers.undelivered)
    path = folder / f"{shape}.conf"
    path.write_text(text + PARSERS[shape])

    def service() -> Service:
        log = folder / f"{time.monotonic_ns()}.log"
        made_one = Service(
            "Telegraf", [program, "--config", str(path)], lambda: b"Connected" in log.read_bytes(), log=log
        )
        made.consumers.append(made_one)
        return made_one

    return Consumer("Telegraf", f"telegraf-{shape}", Place(BUCKET, shape), service)


def with_defaults(made: Rig, program: str, load: Load) -> Iterator[Figure]:
    """What stays in Telegraf with its own settings when packets of a hundred readings come faster than it writes."""
    consumer = telegraf(made, program, load.shape, Buffers())
    service = consumer.start()
    taken = made.live(consumer, service, load)
    yield Figure(
        "Telegraf, default settings, frames of 100 readings: stuck until a restart",
        taken.lost / load.readings * 100,
        "%",
    )
    service.stop()
    made.forget(consumer)


def _make_bucket(made: Rig) -> None:
    request = urllib.request.Request(f"{made.influx.url}/api/v2/buckets?name={BUCKET}")
    request.add_header("Authorization", f"Token {made.influx.token}")
    orgs = urllib.request.Request(f"{made.influx.url}/api/v2/orgs")
    orgs.add_header("Authorization", f"Token {made.influx.token}")
    with urllib.request.urlopen(orgs, timeout=20) as answer:
        org_id = json.load(answer)["orgs"][0]["id"]
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            if json.load(answer)["buckets"]:
                return
    except urllib.error.HTTPError:
        pass
    rule = {"type": "expire", "everySeconds": 0, "shardGroupDurationSeconds": 28 * 86_400}
    body = {"orgID": org_id, "name": BUCKET, "retentionRules": [rule]}
    post(f"{made.influx.url}/api/v2/buckets", body, made.influx.token)
