"""names.bin, the reader: phonetic token -> ascending entity numbers (see core/postings.pxd for the bytes)."""

def phonetic_token_hash(phonetic_key: bytes, /) -> int:
    """XXH3_64 under which names.bin files a phonetic key."""
