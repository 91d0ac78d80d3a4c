"""names.bin, the reader: phonetic token -> ascending entity numbers (see core/postings.pxd for the bytes)."""

def phonetic_token_hash(phonetic_key: bytes, /) -> int:
    """XXH3_64 under which names.bin files a phonetic key."""

def read_postings(data: bytes, hash: int, seeks: list[int] | None, /) -> list[int]:
    """For tests and fuzzing: the list of a token in a whole names.bin held in memory, or what each seek returns.

    Raises ValueError when something that it reads is damaged.
    """
