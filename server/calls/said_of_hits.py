"""What issuing institutions said of hits, as the one process that writes confirmations left it for all that answer.

<data>/confirmations/shown.json: a list of [key, denied, fields], key and fields in Base64 (core.call.confirmations).
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from core.call.confirmations import Confirmations

FOLDER = "confirmations"  # in the data directory
FILE = "shown.json"


@dataclass(frozen=True)
class SaidOfHits:
    """The engine's table, and a digest of which hits are denied ("" = none)."""

    table: Confirmations | None
    denials: str


def read_said_of_hits(data: Path) -> SaidOfHits:
    """Without a table where nobody ever asked anything. Raises OSError, ValueError."""
    try:
        text = (data / FOLDER / FILE).read_bytes()
    except FileNotFoundError:
        return SaidOfHits(None, "")
    rows = json.loads(text)
    denied = sorted(key for key, is_denied, _ in rows if is_denied)
    digest = hashlib.sha256("\n".join(denied).encode()).hexdigest() if denied else ""
    table = Confirmations((base64.b64decode(key), denied, base64.b64decode(fields)) for key, denied, fields in rows)
    return SaidOfHits(table, digest)
