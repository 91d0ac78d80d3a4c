"""plates.bin, the reader: partial plates (see core/generation/plates.pxd for the bytes)."""

def plate_fits(pattern: str, plate: str, /) -> bool:
    """Returns whether a plate's characters fit a pattern with ? (one character) and * (any number). For tests."""

def read_plates(
    data: bytes, pattern: str, type: str, make: str, colour: str, model_year: int, misreads: int = 0, /
) -> list[tuple[str, int]]:
    """Returns, for tests and fuzzing, plates that may fit, of a plates.bin in memory, as ("P-123BCD|GTM", entity).

    Raises ValueError for a pattern that is empty or over 16 bytes, and when something that it reads is damaged.
    """
