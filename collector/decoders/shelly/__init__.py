"""Shelly energy meters of the second generation and later, over MQTT: see README.md for the format."""

from collector.decoders.shelly.decoder import TOPIC, decode

__all__ = ["TOPIC", "decode"]
