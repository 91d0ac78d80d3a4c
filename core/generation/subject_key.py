"""The key of subject ids in the data directory, held against the check value that a generation states."""

from __future__ import annotations

from pathlib import Path

from core.errors import GenerationDamaged
from core.files.regular_file import read_file
from core.kept_secrets import check_value

SUBJECT_KEY = "subject.key"  # in the data directory; subject.key.<check value>: one that another replaced
KEY_BYTES = 32


def subject_key_check(key: bytes) -> str:
    """Returns the check value that a generation states of the key that it was built with."""
    return check_value(SUBJECT_KEY, key)


def check_subject_key(data: Path, stated: str | None) -> bytes | None:
    """The key of the data directory; None = it is not there. Raises GenerationDamaged, OSError.

    stated: `subject_key` of a generation's manifest; None = built by an earlier release, which any key fits.
    """
    try:
        key = read_file(data / SUBJECT_KEY)
    except FileNotFoundError:
        return None
    if len(key) != KEY_BYTES:
        raise GenerationDamaged(SUBJECT_KEY, f"holds {len(key)} bytes, not {KEY_BYTES}: restore it from a backup")
    if stated is not None and subject_key_check(key) != stated:
        raise GenerationDamaged(SUBJECT_KEY, "is not the key that the generation was built with: restore that one")
    return key


def needed_subject_key(data: Path, stated: str | None) -> bytes:
    """Returns the key for callers that require it. Raises GenerationDamaged, OSError."""
    key = check_subject_key(data, stated)
    if key is None:
        raise GenerationDamaged(SUBJECT_KEY, "is not in the data directory: restore it from a backup")
    return key


def all_subject_keys(data: Path) -> list[bytes]:
    """The present key and those that it replaced. Raises OSError; FileNotFoundError without a present one."""
    present = read_file(data / SUBJECT_KEY)
    return [present, *(read_file(path) for path in sorted(data.glob(f"{SUBJECT_KEY}.*")))]
