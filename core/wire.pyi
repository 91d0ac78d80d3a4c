"""Protocol Buffers bytes without the GIL; what Python sees is only for tests and fuzzing."""

from collections.abc import Sequence

def encode_fields(fields: Sequence[tuple[int, str, object]], /) -> bytes:
    """Encodes fields in order.

    Each is (number, kind, value) with kind "uint" (int >= 0), "int" (int, two's complement), "fixed32", "fixed64",
    "bytes" (bytes), "packed" (list of int below 2**32) or "message" (a list like this one). Raises ValueError for
    another kind, MemoryError when memory ends.
    """

def decode_fields(data: bytes, /) -> list[tuple[int, int, int | bytes]]:
    """The fields of a message as (number, wire type, value). Raises ValueError, naming the rule, when it is none."""

def is_utf8(data: bytes, /) -> bool:
    """Returns whether the bytes are valid UTF-8."""
