"""The product's one sentence, on real readings and real services.

A building's electricity of a year (development data) arrives as index packets at a real Mosquitto, between packets
that nobody can read; the collector, a process of its own, takes them into a real InfluxDB; a seeded fault becomes one
ticket, one mail over SMTP, and the board's queries are answered.
"""

import csv
import gzip
import os
import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import orjson
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from collector import ledger_check, rollup_job
from dashboards.boards import plage_progress as board
from plagewatch import mail, plage_progress
from plagewatch.cli.opening import SAMPLE_PORTFOLIO
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Binding, Building, Carrier, Kind, Meter, Person, Role, Share, Site, Use
from plagewatch.plage.portfolio import parse
from plagewatch.store.engine import open_records
from plagewatch.store.records import quarantine, registry, tickets, work
from plagewatch.store.series.influx import InfluxSeries
from rules import dispatch, evaluate, explain
from tests.conftest import Broker, Influx, free_port, wait_until

HOUR_S, DAY_S = 3600, 86_400
METER, DEVICE, STATION = "town-hall.elec", "logger-town-hall", "logger-station"
FAULT_H = 30

UNREADABLE = [
    ("loggers/logger-town-hall/readings", b'{"at": "2016-06-01T00:00:00Z", "registers": {'),
    ("somewhere/else", b"42"),
    ("loggers/nobody/readings", b'{"registers": {"electricity_index": {"value": 1, "unit": "kWh"}}}'),
    (
        "loggers/logger-town-hall/readings",
        b'{"at": "2016-06-01T00:00:00Z", "registers": {"electricity_index": {"value": "many", "unit": "kWh"}}}',
    ),
    (
        "loggers/logger-town-hall/readings",
        b'{"at": "1970-01-01T00:00:00Z", "registers": {"electricity_index": {"value": 1, "unit": "kWh"}}}',
    ),
    (
        "loggers/logger-town-hall/readings",
        b'{"at": "2099-01-01T00:00:00Z", "registers": {"electricity_index": {"value": 1, "unit": "kWh"}}}',
    ),
]


def readings_of(folder: Path, meter: str) -> tuple[np.ndarray, np.ndarray]:
    """Starts [s UTC] and hourly amounts [kWh] of one meter of a set."""
    with gzip.open(folder / "readings.csv.gz", "rt") as file:
        rows = [row for row in csv.DictReader(file) if row["meter"] == meter]
    starts = [int(datetime.fromisoformat(row["start"]).timestamp()) for row in rows]
    return np.array(starts), np.array([float(row["value"]) for row in rows])


def with_fault(amount_kwh: np.ndarray) -> np.ndarray:
    """The last hours take three times what is usual: something was left on."""
    faulty = amount_kwh.copy()
    faulty[-FAULT_H:] = faulty[-FAULT_H:] * 2 + 2 * float(np.quantile(amount_kwh, 0.95))
    return faulty


def iso(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def frames(device: str, register: str, unit: str, at_s: np.ndarray, value: np.ndarray) -> Iterator[tuple[str, bytes]]:
    """Packets of one day each, as the published format says."""
    for place in range(0, len(at_s), 24):
        frame = {
            "register": register,
            "unit": unit,
            "start": iso(int(at_s[place])),
            "step_s": HOUR_S,
            "values": value[place : place + 24].tolist(),
        }
        yield f"loggers/{device}/readings", orjson.dumps({"frames": [frame]})


@pytest.fixture
def mailbox() -> Iterator[tuple[int, list]]:
    received: list = []

    class Keep(Message):
        def handle_message(self, message) -> None:
            received.append(message)

    server = Controller(Keep(), hostname="127.0.0.1", port=free_port())
    server.start()
    yield server.port, received
    server.stop()


def portfolio_text(meter: str, reference_kwh: float) -> str:
    """The sample's parameters, held to be valid in the year of the readings, for one building."""
    sample = SAMPLE_PORTFOLIO.read_text(encoding="utf-8")
    head = sample[: sample.index("[[buildings]]")]
    head = re.sub(r"valid_from = \d{4}", "valid_from = 2010", head)
    return f"""{head}
[[buildings]]
id = "town-hall"
name = "Town hall"
gas_station = "brussels"

[[buildings.zones]]
id = "whole"
category = "office"
floor_area_m2 = 3000

[[buildings.zones.uses]]
carrier = "electricity"
reference_kwh = {reference_kwh:.0f}
heated_share = 0.0
meters = [{{ id = "{meter}", share = 1.0 }}]
source = "acceptance test"
standing = "sample"
"""


REGISTRY: list[registry.Entry] = [
    Site("town-hall", "Town hall", "north"),
    Site("station-brussels", "Station"),
    Building("town-hall", "town-hall", "Town hall", Use.OFFICE, 3000.0),
    Meter(METER, "town-hall", "Electricity", Carrier.ELECTRICITY, Kind.INDEX, "kWh", HOUR_S),
    Meter("station.temperature", "station-brussels", "Outdoor", Carrier.WEATHER, Kind.GAUGE, "°C", HOUR_S),
    Share(METER, "town-hall", 1.0),
    Binding(DEVICE, "energy_import_total", METER),
    Binding(STATION, "temperature", "station.temperature"),
    Person("tech", "Technician", "tech@example.org", Role.TECHNICIAN, "nl", zones=("north",), skills=("electricity",)),
]


def publish(broker: Broker, packets: list[tuple[str, bytes]]) -> None:
    client = Client(CallbackAPIVersion.VERSION2, "acceptance-loggers", protocol=MQTTProtocolVersion.MQTTv5)
    client.connect(broker.host, broker.port)
    client.loop_start()
    try:
        sent = [client.publish(topic, payload, qos=1) for topic, payload in packets]
        for info in sent:
            info.wait_for_publish(30)
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.mark.service
@pytest.mark.data
def test_from_a_meters_packet_to_ticket_mail_and_board(
    broker: Broker,
    influx: Influx,
    mailbox: tuple[int, list],
    dev_data: Path,
    tmp_path: Path,
    plagewatch_command: list[str],
) -> None:
    start_s, amount_kwh = readings_of(dev_data / "lead", "b117")
    keep = start_s < int(datetime(2016, 12, 31, tzinfo=UTC).timestamp())
    start_s, amount_kwh = start_s[keep], with_fault(amount_kwh[keep])
    at_s = np.append(start_s, start_s[-1] + HOUR_S)
    index = np.round(10_000 + np.concatenate([[0.0], np.cumsum(amount_kwh)]), 3)
    hours_s = np.arange(start_s[0], at_s[-1] + HOUR_S, HOUR_S)
    temp_c = np.round(10 - 8 * np.cos((hours_s - hours_s[0]) / (365.25 * DAY_S) * 2 * np.pi), 1)

    environment = {
        **os.environ,
        "PLAGEWATCH_DATA_DIR": str(tmp_path / "data"),
        "PLAGEWATCH_INFLUX_URL": influx.url,
        "PLAGEWATCH_INFLUX_TOKEN": influx.token,
        "PLAGEWATCH_INFLUX_ORG": influx.org,
        "PLAGEWATCH_MQTT_PORT": str(broker.port),
        "PLAGEWATCH_MQTT_CLIENT_ID": f"collector-{tmp_path.name}",
        "PLAGEWATCH_HTTP_PORT": str(free_port()),
    }
    subprocess.run([*plagewatch_command, "store", "init"], env=environment, check=True, timeout=60)
    engine = open_records(f"sqlite:///{tmp_path / 'data' / 'records.db'}")
    registry.save(engine, REGISTRY)
    series = InfluxSeries(influx.url, influx.token, influx.org, 30.0)

    log = (tmp_path / "collector.log").open("w")
    collector = subprocess.Popen([*plagewatch_command, "serve", "collector", "api"], env=environment, stderr=log)
    try:
        base = f"http://127.0.0.1:{environment['PLAGEWATCH_HTTP_PORT']}"

        def connected() -> bool:
            try:
                with urllib.request.urlopen(f"{base}/healthz", timeout=2) as answer:
                    return bool(orjson.loads(answer.read())["state"] == "well")
            except OSError:
                return False

        wait_until(connected, "the collector's health", 60)
        meter_packets = list(frames(DEVICE, "electricity_index", "kWh", at_s, index))
        weather_packets = list(frames(STATION, "outdoor_temperature", "degC", hours_s, temp_c))
        # A packet sent twice, and packets that nobody can read, in the midst of the good ones.
        publish(broker, [*meter_packets[:100], meter_packets[50], *UNREADABLE, *meter_packets[100:], *weather_packets])
        last_ms = int(at_s[-1]) * 1000

        def arrived() -> bool:
            newest = series.latest_sample_ms()
            return newest.get(METER) == last_ms and newest.get("station.temperature", 0) >= last_ms

        wait_until(arrived, "the last reading in InfluxDB", 60)
        # The evidence is written first, then the windows and the quarantine are told.
        wait_until(lambda: sum(quarantine.counts(engine).values()) >= len(UNREADABLE), "the quarantine", 30)
        wait_until(lambda: not work.dirty_windows(engine), "the roll-up", 60)
        reasons = {reason.value: count for reason, count in quarantine.counts(engine).items()}
        assert reasons == {
            "malformed": 1,
            "unknown_topic": 1,
            "unknown_device": 1,
            "not_a_number": 1,
            "time_implausible": 2,
        }
    finally:
        collector.send_signal(signal.SIGINT)
        assert collector.wait(30) == 0
        log.close()

    # What went in came out, to the last decimal.
    rollup_job.run(engine, series, int(at_s[-1]))
    hours = series.intervals(Resolution.HOUR, METER, int(start_s[0]), int(at_s[-1]))
    assert np.allclose(hours.amount, np.diff(index), atol=1e-6)
    assert all(balance.balanced for balance in ledger_check.check(engine, series, METER))

    # One cause, one ticket.
    now_s = int(at_s[-1])
    evaluate.evaluate(engine, series, now_s - FAULT_H * HOUR_S, now_s)
    evaluate.evaluate(engine, series, now_s - FAULT_H * HOUR_S, now_s)
    (ticket,) = tickets.tickets(engine, living_only=True)
    assert (ticket.meter, ticket.rule) == (METER, "unusual_load")
    assert now_s - FAULT_H * HOUR_S <= ticket.first_abnormal_s < ticket.opened_s <= now_s

    # One mail, to the technician of the zone and trade, in their language.
    port, received = mailbox
    dispatch.enqueue(engine, now_s)
    dispatch.enqueue(engine, now_s)
    server = mail.SmtpServer(
        "127.0.0.1", port, starttls=False, username=None, password=None, sender="plagewatch@example.org"
    )
    renderers = {"ticket": lambda item: dispatch.ticket_mail(engine, series, "http://127.0.0.1", item)}
    mail.send_due(engine, renderers, server, now_s)
    mail.send_due(engine, renderers, server, now_s + HOUR_S)
    (letter,) = received
    assert "tech@example.org" in letter["To"]
    text = letter.get_body(("plain",)).get_content() if hasattr(letter, "get_body") else letter.as_string()
    assert f"/tickets/{ticket.id}" in text
    assert explain.title(ticket, "nl") in str(letter["Subject"]) + text

    # The board's queries are answered.
    portfolio = parse(portfolio_text(METER, float(amount_kwh.sum())))
    assessment = plage_progress.assess(engine, series, portfolio, now_s)
    assert assessment.figures is not None, assessment.refusals
    plage_progress.write(series, assessment)
    asked = list(queries(board.build("nl"), portfolio.organisation.id))
    assert len(asked) >= 5
    for title, query in asked:
        assert ask(influx, query), f"no rows for panel {title}: {query}"
    series.close()
    engine.dispose()


def queries(made: dict, organisation: str) -> Iterator[tuple[str, str]]:
    """Each panel's title and query, its variables filled in as Grafana would."""
    for panel in made["panels"]:
        for target in panel.get("targets", []):
            query = target["query"].replace("$organisation", organisation).replace("$timeFilter", "time > 0")
            yield panel["title"], query


def ask(influx: Influx, query: str) -> list:
    url = f"{influx.url}/query?{urlencode({'db': 'energy', 'q': query, 'epoch': 's'})}"
    request = urllib.request.Request(url, headers={"Authorization": f"Token {influx.token}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        result = orjson.loads(answer.read())["results"][0]
    assert "error" not in result, result
    return [row for one in result.get("series", []) for row in one["values"]]
