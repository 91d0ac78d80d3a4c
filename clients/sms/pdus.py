"""The PDUs that come once a message, read and written in one step; all others are aiosmpplib's.

The library makes an object of twenty checked fields of each: two of them cost a fifth of a message's budget. This
module reads the common form alone (SMPP 3.4, sections 4.4.1, 4.6.1 and 4.6.2). The library reads the rest, and
tests/sms/test_pdus.py compares the two.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from aiosmpplib import NPI, TON, SmppCommand
from aiosmpplib.codec import GSM_BASIC_DECODE_MAP

HEAD = struct.Struct("!IIII")
"""Length of the whole PDU, command, status, sequence number."""
_LONGEST_ADDRESS = 20  # characters
_LONGEST_TEXT = 254  # octets
_LONGEST_S = 29 * 86_400  # of a validity period that has no months
_TONS, _NPIS = frozenset(map(int, TON)), frozenset(map(int, NPI))
_LETTERS = {code: GSM_BASIC_DECODE_MAP.get(code) for code in range(256)}
_UNKNOWN = frozenset(code for code, letter in _LETTERS.items() if letter is None)  # escape among them
_GSM_7, _ASCII = 0, 1  # data_coding


class Plain(NamedTuple):
    """A message with nothing but a text: its sender with type and plan of numbering, its recipient, the text."""

    sender: str
    ton: int
    npi: int
    address: str
    text: str


def read_head(data: bytes | bytearray, at: int = 0) -> tuple[int, int, int, int]:
    """Length of the whole PDU, command, status and sequence number of one that begins there."""
    length, command, status, sequence = HEAD.unpack_from(data, at)
    return length, command, status, sequence


def with_status(head: bytes, status: int) -> bytes:
    """The same head with another status."""
    return HEAD.pack(*HEAD.unpack(head)[:2], status, HEAD.unpack(head)[3])


def plain_message(pdu: bytes) -> Plain | None:
    """A whole deliver_sm as it nearly always is: no part, receipt or option; GSM-7 without escapes, or ASCII. None:
    another.
    """
    try:
        sender_at = pdu.index(0, HEAD.size) + 3
        sender_end = pdu.index(0, sender_at)
        address_at = sender_end + 3
        address_end = pdu.index(0, address_at)
        esm_class, _, _, schedule, validity, _, _, coding, _, length = pdu[address_end + 1 : address_end + 11]
        text = pdu[address_end + 11 :]
        if esm_class or schedule or validity or length != len(text):
            return None
        if coding == _ASCII and text.isascii():
            written = text.decode("ascii")
        elif coding == _GSM_7 and _UNKNOWN.isdisjoint(text):
            written = text.decode("latin-1").translate(_LETTERS)
        else:
            return None
        sender, address = pdu[sender_at:sender_end].decode("ascii"), pdu[address_at:address_end].decode("ascii")
    except ValueError:  # ends too soon, or no ASCII
        return None
    ton, npi = pdu[sender_at - 2], pdu[sender_at - 1]
    kinds = {ton, pdu[address_at - 2]} <= _TONS and {npi, pdu[address_at - 1]} <= _NPIS
    if not (kinds and text and len(sender) <= _LONGEST_ADDRESS and len(address) <= _LONGEST_ADDRESS):
        return None
    return Plain(sender, ton, npi, address, written)


def delivered(sequence: int, status: int = 0) -> bytes:
    """A deliver_sm_resp."""
    return HEAD.pack(HEAD.size + 1, SmppCommand.DELIVER_SM_RESP, status, sequence) + b"\0"


def submit_sm(sequence: int, address: str, to: tuple[str, int, int], octets: bytes, valid_s: int) -> bytes:
    """A text on its way, with a receipt asked for. Raises ValueError: what no PDU holds.

    address: who answers. to: the telephone, its type and plan of numbering. octets: GSM-7, one a letter. valid_s: how
    long the SMSC may try, in seconds.
    """
    number, ton, npi = to
    if max(len(address), len(number)) > _LONGEST_ADDRESS or not 0 < len(octets) <= _LONGEST_TEXT:
        raise ValueError("too long for a submit_sm")
    minutes, seconds = divmod(min(valid_s, _LONGEST_S), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    valid = f"0000{days:02}{hours:02}{minutes:02}{seconds:02}000R\0"
    body = b"".join(
        (
            *(b"\0\0\0", address.encode("ascii"), bytes((0, ton, npi)), number.encode("ascii"), b"\0\0\0\0\0"),
            *(valid.encode("ascii"), bytes((1, 0, 0, 0, len(octets))), octets),
        )
    )
    return HEAD.pack(HEAD.size + len(body), SmppCommand.SUBMIT_SM, 0, sequence) + body
