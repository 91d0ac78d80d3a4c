"""Checks of a whole generation: hashes of its files, and every dossier, key, name and plate in them."""

from core.generation import Generation

def verify_generation(generation: Generation, deep: bool) -> None:
    """Raises GenerationDamaged, naming the file, at the first thing that is wrong. Deep: some 3 us a dossier."""
