"""The mark of invented people: what is made of answers about them certifies nothing, and says so ("MUESTRA")."""

from __future__ import annotations

from pathlib import Path

from core.errors import GenerationDamaged
from core.generation.manifest import read_manifest
from indexer.generations.listing import generation_directory

INVENTED_MARK = "INVENTED"
"""A file of this name in the directory of sources: who makes a nation writes it (nation/sidecars.py)."""


def is_invented(sources: Path, data: Path, previous: str | None) -> bool:
    """Returns whether the sources bear the mark, or `previous` is invented: extracts are carried forward from it.

    A data directory that held invented people never comes to certify real ones: real registers begin in another.
    """
    if (sources / INVENTED_MARK).exists():
        return True
    if previous is None:
        return False
    try:
        return read_manifest(generation_directory(data, previous)[1]).invented
    except GenerationDamaged:
        return False
