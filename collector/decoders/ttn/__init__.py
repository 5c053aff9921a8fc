"""The Things Stack v3, and with it The Things Network: see README.md for the format."""

from collector.decoders.ttn.decoder import TOPIC, decode

__all__ = ["TOPIC", "decode"]
