"""The key of subject ids that a build uses (core/identifiers/subject_ids.py).

Audit, recall and replay name a subject by this id, never by its entity number. The key stays with the data
(<data>/subject.key): without it nobody can try identifiers against ids found in a log. With another key every subject
has another id: earlier look-ups and changes would belong to nobody. So a build makes a key only in a directory without
generations, and uses another key than that of the published generation only with `--new-subject-key`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from core.errors import GenerationDamaged
from core.files.regular_file import read_file
from core.files.replacement import replace_file
from core.generation.manifest import read_manifest
from core.generation.subject_key import KEY_BYTES, SUBJECT_KEY, subject_key_check
from indexer.build.errors import BuildRefused
from indexer.generations.publishing import GENERATIONS, current_generation, log_publishing, published_generations


class SubjectKeyRefused(BuildRefused):
    """<data>/subject.key is lost, damaged, or not the one that the published generation was built with."""


@dataclass(frozen=True)
class BuildKey:
    """The key of one build. made: it is not on disk yet. before: check value of the key that it replaces; "" = none."""

    key: bytes
    made: bool = False
    before: str = ""

    def put_in_place(self, data: Path) -> None:
        """Just before the generation is published: writes a key that was made, and logs a change. Raises OSError."""
        if self.made:
            replace_file(data / SUBJECT_KEY, self.key)
        if self.before:
            log_publishing(
                data, "subject_key_changed", {"from_check": self.before, "to_check": subject_key_check(self.key)}
            )


def key_of_build(data: Path, *, new: bool) -> BuildKey:
    """The key to build with. new: `--new-subject-key` was given. Raises SubjectKeyRefused, OSError.

    A replaced key that is still there is kept beside the new one, for looks at what was recorded under it.
    """
    path = data / SUBJECT_KEY
    stated = _stated_check(data)
    try:
        key = read_file(path)
    except FileNotFoundError:
        if not published_generations(data):
            key = secrets.token_bytes(KEY_BYTES)
            replace_file(path, key)  # at once: a build after a kill goes on with what was linked under it
            return BuildKey(key)
        if not new:
            raise SubjectKeyRefused(_refusal(path, "is not there")) from None
        return BuildKey(secrets.token_bytes(KEY_BYTES), made=True, before=stated or "unknown")
    if len(key) != KEY_BYTES:
        raise SubjectKeyRefused(f"{path} holds {len(key)} bytes, not {KEY_BYTES}: restore it from a backup")
    if stated and subject_key_check(key) != stated:
        if not new:
            raise SubjectKeyRefused(_refusal(path, "is not the key that the published generation was built with"))
        return BuildKey(key, before=stated)
    if new and stated is not None:
        made = secrets.token_bytes(KEY_BYTES)
        replace_file(path.with_name(f"{SUBJECT_KEY}.{subject_key_check(key)}"), key)
        return BuildKey(made, made=True, before=subject_key_check(key))
    return BuildKey(key)


def _refusal(path: Path, what: str) -> str:
    return (
        f"{path} {what}: restore it from a backup. With another key no earlier look-up or change belongs to anybody; "
        f"if that is meant: --new-subject-key"
    )


def _stated_check(data: Path) -> str | None:
    """The check value that the published generation states; "" = it states none, None = there is no generation."""
    current = current_generation(data)
    if current is None:
        return None
    try:
        return read_manifest(data / GENERATIONS / current).subject_key or ""
    except (GenerationDamaged, OSError):
        return ""
