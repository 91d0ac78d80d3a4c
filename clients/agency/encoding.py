"""The encoding of a text file: found by its marks and by trying, over the whole file."""

from __future__ import annotations

import codecs
from pathlib import Path

from clients.agency.failures import AgencyError

UTF_8, UTF_8_MARKED, CP1252 = "utf-8", "utf-8-sig", "cp1252"
_CHUNK = 1 << 20
_MARKS = ((codecs.BOM_UTF8, UTF_8_MARKED), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ZEROS = 0.2  # of a UTF-16 text in Spanish nearly half of the bytes are zero


def encoding_of(path: Path) -> str:
    """UTF-8 with or without mark, UTF-16 with its mark or by its zero bytes, else CP1252. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(4096)
        for mark, name in _MARKS:
            if head.startswith(mark):
                return name
        if head and head.count(0) > len(head) * _ZEROS:
            return "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"
        decoder = codecs.getincrementaldecoder("utf-8")()
        data = head
        try:
            while data:
                decoder.decode(data)
                data = file.read(_CHUNK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return CP1252
    return UTF_8


def known_encoding(name: str) -> str:
    """The codec of a name that was given. Raises AgencyError."""
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise AgencyError(f"No se conoce la codificación «{name}»: escriba utf-8, cp1252 o utf-16.") from None
