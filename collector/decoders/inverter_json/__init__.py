"""Inverters and their meters as JSON: see README.md for the formats."""

from collector.decoders.inverter_json.decoder import TOPIC, decode

__all__ = ["TOPIC", "decode"]
