"""Dataloggers that write plain JSON: see README.md for the format."""

from collector.decoders.plain_json.decoder import TOPIC, decode

__all__ = ["TOPIC", "decode"]
