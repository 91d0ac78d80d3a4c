"""Checks of a whole generation: hashes of its files, and every dossier, key, name and plate in them."""

from core.generation.store import Generation

def verify(generation: Generation, *, deep: bool = False) -> None:
    """Re-reads sizes and SHA-256 of every file; `deep`: every dossier, key, name and plate too, some 3 us a dossier.

    Raises GenerationDamaged, naming the file, at the first thing that is wrong.
    """
