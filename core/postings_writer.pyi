"""names.bin, the writer (see core/postings.pxd for the bytes)."""

from core.output import OutputFile
from core.spill import Spill

def write_names(file: OutputFile, pairs: Spill) -> tuple[int, int]:
    """Writes lists, table and trailer from (token hash, entity) pairs; returns (tokens, pairs without repeats).

    The entities of one hash must have been added in ascending order. Memory: the largest partition of the pairs, and
    32 bytes a token. Raises OSError, MemoryError.
    """
