"""SenML packs (RFC 8428) as JSON: see README.md for the format."""

from collector.decoders.senml.decoder import TOPIC, decode

__all__ = ["TOPIC", "decode"]
