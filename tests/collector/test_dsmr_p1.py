"""P1 telegrams: what a checksum and an end protect, and whose number a reading carries."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from collector.decoders import decode
from collector.decoders.dsmr_p1.telegram import checksum
from plagewatch.metering.readings import Packet

CASE = Path(__file__).parents[2] / "collector" / "decoders" / "dsmr_p1" / "cases" / "belgian_gas_and_water"
TELEGRAM = (CASE / "telegram.txt").read_bytes()
RECEIVED_MS = 1_698_923_749_000  # 2023-11-02T11:15:49Z, a second after the telegram


def telegram(seconds: int, day_kwh: str) -> bytes:
    lines = f"0-0:96.1.4(50217)\r\n0-0:1.0.0(2311021215{seconds:02}W)\r\n1-0:1.8.1({day_kwh}*kWh)\r\n"
    body = f"/FLU5\\253769484_A\r\n\r\n{lines}!".encode()
    return body + f"{checksum(body):04X}\r\n".encode()


def read(payload: bytes) -> list[tuple[str, float]]:
    _, decoded = decode(Packet("dsmr/cellar/telegram", payload, RECEIVED_MS))
    return [(readings.register, readings.value[0]) for readings in decoded.readings]


def test_each_meter_has_its_own_number():
    _, decoded = decode(Packet("dsmr/cellar/telegram", TELEGRAM, RECEIVED_MS))
    serials = {readings.register: readings.serial for readings in decoded.readings}
    assert serials["energy_import_day"] == serials["power_active"] == "1SAG3100000001"
    assert (serials["gas_volume"], serials["water_volume"]) == ("7FLO2100000002", "8SET0000000003")


@given(st.integers(0, len(TELEGRAM) - 1), st.integers(0, 255))
def test_one_wrong_byte_stores_nothing(place, byte):
    changed = TELEGRAM[:place] + bytes([byte]) + TELEGRAM[place + 1 :]
    assert read(changed) in ([], read(TELEGRAM))
    if place < TELEGRAM.index(b"!") and changed != TELEGRAM:
        assert read(changed) == []


STREAM = [telegram(40, "000301.548"), telegram(41, "000301.549"), telegram(42, "000301.550")]
SPANS = [(0, 0)]
for one in STREAM:
    SPANS.append((SPANS[-1][1], SPANS[-1][1] + len(one)))


@given(st.integers(0, SPANS[-1][1]), st.integers(0, SPANS[-1][1]))
def test_of_any_piece_of_the_stream_the_whole_telegrams_are_read(begin, end):
    # The line end behind a checksum may be missing.
    whole = [place for place, (first, last) in enumerate(SPANS[1:]) if begin <= first and last - 2 <= end]
    expected = [("energy_import_day", (301_548 + place) / 1000) for place in whole]
    assert read(b"".join(STREAM)[begin:end]) == expected


def test_noise_between_telegrams_costs_nothing():
    assert read(b"\x00\xff" + STREAM[0] + b"\x00\x00\r\n" + STREAM[1]) == read(STREAM[0]) + read(STREAM[1])
