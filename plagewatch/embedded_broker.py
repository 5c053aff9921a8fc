"""An MQTT 5 broker inside the wheel, for the demo and for trying out; production has a broker of its own."""

from pathlib import Path

from iotcore import Broker

MAX_PAYLOAD_BYTES = 2 << 20

_CONFIG = """id = 0

[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10

[v5.1]
name = "v5-1"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = {max_payload}
max_inflight_count = 200
dynamic_filters = true
"""


def embedded_broker(folder: Path, port: int) -> Broker:
    """A broker for MQTT 5 on 127.0.0.1, not started yet; its configuration is written to the folder.

    `start()` raises OSError where the port is taken, RuntimeError where the broker does not come up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "broker.toml"
    path.write_text(_CONFIG.format(port=port, max_payload=MAX_PAYLOAD_BYTES), encoding="utf-8")
    return Broker(config_path=str(path))
