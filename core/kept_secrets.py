"""The secrets that Ronda keeps on disk, and what is done where one is lost or is another one's.

docs/operations.md ("Secrets") shows the same table. A check value tells two keys apart without telling either: what was
made with a key states the key's check value.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from enum import Enum


class WhenLost(Enum):
    """The ways to treat a secret that is missing."""

    REFUSED = "refused"  # where data made with it is there: another one would make that data wrong or unreadable
    MADE_ANEW = "made anew"  # with an alarm: what it signed ends, and nothing else
    MADE_SPENT = "made anew, all allowances spent"  # with an alarm


@dataclass(frozen=True)
class KeptSecret:
    """One secret. place: its file, in the directory that its owner names."""

    place: str
    made_with: str
    when_lost: WhenLost
    told_apart_by: str  # how another key in its place is found; "" = it is not


KEPT_SECRETS = (
    KeptSecret("<data>/subject.key", "subject ids of generations", WhenLost.REFUSED, "`subject_key` of MANIFEST.json"),
    KeptSecret("<data>/mart/disclosure.key", "rounding of figures", WhenLost.REFUSED, ""),
    KeptSecret("audit_signing_key", "checkpoints", WhenLost.REFUSED, "`key` of each checkpoint"),
    KeptSecret("audit_auditor_key", "segments' keys", WhenLost.REFUSED, "`recipients` of each segment"),
    KeptSecret("<audit>/hash.key", "hashes of the present segments", WhenLost.MADE_ANEW, "`hash_key` of each segment"),
    KeptSecret("<pepper>/keys.json", "stored PINs and numbers", WhenLost.REFUSED, "the key's id beside each hash"),
    KeptSecret("<issuer>/officers.key.json", "officers' tokens", WhenLost.REFUSED, "`kid` of each token"),
    KeptSecret("<data>/page.key", "page tokens", WhenLost.MADE_ANEW, ""),
    KeptSecret("<data>/hotlist.key", "hot lists and their devices' keys", WhenLost.MADE_ANEW, "`key_id` of each list"),
    KeptSecret("<data>/limits", "counts of allowances", WhenLost.MADE_SPENT, ""),
)


def check_value(place: str, key: bytes) -> str:
    """16 hexadecimal digits that tell a random key from another one, and tell nothing else of it."""
    return hmac.digest(key, b"ronda check value of " + place.encode(), hashlib.sha256).hex()[:16]
