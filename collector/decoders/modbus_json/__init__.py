"""Gateways that push Modbus registers as JSON: see README.md for the formats."""

from collector.decoders.modbus_json.decoder import TOPIC, decode, device_name

__all__ = ["TOPIC", "decode", "device_name"]
