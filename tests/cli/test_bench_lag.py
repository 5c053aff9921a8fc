"""`bench lag` follows packets from the publisher to the figures that show them."""

import json
import subprocess

import pytest


@pytest.mark.service
def test_every_followed_packet_is_seen(plagewatch_command, broker, influx_server):
    # The services of this run are its own; the fixtures say where they are not installed.
    command = [*plagewatch_command, "bench", "lag", "--meters", "200", "--speed", "300", "--minutes", "0.17", "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    measured = json.loads(ended.stdout)
    assert measured["followed"] >= 100
    assert measured["lost"] == 0
    assert 0.0 < measured["p50_s"] <= measured["p99_s"] <= measured["most_s"]
    assert set(measured["used"]) == {"publisher", "Mosquitto", "InfluxDB", "collector", "figures"}
    # A busy machine may be slow, but then it must say so.
    assert ended.returncode == (0 if measured["kept"] else 1)
