"""ChirpStack v4, and the JSON of v3: see README.md for the format."""

from collector.decoders.chirpstack.decoder import TOPIC, decode

__all__ = ["TOPIC", "decode"]
