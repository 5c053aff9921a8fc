"""Shelly energy meters of all generations, over MQTT: see README.md for the format."""

from collector.decoders.shelly.decoder import TOPIC, decode, looks_like_shelly

__all__ = ["TOPIC", "decode", "looks_like_shelly"]
