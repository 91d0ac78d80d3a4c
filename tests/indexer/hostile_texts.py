"""`python -m tests.indexer.hostile_texts NAME`: reads one kind of hostile text from 1 kB to 1 MB, each size to its end.

A process of its own: a pattern that backtracks holds the interpreter, so only from outside can it be ended.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from indexer.extract.children import _crash
from indexer.manifest.sources import Source
from indexer.readers.batch import Unreadable
from indexer.readers.registry import read_file
from indexer.standardise import letters as damaged_letters

SIZES = (1_000, 4_000, 1_000_000)
_SOURCE: TypeAdapter[Source] = TypeAdapter(Source)
_ROWS = b"<x><R><A>1</A></R>"


def _filled(begin: bytes, unit: bytes, end: bytes) -> Callable[[int], bytes]:
    return lambda size: begin + unit * (size // len(unit)) + end


TEXTS: dict[str, list[Callable[[int], bytes]]] = {
    "xml": [
        _filled(_ROWS + b"</x>", b"<!-- a -->", b"z"),
        _filled(_ROWS + b"</x>", b"<!---->", b"<"),
        _filled(_ROWS, b"</x>", b"<!--"),
        _filled(_ROWS, b"</x><!--", b""),
        _filled(_ROWS + b"</x", b" ", b"x"),
        _filled(_ROWS, b"-->", b""),
        _filled(b"", b"<!--", b""),
        _filled(b"<?xml", b" encoding", b""),
        _filled(b"<", b"a", b""),
        _filled(b"<x", b" a", b"<"),
        _filled(b"<x><R>", b"<", b"</R></x>"),
        _filled(b"<x>", b"<R", b"</x>"),
        _filled(b"<x>", b"<R ", b"</x>"),
        _filled(b"<x><", b"a", b":R></x>"),
        _filled(b"<x><R", b" /", b"</x>"),
    ],
    "csv": [
        _filled(b"A,B\n", b'"', b"\n"),
        _filled(b"A,B\n", b"x\n", b""),
        _filled(b"A,B\n", b'"\n' + b"x\n" * 100, b""),
        _filled(b"A,B\n", b'"a\n"b\n', b'"'),
        _filled(b"A,B\n", b",", b"\n"),
        _filled(b"A,B\n", b"\n", b'"'),
    ],
    "fixed_width": [_filled(b"", b"x\n", b""), _filled(b"", b" ", b""), _filled(b"", b"x ", b"\n")],
    "jsonl": [_filled(b"", b"[", b"\n"), _filled(b"", b'{"A":', b"\n"), _filled(b"", b"{\n", b"")],
    "xlsx": [_filled(b"PK\x03\x04", b"\x00", b""), _filled(b"", b"PK\x05\x06", b"")],
    "parquet": [_filled(b"PAR1", b"\x00", b"PAR1"), _filled(b"", b"PAR1", b"")],
    "names": [
        _filled(b"", b"A&", b"A"),
        _filled(b"", "Ã".encode(), b""), _filled(b"A", b"#?", b"A"), _filled(b"AB&", b"C", b""),
    ],
    "crash": [_filled(b'  File "', b"a", b"\n"), _filled(b"", b'File "a/', b""), _filled(b"", b"a.", b"!")],
}  # fmt: skip
_KEYS: dict[str, dict[str, Any]] = {
    "xml": {"row_tag": "R"},
    "csv": {"multiline": True, "final_line_break": False},
    "fixed_width": {"record_length": 4, "columns": [{"name": "A", "start": 1, "width": 4}]},
}


def read_all(name: str) -> int:
    """Returns how many texts were read to their end, refused or not."""
    done = 0
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "f"
        for text in TEXTS[name]:
            for size in SIZES:
                data = text(size)
                if name == "names":
                    damaged_letters.mend(data.decode())
                elif name == "crash":
                    _crash(1, data)
                else:
                    keys = {"name": "s", "format": name, "path": "f", "as_of": {"from": "mtime"}, **_KEYS.get(name, {})}
                    path.write_bytes(data)
                    try:
                        for _ in read_file(_SOURCE.validate_python(keys), path, ["A"]):
                            pass
                    except Unreadable:
                        pass
                done += 1
    return done


if __name__ == "__main__":
    sys.stdout.write(str(read_all(sys.argv[1])))
