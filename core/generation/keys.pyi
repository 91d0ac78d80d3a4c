"""keys.mdb, the reader (see core/generation/keys.pxd for the bytes)."""

def identifier_hash(kind: int, text: bytes, /) -> int:
    """XXH3_64 under which keys.mdb files an identifier: KEY_* of core/generation/dossier.pxd and canonical bytes."""

def read_keys(data: bytes, hashes: list[int], /) -> list[list[int]]:
    """Returns, for tests and fuzzing, entities under each hash of a whole keys.mdb held in memory, 1,024 at most.

    Raises ValueError when it is damaged.
    """
