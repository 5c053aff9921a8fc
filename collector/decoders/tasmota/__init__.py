"""Devices that run Tasmota: see README.md for the format."""

from collector.decoders.tasmota.decoder import TOPIC, decode, looks_like_tasmota

__all__ = ["TOPIC", "decode", "looks_like_tasmota"]
