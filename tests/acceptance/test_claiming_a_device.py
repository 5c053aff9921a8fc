"""From devices that nobody knows to exact totals, with the processes and the broker that people run.

A plain-JSON logger, a gateway whose fields say nothing of themselves and a logger on a topic of its own publish to a
real Mosquitto; `plagewatch serve` takes them, nobody has bound them. A person finds them over the API, claims them, and
`plagewatch ledger check` accounts for every unit that was sent, also before the claim.
"""

import json
import os
import secrets
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from plagewatch.metering.meters import Carrier, Kind, Meter, Person, Role, Site
from plagewatch.store.engine import open_records
from plagewatch.store.records import registry
from tests.conftest import Broker, free_port, wait_until

COUNT = 400
EVERY_S = 60
REGISTRY: list[registry.Entry] = [
    Site("hall", "Hall"),
    Meter("hall.gas", "hall", "Gas", Carrier.GAS, Kind.INDEX, "m3", EVERY_S),
    Meter("hall.water", "hall", "Water", Carrier.WATER, Kind.INDEX, "m3", EVERY_S),
    Meter("hall.elec", "hall", "Main", Carrier.ELECTRICITY, Kind.INDEX, "kWh", EVERY_S),
    Person("els", "Els", "els@example.org", Role.ENERGY_CELL),
]


class Program:
    """The API as another program uses it."""

    def __init__(self, base: str) -> None:
        self.base = f"{base}/api/v1/quarantine"

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.base}{path}", timeout=10) as answer:
            return json.loads(answer.read())

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        request = urllib.request.Request(
            f"{self.base}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def counts(self) -> dict[str, int]:
        return {one["device"]: sum(one["counts"].values()) for one in self.get("/devices")}

    def replayed(self, number: int) -> dict[str, Any]:
        wait_until(lambda: self.get(f"/replays/{number}")["state"] == "done", f"replay {number}", 60)
        return dict(self.get(f"/replays/{number}"))


def messages(mark: str, now_s: int) -> Iterator[tuple[str, bytes]]:
    """What three devices say, a reading a minute: 0.25 m3, 10 l and 200 Wh further each time."""
    for number in range(COUNT):
        at_s = now_s - (COUNT - number) * EVERY_S
        gas = {"at": at_s, "registers": {"gas_index": {"value": 1000 + number / 4, "unit": "m3"}}}
        yield f"loggers/{mark}-gas/readings", json.dumps(gas).encode()
        elec = {"at": at_s, "registers": {"electricity_index": {"value": 5_000_000 + 200 * number, "unit": "Wh"}}}
        yield f"site/{mark}-0017/data", json.dumps(elec).encode()
        water = {"timestamp": at_s, "counter": 70_000 + 10 * number}
        yield f"modbus/{mark}-gateway/data", json.dumps(water).encode()


def publish(broker: Broker, mark: str, said: list[tuple[str, bytes]]) -> None:
    client = Client(CallbackAPIVersion.VERSION2, f"devices-{mark}", protocol=MQTTProtocolVersion.MQTTv5)
    client.connect(broker.host, broker.port)
    client.loop_start()
    try:
        for info in [client.publish(topic, payload, qos=1) for topic, payload in said]:
            info.wait_for_publish(30)
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.mark.service
def test_what_nobody_knew_is_claimed_and_adds_up(broker: Broker, tmp_path: Path, plagewatch_command: list[str]) -> None:
    mark, port = secrets.token_hex(4), free_port()
    environment = {
        **os.environ,
        "PLAGEWATCH_DATA_DIR": str(tmp_path / "data"),
        "PLAGEWATCH_MQTT_PORT": str(broker.port),
        "PLAGEWATCH_MQTT_CLIENT_ID": f"collector-{mark}",
        "PLAGEWATCH_MQTT_TOPICS": f"loggers/{mark}-gas/#,site/{mark}-0017/#,modbus/{mark}-gateway/#",
        "PLAGEWATCH_HTTP_PORT": str(port),
    }
    (tmp_path / "data").mkdir()
    engine = open_records(f"sqlite:///{tmp_path / 'data' / 'records.db'}")
    registry.save(engine, REGISTRY)
    engine.dispose()
    log = (tmp_path / "serve.log").open("w")
    serving = subprocess.Popen([*plagewatch_command, "serve", "collector", "api"], env=environment, stderr=log)
    try:
        api = Program(f"http://127.0.0.1:{port}")
        wait_until(lambda: connected(port), "the collector's connection", 60)
        publish(broker, mark, list(messages(mark, int(time.time()))))
        names = {f"{mark}-gas": COUNT, f"site/{mark}-0017/data": COUNT, f"{mark}-gateway": COUNT}
        wait_until(lambda: api.counts() == names, "all messages in quarantine", 60)

        routed = api.post("/routes", {"template": "site/{device}/data", "family": "plain_json", "who": "els"})
        assert api.replayed(routed["id"])["packets"] == COUNT
        claims = {
            f"{mark}-gas": {"register": "gas_volume", "meter": "hall.gas"},
            f"{mark}-0017": {"register": "energy_import_total", "meter": "hall.elec"},
            f"{mark}-gateway": {
                "register": "field.counter",
                "meter": "hall.water",
                "as_register": "water_volume",
                "unit": "l",
            },
        }
        for device, wanted in claims.items():
            made = api.post(f"/devices/{device}/claims", wanted | {"who": "els"})
            done = api.replayed(made["id"])
            assert (done["packets"], done["samples"], done["gone"]) == (COUNT, COUNT, 0), device
        assert api.counts() == {}
    finally:
        serving.send_signal(signal.SIGINT)
        serving.wait(30)
        log.close()
    check = subprocess.run(
        [*plagewatch_command, "ledger", "check", "--json"], env=environment, capture_output=True, text=True, timeout=120
    )
    assert check.returncode == 0, check.stderr
    accounts = {one["meter"]: one for one in json.loads(check.stdout)}
    # By hand: 399 steps of 0.25 m3, of 10 l = 0.01 m3, of 200 Wh = 0.2 kWh.
    for meter, first, moved in (("hall.gas", 1000.0, 99.75), ("hall.water", 70.0, 3.99), ("hall.elec", 5000.0, 79.8)):
        account = accounts[meter]
        assert account["balanced"], account
        assert account["first_index"] == pytest.approx(first, abs=1e-9)
        assert account["booked"] == pytest.approx(moved, abs=1e-6)
        assert (account["quarantined"], account["declared_steps"]) == (0.0, 0.0)


def connected(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            parts = {part["part"]: part for part in json.loads(answer.read())["parts"]}
    except OSError:
        return False
    return bool(parts["mqtt"]["state"] == "well")
