"""The permitted forms of a number, a NIP, a PIN and a password. Rules name no value."""

from __future__ import annotations

import re
from enum import StrEnum
from itertools import pairwise

from ronda.v1 import error_pb2
from server.errors import Refusal

TELEPHONE = re.compile(r"\A\+[1-9][0-9]{7,14}\Z")  # E.164
NIP = re.compile(r"\A[A-Za-z0-9._-]{1,32}\Z")  # as officers' tokens have it
UNIT = re.compile(r"\A[A-Za-z0-9._-]{1,64}\Z")
ROLE = re.compile(r"\A[a-z][a-z0-9-]{0,31}\Z")
REQUEST_ID = re.compile(r"\A[A-Za-z0-9._:-]{16,64}\Z")
_PIN = re.compile(r"\A[0-9]{6,12}\Z")
_LONGEST_PASSWORD = 128
_SHORTEST_PASSWORD = 8
_DISTINCT_DIGITS = 3
_COMMON_PART = 4  # digits of the number's end or of the NIP that a PIN may not hold


class Kind(StrEnum):
    """The officer's secret: a PIN for gateways, a password for devices."""

    PIN = "pin"
    PASSWORD = "password"  # noqa: S105 # the kind, no password


def field_invalid(field: str, rule: str) -> Refusal:
    """INVALID_ARGUMENT with the field and its rule."""
    return Refusal(error_pb2.ERROR_REASON_FIELD_INVALID, field=field, rule=rule)


def need(pattern: re.Pattern[str], text: str, field: str, rule: str) -> str:
    """`text`, if it fits. Raises Refusal FIELD_INVALID."""
    if not pattern.match(text):
        raise field_invalid(field, rule)
    return text


def weakness(kind: Kind, secret: str, *, nip: str, telephones: tuple[str, ...] = ()) -> str:
    """Returns why it may not be a new PIN or password, in English; "" = it may."""
    return _pin_weakness(secret, nip, telephones) if kind is Kind.PIN else _password_weakness(secret, nip)


def _pin_weakness(pin: str, nip: str, telephones: tuple[str, ...]) -> str:
    if not _PIN.match(pin):
        return "6 to 12 digits"
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    half = len(pin) // 2
    if len(set(pin)) < _DISTINCT_DIGITS or steps in ({1}, {9}) or pin[:half] * 2 == pin:
        return "too easy to guess: one pattern"
    digits = "".join(filter(str.isdigit, nip))
    known = [digits] if len(digits) >= _COMMON_PART else []
    known += [telephone[-6:] for telephone in telephones]
    if any(each in pin or pin in each for each in known):
        return "too easy to guess: of the NIP or number"
    return ""


def _password_weakness(password: str, nip: str) -> str:
    if not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD or not password.isprintable():
        return "8 to 128 characters"
    if len(set(password)) < _DISTINCT_DIGITS or (len(nip) >= _COMMON_PART and nip.casefold() in password.casefold()):
        return "too easy to guess: of the NIP or number"
    return ""
