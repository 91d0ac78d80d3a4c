"""The resume token: readable text with the position of each register and the missing numbers.

    2 oj-central oj=1042:9f31c07be2d4a815 sapo=17:0b5e... missing=oj:900-903,950

Behind a number stands the digest of all changes up to it. It is no secret and proves nothing: the ledger decides where
to continue. It shows a person what is missing. It shows the server that its ledger is not the one that the source knew:
the ledger is behind (a restored copy), or has other changes under the same numbers. Tokens of version 1 have no
digests.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ronda.v1 import error_pb2
from server.errors import Refusal
from server.feed.line import Position

_VERSION, _BEFORE = "2", "1"
TOKEN_CHARACTERS = 8192
_TOLD_RUNS = 20  # of each register: the answer's positions have more
_REGISTER = re.compile(r"\A([a-z0-9-]{2,20})=(\d{1,10})(?::([0-9a-f]{16}))?\Z")


class Told(NamedTuple):
    """A register's place in a token."""

    through: int
    digest: str  # "" = the token has none


def token_of(source: str, positions: Sequence[Position]) -> str:
    """The token of a source."""
    ordered = sorted(positions, key=lambda each: each.register)
    words = [_VERSION, source, *(f"{each.register}={each.through}:{each.digest}" for each in ordered)]
    for each in ordered:
        runs = [f"{first}-{last}" if last > first else str(first) for first, last in each.missing[:_TOLD_RUNS]]
        if runs:
            words.append(f"missing={each.register}:{','.join(runs)}")
    return " ".join(words)


def read_token(text: str, source: str) -> dict[str, Told]:
    """Returns the position of each register; empty for an empty token. Raises Refusal."""
    if not text:
        return {}
    words = text.split(" ") if len(text) <= TOKEN_CHARACTERS else []
    told = [_REGISTER.match(word) for word in words[2:] if not word.startswith("missing=")]
    if words[:1] not in ([_VERSION], [_BEFORE]) or words[1:2] != [source] or None in told:
        raise Refusal(error_pb2.ERROR_REASON_FIELD_INVALID, field="resume_token", rule="as this server gave it")
    return {each[1]: Told(int(each[2]), each[3] or "") for each in told if each is not None}
