"""The resume token: readable text that says how far each register came, and what is missing.

    1 oj-central oj=1042 sapo=17 missing=oj:900-903,950

It is no secret and proves nothing: the ledger says where to go on. It tells a person what is missing, and the server
that a ledger is behind what a source was told (a copy that was put back).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ronda.v1 import error_pb2
from server.errors import Refusal
from server.feed.line import Position

_VERSION = "1"
TOKEN_CHARACTERS = 8192
_TOLD_RUNS = 20  # of each register: the answer's positions have more
_REGISTER = re.compile(r"\A[a-z0-9-]{2,20}=\d{1,10}\Z")


def token_of(source: str, positions: Sequence[Position]) -> str:
    """The token of a source."""
    ordered = sorted(positions, key=lambda each: each.register)
    words = [_VERSION, source, *(f"{each.register}={each.through}" for each in ordered)]
    for each in ordered:
        runs = [f"{first}-{last}" if last > first else str(first) for first, last in each.missing[:_TOLD_RUNS]]
        if runs:
            words.append(f"missing={each.register}:{','.join(runs)}")
    return " ".join(words)


def read_token(text: str, source: str) -> dict[str, int]:
    """How far each register had come; empty of an empty token. Raises Refusal."""
    if not text:
        return {}
    words = text.split(" ") if len(text) <= TOKEN_CHARACTERS else []
    if words[:2] != [_VERSION, source]:
        raise Refusal(error_pb2.ERROR_REASON_FIELD_INVALID, field="resume_token", rule="as this server gave it")
    told = [word.split("=") for word in words[2:] if not word.startswith("missing=") and _REGISTER.match(word)]
    if len(told) + sum(word.startswith("missing=") for word in words[2:]) != len(words) - 2:
        raise Refusal(error_pb2.ERROR_REASON_FIELD_INVALID, field="resume_token", rule="as this server gave it")
    return {register: int(through) for register, through in told}
