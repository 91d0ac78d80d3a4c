"""plates.bin, the reader: partial plates (see core/plates.pxd for the bytes)."""

def plate_fits(pattern: str, plate: str, /) -> bool:
    """Whether a plate's characters fit a pattern with ? (one character) and * (any number). For tests."""
