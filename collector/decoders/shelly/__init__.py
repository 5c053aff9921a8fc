"""Shelly energy meters of all generations, over MQTT: see README.md for the format."""

from collector.decoders.shelly.decoder import TOPIC, decode

__all__ = ["TOPIC", "decode"]
