"""Edge nodes that speak Eclipse Sparkplug B: see README.md for the format."""

from collector.decoders.sparkplug_b.decoder import TOPIC, decode, device_name, looks_like_sparkplug

__all__ = ["TOPIC", "decode", "device_name", "looks_like_sparkplug"]
