"""The driver's orders to an executor, and the executor's refusals.

Every path is one of the executor's own disk. Nothing here is secret: certificate, key and token are the executor's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from server.trust.officer_token import TokenRules


@dataclass(frozen=True)
class Orders:
    """The terms of a pass.

    generation, manifest: its id, and the SHA-256 of its MANIFEST.json, which holds those of all its files. standard:
    ClearanceStandard. request_id: of the pass. identity: prefix of .pem, .key and .token. spool: directory of audit
    segments until the driver has them, one subdirectory for each audit log that they may be joined to.
    """

    data: str
    generation: str
    manifest: str
    standard: int
    request_id: str
    case: str
    identity: str
    trust: str
    rules: TokenRules
    auditor_key: str
    spool: str


class Saying(NamedTuple):
    """A refusal as it comes to the driver. reason: an ErrorReason's name, or one of the words below."""

    reason: str
    detail: str


FILE = "FILE"  # detail: the file that cannot be read
SETTINGS = "SETTINGS"  # detail: what is wrong with a file of the trust directory, or a key
NO_GENERATION = "GENERATION"  # detail: why this machine cannot answer from it
CLOCK = "CLOCK"  # detail: seconds that it is behind the driver's

_SAID = re.compile(r"ronda refuses \[(\w+)\] ?([^\n\"]*)")


class Refused(Exception):
    """An executor does not judge: no row leaves it. The text names nobody; Spark brings it to the driver."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"ronda refuses [{reason}] {detail}")


def said_in(text: str) -> Saying | None:
    """Returns an executor's message, found inside any text of Spark."""
    found = _SAID.search(text)
    return Saying(found[1], found[2].strip()) if found else None
