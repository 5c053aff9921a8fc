"""InfluxDB line protocol, as Telegraf and many loggers write it: see README.md."""

from collector.decoders.line_protocol.decoder import TOPIC, decode

__all__ = ["TOPIC", "decode"]
