"""Devices that run Tasmota: see README.md for the format."""

from collector.decoders.tasmota.decoder import TOPIC, decode

__all__ = ["TOPIC", "decode"]
