"""keys.mdb, the writer: (hash, entity) pairs -> an LMDB file, sorted once and appended, in bounded memory."""

from pathlib import Path

from core.files.spill import Spill

def write_keys(path: str | Path, pairs: Spill, build: int, *, durable: bool = True) -> int:
    """Writes keys.mdb (bytes: core/generation/keys.pxd) and returns how many pairs it holds, repeats left out.

    durable: it is on the disk then. The entities of one hash must have been added in ascending order. Raises OSError
    when the disk fails, and AssemblyError when LMDB refuses a pair (they were not ascending).
    """
