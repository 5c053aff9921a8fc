"""Inverters and their meters as JSON: see README.md for the formats."""

from collector.decoders.inverter_json.decoder import TOPIC, decode, looks_like_inverter

__all__ = ["TOPIC", "decode", "looks_like_inverter"]
