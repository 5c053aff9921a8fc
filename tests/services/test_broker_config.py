"""What `broker config` writes, on a real Mosquitto: who is let in, who may say what, and what a collector tells."""

import csv
import os
import pwd
import secrets
import signal
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from collector.mqtt import MqttCollector
from collector.mqtt_settings import MqttSettings, Tls
from collector.pipeline import Pipeline
from collector.spool import Spool
from plagewatch.bench.services import NoService, Service, binary, free_port, listens
from plagewatch.cli.broker import authority, folder
from plagewatch.cli.broker.loggers import from_csv, together
from plagewatch.cli.broker.mosquitto import Choices
from plagewatch.health import PartState
from tests.conftest import wait_until

pytestmark = pytest.mark.service

COLLECTOR = "plagewatch-collector"
LOGGERS = "logger,family\ncellar,plain_json\nattic,plain_json\ncampus/edge,sparkplug_b\ngone,plain_json\n"


@dataclass(frozen=True)
class Place:
    """A broker as `broker config` wants it. ports by what listens there."""

    out: Path
    ports: dict[str, int]
    service: Service

    def password(self, user: str) -> str:
        with (self.out / "passwords.csv").open(encoding="utf-8") as file:
            return {row["user"]: row["password"] for row in csv.DictReader(file)}[user]

    def settings(self, **more: Any) -> MqttSettings:
        """A collector's, by password."""
        ca = self.out / "broker" / "certs" / "ca.crt"
        made = MqttSettings(
            "localhost", self.ports["tls"], client_id=COLLECTOR, username=COLLECTOR, password=self.password(COLLECTOR)
        )
        return replace(replace(made, tls=Tls(ca)), **more)


def choices(at: Path) -> Choices:
    return Choices(str(at / "broker"), str(at / "data"), "127.0.0.1", ("localhost",), (COLLECTOR,))


def written(out: Path, csv_text: str, revoke: tuple[str, ...] = ()) -> folder.Made:
    state = folder.known(out)
    loggers = {**state.loggers, **together(from_csv(csv_text))}
    return folder.write(out, folder.Wanted(choices(out), loggers, revoke), state, datetime.now(UTC))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], None]) -> Iterator[Place]:
    out = tmp_path_factory.mktemp("broker-config")
    written(out, LOGGERS)
    written(out, "logger\n", revoke=("gone",))
    (out / "data").mkdir()
    ports = {name: free_port() for name in ("plain", "tls", "certificates", "expired", "elsewhere")}
    text = (out / "broker" / "mosquitto.conf").read_text(encoding="utf-8")
    for fixed, name in (("1883 127.0.0.1", "plain"), ("8883", "tls"), ("8884", "certificates")):
        assert text.count(f"listener {fixed}\n") == 1
        text = text.replace(f"listener {fixed}\n", f"listener {ports[name]} 127.0.0.1\n")
    ca = authority.Pair.read(*((out / "authority" / f"ca.{kind}").read_bytes() for kind in ("crt", "key")))
    now = datetime.now(UTC)
    wrong = {"expired": (["localhost"], now - timedelta(days=900)), "elsewhere": (["broker.example.org"], now)}
    for name, (hosts, made_at) in wrong.items():
        pair = authority.server(ca, hosts, made_at)
        (out / f"{name}.crt").write_bytes(pair.certificate_pem())
        (out / f"{name}.key").write_bytes(pair.key_pem())
        text += f"\nlistener {ports[name]} 127.0.0.1\ncertfile {out}/{name}.crt\nkeyfile {out}/{name}.key\n"
    # Started by root it would become another user, to whom the folder is closed.
    (out / "test.conf").write_text(f"user {pwd.getpwuid(os.getuid()).pw_name}\n{text}", encoding="utf-8")
    try:
        program = binary("mosquitto", ["/usr/sbin"], "apt-get install mosquitto")
    except NoService as error:
        missing(f"NO BROKER: {error}")
    ready = lambda: all(listens(port) for port in ports.values())  # noqa: E731
    service = Service("Mosquitto", [program, "-c", str(out / "test.conf")], ready, log=out / "log")
    service.start(10)
    yield Place(out, ports, service)
    service.stop()


class Visitor:
    """A logger: connects, publishes, hears; what the broker answered stands in its lists."""

    def __init__(self, place: Place, port: str, user: str | None = None, **how: Any) -> None:
        version = MQTTProtocolVersion(how.get("version", 5))
        clean = None if version is MQTTProtocolVersion.MQTTv5 else True
        self.client = Client(CallbackAPIVersion.VERSION2, how.get("client_id", "any"), clean, protocol=version)
        if port != "plain":
            context = ssl.create_default_context(cafile=how.get("ca", str(place.out / "broker" / "certs" / "ca.crt")))
            if certificate := how.get("certificate"):
                own = place.out / "loggers" / certificate
                context.load_cert_chain(own / "client.crt", own / "client.key")
            self.client.tls_set_context(context)
        if user is not None:
            self.client.username_pw_set(user, how.get("password") or place.password(user))
        self.answer, self.ended = threading.Event(), threading.Event()
        self.client.reconnect_delay_set(0.01, 0.1)  # type: ignore[arg-type]  # any number will do
        self.token = secrets.token_hex(4).encode()
        self.reason = ""
        self.published: dict[int, str] = {}
        self.heard: list[tuple[str, bytes]] = []
        self.client.on_connect = self._connected
        self.client.on_disconnect = lambda *_: self.ended.set()
        self.client.on_publish = lambda _c, _u, mid, reason, _p: self.published.update({mid: str(reason)})
        self.client.on_message = lambda _c, _u, message: self.heard.append((message.topic, bytes(message.payload)))
        self.client.connect("localhost" if port != "plain" else "127.0.0.1", place.ports[port])
        self.client.loop_start()
        wait_until(lambda: self.answer.is_set() or self.ended.is_set(), "an answer")

    def _connected(self, _c: Client, _u: object, _f: object, reason: object, _p: object) -> None:
        self.reason = str(reason)
        self.answer.set()

    def says(self, topic: str) -> str:
        """How the broker answers a message of QoS 1."""
        mid = self.client.publish(topic, self.token, 1).mid
        wait_until(lambda: mid in self.published, "the broker's answer")
        return self.published[mid]

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def visit(place: Place) -> Iterator[Callable[..., Visitor]]:
    visitors: list[Visitor] = []

    def come(port: str, user: str | None = None, **how: Any) -> Visitor:
        visitors.append(Visitor(place, port, user, **how))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.leave()


@pytest.fixture
def collect(tmp_path: Path, engine, series) -> Iterator[Callable[[MqttSettings], MqttCollector]]:
    running: list[MqttCollector] = []
    spool = Spool(tmp_path / "spool.db")

    def start(settings: MqttSettings) -> MqttCollector:
        running.append(MqttCollector(settings, Pipeline(spool, series, engine)))
        running[-1].start()
        return running[-1]

    start.spool = spool  # type: ignore[attr-defined]
    yield start
    for one in running:
        one.stop()
    spool.close()


def topics_in(spool: Spool, *visitors: Visitor) -> list[str]:
    """Where packets of these visitors came from; those of other tests may have waited in the session."""
    tokens = [visitor.token for visitor in visitors]
    return sorted(s.packet.topic for s in spool.read_after(0, 1_000) if s.packet.payload in tokens)


@pytest.mark.parametrize("version", [5, 4])
def test_a_collector_and_a_logger_meet_by_tls_and_password(place, visit, collect, version):
    collector = collect(place.settings(version=version))
    wait_until(lambda: collector.connected, "the connection")
    logger = visit("tls", "cellar", version=version)
    assert logger.reason == "Success"
    logger.says("loggers/cellar/readings")
    wait_until(lambda: topics_in(collect.spool, logger) == ["loggers/cellar/readings"], "the packet")
    assert collector.health(time.time()).state is PartState.WELL


def test_a_wrong_password_or_none_is_refused(visit):
    assert visit("tls", "cellar", password="guessed").reason == "Not authorized"
    assert visit("tls").reason == "Not authorized"
    assert visit("tls", "nobody", password="guessed").reason == "Not authorized"
    assert visit("tls", "gone", password="guessed").reason == "Not authorized"


def test_who_was_revoked_is_refused_with_the_right_password(place, visit):
    assert visit("tls", "gone", password=place.password("gone")).reason == "Not authorized"


def test_a_logger_that_publishes_as_another_is_refused(place, visit, collect):
    collector = collect(place.settings())
    wait_until(lambda: collector.connected, "the connection")
    logger = visit("tls", "cellar")
    for foreign in (
        "loggers/attic/readings",
        "loggers/readings",
        "spBv1.0/campus/NDATA/edge",
        f"plagewatch/collectors/{COLLECTOR}/status",
        "$SYS/broker/publish/messages/dropped",
        "dsmr/cellar/telegram",  # its own name, in a family that is not its own
    ):
        assert logger.says(foreign) == "Not authorized", foreign
    edge = visit("tls", "campus/edge")
    assert edge.says("spBv1.0/campus/NDATA/other") == "Not authorized"
    assert edge.says("spBv1.0/campus/NCMD/edge") == "Not authorized"
    assert edge.says("spBv1.0/campus/DDATA/edge/meter") in ("Success", "No matching subscribers")
    assert logger.says("loggers/cellar/readings") == "Success"
    wait_until(lambda: len(topics_in(collect.spool, logger, edge)) == 2, "what was allowed")
    assert topics_in(collect.spool, logger, edge) == ["loggers/cellar/readings", "spBv1.0/campus/DDATA/edge/meter"]


def test_a_logger_that_speaks_3_1_1_as_another_is_not_heard(place, visit, collect):
    collector = collect(place.settings())
    wait_until(lambda: collector.connected, "the connection")
    logger = visit("tls", "cellar", version=4)
    logger.says("loggers/attic/readings")  # this version has no word for a refusal
    logger.says("loggers/cellar/readings")
    wait_until(lambda: bool(topics_in(collect.spool, logger)), "what was allowed")
    assert topics_in(collect.spool, logger) == ["loggers/cellar/readings"]


def test_a_logger_hears_nothing_of_others(visit):
    curious, other = visit("tls", "attic"), visit("tls", "cellar")
    granted = threading.Event()
    curious.client.on_subscribe = lambda *_: granted.set()
    curious.client.subscribe([("#", 1), ("$SYS/#", 0), ("spBv1.0/STATE/+", 1)])
    assert granted.wait(10)
    assert other.says("loggers/cellar/readings") in ("Success", "No matching subscribers")
    assert other.says("loggers/cellar/readings") in ("Success", "No matching subscribers")
    assert curious.says("loggers/attic/readings") in ("Success", "No matching subscribers")
    assert curious.heard == []


def test_a_logger_with_the_collectors_client_id_does_not_take_its_session(place, visit, collect):
    collector = collect(place.settings())
    wait_until(lambda: collector.connected, "the connection")
    logger = visit("tls", "cellar", client_id=COLLECTOR)
    assert logger.says("loggers/cellar/readings") == "Success"
    wait_until(lambda: topics_in(collect.spool, logger) == ["loggers/cellar/readings"], "the packet")
    assert collector.figures().connections == 1


def test_a_certificate_is_a_login(place, visit, collect):
    own = place.out / "loggers" / COLLECTOR
    tls = Tls(own / "ca.crt", own / "client.crt", own / "client.key")
    collector = collect(place.settings(port=place.ports["certificates"], tls=tls, username=None, password=None))
    wait_until(lambda: collector.connected, "the connection")
    logger = visit("certificates", certificate="cellar")
    assert logger.reason == "Success"
    assert logger.says("loggers/attic/readings") == "Not authorized"
    assert logger.says("loggers/cellar/readings") == "Success"
    edge = visit("certificates", certificate="campus+edge")
    assert edge.says("spBv1.0/campus/NDATA/edge") == "Success"
    wait_until(lambda: len(topics_in(collect.spool, logger, edge)) == 2, "the packets")


def test_without_a_certificate_or_with_a_revoked_one_nobody_gets_in(visit):
    for certificate in (None, "gone"):
        visitor = visit("certificates", "cellar", certificate=certificate)
        assert visitor.reason == ""
        wait_until(visitor.ended.is_set, "the end")


def test_a_password_does_not_open_the_port_of_certificates_to_a_collector(place, collect):
    collector = collect(place.settings(port=place.ports["certificates"]))
    wait_until(lambda: "certificate of ours?" in collector.health(time.time()).detail, "the verdict")
    assert not collector.connected


def test_a_collector_believes_no_certificate_that_is_not_the_brokers(place, collect, tmp_path):
    other = authority.authority("somebody else", datetime.now(UTC))
    (tmp_path / "other.crt").write_bytes(other.certificate_pem())
    for settings, told in (
        (place.settings(tls=Tls(tmp_path / "other.crt")), "certificate is not believed"),
        (place.settings(tls=Tls()), "certificate is not believed"),
        (place.settings(port=place.ports["expired"]), "certificate has expired"),
        (place.settings(port=place.ports["elsewhere"]), "Hostname mismatch, certificate is not valid for 'localhost'"),
        (place.settings(host="127.0.0.1"), "IP address mismatch"),
        (place.settings(host="127.0.0.1", port=place.ports["plain"]), "does this port speak TLS?"),
        (place.settings(tls=None), "does this port want TLS"),
    ):
        collector = collect(settings)
        wait_until(lambda: told in collector.health(time.time()).detail, told)  # noqa: B023 - it is called at once
        assert collector.health(time.time()).state is PartState.DOWN
        collector.stop()


def test_a_message_that_is_too_long_ends_the_connection_and_is_not_acknowledged(visit):
    logger = visit("tls", "cellar")
    mid = logger.client.publish("loggers/cellar/readings", b" " * (2 << 20), 1).mid
    wait_until(logger.ended.is_set, "the end")
    assert mid not in logger.published


def test_a_next_run_keeps_all_secrets_and_the_broker_reads_new_ones_while_it_runs(place, visit):
    before = {
        path: path.read_bytes() for path in place.out.rglob("*") if path.suffix in (".crt", ".key") and path.is_file()
    }
    password = place.password("cellar")
    made = written(place.out, "logger,family\nnewcomer,dsmr_p1\n")
    assert made.new == made.certificates == ["newcomer"]
    assert place.password("cellar") == password
    assert {path: path.read_bytes() for path in before} == before
    assert place.service.process is not None
    place.service.process.send_signal(signal.SIGHUP)
    wait_until(lambda: Visitor(place, "tls", "newcomer").reason == "Success", "the newcomer's login")
    assert visit("tls", "cellar").reason == "Success"
