"""P1 telegrams of Belgian and Dutch smart meters: see README.md for the format."""

from collector.decoders.dsmr_p1.decoder import TOPIC, decode

__all__ = ["TOPIC", "decode"]
