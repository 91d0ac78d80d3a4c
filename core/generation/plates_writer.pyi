"""plates.bin, the writer (see core/generation/plates.pxd for the bytes)."""

from typing_extensions import disjoint_base

from core.files.output import OutputFile

@disjoint_base
class PlateRows:
    """Plates borne, in any order. Memory: 32 bytes each."""

    def append(
        self, plate: bytes, type: bytes, country: bytes, make: bytes, colour: bytes, model_year: int, entity: int
    ) -> None:
        """Adds a row; make and colour folded, "" = unknown. For tests."""
    def write(self, file: OutputFile) -> int:
        """Sorts, writes rows, checksums and trailer; returns how many rows. Raises MemoryError, OSError."""
