"""Files that are written from front to back: whatever the sizes of the pieces, bytes and digest are theirs."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
from pathlib import Path

import pytest

from core.files.output import OutputFile, rewrite_large_pages

LARGE_PAGE = 2 << 20
SIZES = [
    [],
    [1],
    [LARGE_PAGE - 64],
    [LARGE_PAGE, 1],
    [100, LARGE_PAGE, 100],
    [3 * LARGE_PAGE + 7, 5, 2 * LARGE_PAGE],
    [1000] * 50,
]


def _file_of(path: Path, pieces: list[bytes]) -> dict[str, int | str]:
    file = OutputFile(path, b"RNDTESTS", 7)
    for piece in pieces:
        file.write(piece)
        file.flush()
    return file.finish()


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_the_bytes_are_those_that_were_written(tmp_path: Path, sizes: list[int]) -> None:
    drawn = random.Random(len(sizes))
    pieces = [drawn.randbytes(size) for size in sizes]
    told = _file_of(tmp_path / "file", pieces)
    written = (tmp_path / "file").read_bytes()
    head = len(written) - sum(sizes)
    assert written[:8] == b"RNDTESTS" and written[head:] == b"".join(pieces)
    assert told == {"bytes": len(written), "sha256": hashlib.sha256(written).hexdigest()}


def test_a_write_that_fails_is_told(tmp_path: Path) -> None:
    """As a full disk is: a limit on the size of files, in a process of its own."""
    program = (
        "import resource, signal, sys\n"
        "from core.files.output import OutputFile\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, 3 << 20))\n"
        "file = OutputFile(sys.argv[1], b'RNDTESTS', 7)\n"
        "file.write(bytes(8 << 20))\n"
        "try:\n    file.finish()\nexcept OSError as error:\n    print(error.strerror)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "file")], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "File too large"


@pytest.mark.parametrize("size", [0, 1, LARGE_PAGE, 4 * LARGE_PAGE + 1])
def test_a_file_written_anew_is_the_same(tmp_path: Path, size: int) -> None:
    path = tmp_path / "keys.mdb"
    content = random.Random(size).randbytes(size)
    path.write_bytes(content)
    told = rewrite_large_pages(path)
    assert path.read_bytes() == content
    assert told == {"bytes": size, "sha256": hashlib.sha256(content).hexdigest()}
    assert [each.name for each in tmp_path.iterdir()] == ["keys.mdb"]
    assert path.stat().st_mode & 0o777 == 0o600
