"""A published generation, mapped read-only: keys, dossiers, names, plates."""

from pathlib import Path
from typing import Any

from typing_extensions import disjoint_base

@disjoint_base
class Generation:
    """Files of one generation. Safe from several threads; the files stay readable when the directory is removed."""

    @property
    def manifest(self) -> dict[str, Any]:
        """MANIFEST.json, validated (core/generation/manifest.py), as plain values."""
    @property
    def generation_id(self) -> str: ...
    @property
    def directory(self) -> Path: ...
    @staticmethod
    def open(directory: str | Path) -> Generation:
        """Maps the files after checking the manifest, their sizes and their headers; milliseconds, whatever their size.

        Raises GenerationDamaged, which names the file.
        """
    def close(self) -> None:
        """Unmaps the files. Nothing may be in use any more: engines hold a reference, so let go of them instead."""
    @property
    def entities(self) -> int:
        """Dossiers on file."""
    @property
    def persons(self) -> int:
        """Persons, organisations and unidentified among them: entities 0 to persons - 1."""
    def lookup(self, kind: int, text: str | bytes) -> list[int]:
        """Entities that hold an identifier (KEY_*, canonical text), by hash and then by comparison.

        Raises DossierDamaged for a damaged candidate, GenerationDamaged when keys.mdb cannot be read.
        """
    def dossier(self, entity: int) -> bytes:
        """Bytes of a dossier. Raises DossierDamaged, IndexError outside the table."""
    def plates(
        self, pattern: str, *, type: str = "", make: str = "", colour: str = "", model_year: int = 0
    ) -> list[tuple[str, int]]:
        """Plates on file as ("P-123BCD|GTM", entity) that may fit a pattern with ? and *. Raises GenerationDamaged."""
