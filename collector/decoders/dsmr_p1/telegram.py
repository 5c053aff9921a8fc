"""Whole telegrams out of what a serial line gave: header, checksum, and the objects between them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from collector.decoders.door import shown
from plagewatch.metering.readings import LeftOut, Reason

_HEADER = re.compile(rb"/[A-Za-z]{3}[^\r\n/!]{1,64}(?=[\r\n])")
_END = re.compile(rb"[\r\n]!([0-9A-Za-z]*)")
_LINE_END = re.compile(r"\r\n|\n|\r")
_OBJECT = re.compile(r"(\d{1,3}-\d{1,3}:\d{1,3}\.\d{1,3}\.\d{1,3})(?:[*.]255)?((?:\([^()]*\))+)[ \t]*")
_OBJECT_BYTES = re.compile(rb"\d-\d:\d{1,3}\.\d{1,3}\.\d{1,3}[*.(]")
_OBJECT_LINE = re.compile(rb"(?:^|[\r\n])\d-\d:\d{1,3}\.\d{1,3}\.\d{1,3}(?:[*.]255)?\([^()\r\n]*\)")
SINCE_DSMR_4 = ("0-0:1.0.0", "1-3:0.2.8", "0-0:96.1.4")  # a telegram with one of these ends in a checksum


@dataclass(frozen=True, slots=True)
class Telegram:
    """One whole telegram. objects: OBIS code -> what stands in its brackets; unread: lines that are no object."""

    objects: Mapping[str, Sequence[str]]
    unread: Sequence[str]


def telegrams(payload: bytes) -> tuple[list[Telegram], list[LeftOut]]:
    """The whole telegrams in a piece of the serial stream, and what was refused in it.

    A piece may begin and end anywhere: reading goes on at the next header.

    >>> found, refused = telegrams(b"kWh)\\n!12AB\\n/ISk5MT382\\n\\n1-0:1.8.0(00001.5*kWh)\\n!\\n")
    >>> found[0].objects["1-0:1.8.0"], [str(left.reason) for left in refused]
    (['00001.5*kWh'], ['truncated'])
    """
    starts = [match.start() for match in _HEADER.finditer(payload)]
    found: list[Telegram] = []
    left_out: list[LeftOut] = []
    before = payload[: starts[0]] if starts else payload
    if _END.search(before) or _OBJECT_BYTES.search(before):
        left_out.append(LeftOut(Reason.TRUNCATED, "a telegram without its beginning"))
    elif not starts:
        return [], [LeftOut(Reason.MALFORMED, "no telegram: it would begin with / and the meter's make")]
    for start, stop in pairwise([*starts, len(payload)]):
        made = _telegram(payload[start:stop])
        if isinstance(made, Telegram):
            found.append(made)
        else:
            left_out.append(made)
    return found, left_out


def looks_like_telegram(payload: bytes) -> bool:
    """Whether a payload holds at least pieces of telegrams.

    >>> looks_like_telegram(b"1-0:1.8.1(000123.456*kWh)\\r\\n!12AB"), looks_like_telegram(b'{"a": "1-0:1.8.1"}')
    (True, False)
    """
    return bool(_OBJECT_LINE.search(payload) or re.match(rb"\s*/[A-Za-z]{3}\S", payload))


def checksum(telegram: bytes) -> int:
    """CRC-16 with polynomial x16 + x15 + x2 + 1, bits reversed, from 0, over all from `/` to `!`.

    >>> hex(checksum(b"123456789"))
    '0xbb3d'
    """
    crc = 0
    for byte in telegram:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc


def _telegram(piece: bytes) -> Telegram | LeftOut:
    end = _END.search(piece)
    name = shown(_LINE_END.split(piece.decode("ascii", "replace"), maxsplit=1)[0])
    if end is None:
        return LeftOut(Reason.TRUNCATED, f"{name}: no end")
    body, told = piece[: end.start(1)], end[1]
    telegram = _objects(body)
    if not told:
        if any(code in telegram.objects for code in SINCE_DSMR_4):
            return LeftOut(Reason.TRUNCATED, f"{name}: cut off before its checksum")
        return telegram  # DSMR 2.2 and 3 have none
    if len(told) < 4 and end.end() == len(piece):
        return LeftOut(Reason.TRUNCATED, f"{name}: cut off in its checksum")
    return (
        telegram if _matches(body, told) else LeftOut(Reason.BAD_CHECKSUM, f"{name}: what arrived is not what was sent")
    )


def _matches(body: bytes, told: bytes) -> bool:
    if not re.fullmatch(rb"[0-9A-Fa-f]{1,4}", told):  # some meters leave out the zeros in front
        return False
    wanted = int(told, 16)
    if checksum(body) == wanted:
        return True
    # Gateways that read line by line send other line ends than the meter did; it counted CR LF.
    return checksum(re.sub(rb"\r\n|\n|\r", b"\r\n", body)) == wanted


def _objects(body: bytes) -> Telegram:
    lines: list[list[str]] = []
    for line in _LINE_END.split(body.decode("ascii", "replace"))[1:-1]:
        if line.startswith("(") and lines:
            lines[-1].append(line)  # DSMR 2.2 and 3 put the value of gas on a line of its own
        elif line.strip():
            lines.append([line])
    objects: dict[str, Sequence[str]] = {}
    unread = []
    for line in map("".join, lines):
        if match := _OBJECT.fullmatch(line):
            objects.setdefault(match[1], match[2][1:-1].split(")("))
        else:
            unread.append(line)
    return Telegram(objects, unread)


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_CRC = _crc_table()
