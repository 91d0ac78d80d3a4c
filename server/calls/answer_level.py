"""Reads the level of an answer from its bytes, without decoding it.

Every answer is `{ Answer answer = 1 { Level level = 1 ... } ... }`. The engine writes both first, so the level is the
byte after two tags and a length; protobuf promises no order of fields, so a scan is the fallback.
"""

from __future__ import annotations

from ronda.v1 import level_pb2

_ANSWER_TAG = 0x0A  # field 1, length-delimited
_LEVEL_TAG = 0x08  # field 1, varint

LEVEL_NAMES: tuple[str, ...] = tuple(
    level_pb2.Level.Name(number).removeprefix("LEVEL_") for number in sorted(level_pb2.Level.values())
)
NO_LEVEL = 0


def answer_level(response: bytes) -> int:
    """`Answer.level` of an encoded response; 0 (UNSPECIFIED) where it holds none. Never raises on bytes of any kind."""
    # One length byte (< 128), or two (< 16,384): what nearly every answer has.
    if response[:1] == b"\x0a":
        at = 2 if response[1:2] < b"\x80" else 3
        if response[at : at + 1] == b"\x08" and response[at - 1 : at] < b"\x80":
            level = response[at + 1] if len(response) > at + 1 else NO_LEVEL
            return level if level < len(LEVEL_NAMES) else NO_LEVEL
    try:
        return _scan(response)
    except IndexError:
        return NO_LEVEL


def _scan(response: bytes) -> int:
    start, end = _field(response, 0, len(response), _ANSWER_TAG)
    if start < 0:
        return NO_LEVEL
    level, _ = _field(response, start, end, _LEVEL_TAG)
    return level if 0 <= level < len(LEVEL_NAMES) else NO_LEVEL


def _field(data: bytes, at: int, end: int, wanted: int) -> tuple[int, int]:
    """(start, end) of the wanted length-delimited field, (value, 0) of a varint, (-1, 0) where there is none."""
    while at < end:
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(data, at)
            if tag == wanted:
                return value, 0
        elif kind == 2:
            length, at = _varint(data, at)
            if tag == wanted:
                return at, min(at + length, end)
            at += length
        elif kind == 1:
            at += 8
        elif kind == 5:
            at += 4
        else:
            break
    return -1, 0


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise IndexError("varint of more than ten bytes")
