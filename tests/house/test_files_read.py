"""Files that others may put in a file's place, and JSON that others may write, are read in one way."""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_ROOMS = ("server", "core", "indexer", "ronda", "clients")
_WHOLE = re.compile(r"\.read_bytes\(\)|\.read_text\(")
_JSON = re.compile(r"\bjson\.loads?\(|\btomllib\.loads?\(")

# Reads without a look: what the program made a moment before, what comes with it, and what is none of a site's files.
_OWN_FILES = {
    "core/files/regular_file.py": "the way itself",
    "indexer/build/program.py": "the program's own text",
    "server/issuer/kept_sessions.py": "/proc",
    "server/host/memory.py": "/proc",
    "indexer/build/memory.py": "/proc",
    "core/access/limits_file.py": "/proc",
}
_OWN_ROOMS = ("ronda/demo/", "ronda/spark/")  # a checkout's own directory; a cluster's own files
# JSON that the program itself made and sealed, or that a library has looked through.
_OWN_JSON = re.compile(
    r"^(core/documents|core/standard_record|clients/client/whole_file|clients/feed/|clients/sms/|clients/car/officer|clients/console/officer"
    r"|clients/certificate/token|server/calls/|server/recall/|server/notifications|server/hotlist/reports"
    r"|server/audit/described|server/issuer/|server/confirmation/store|ronda/doctor/machine_checks|ronda/settings)"
)


def _found(pattern: re.Pattern[str]) -> set[str]:
    return {
        str(path.relative_to(_ROOT))
        for room in _ROOMS
        for path in sorted((_ROOT / room).rglob("*.py"))
        if pattern.search(path.read_text(encoding="utf-8"))
    }


def test_files_are_read_where_a_pipe_is_never_waited_for() -> None:
    found = {path for path in _found(_WHOLE) if not path.startswith(_OWN_ROOMS)}
    assert found <= set(_OWN_FILES), "read_file of core.files.regular_file, or read_whole of clients.client.whole_file"


def test_json_is_read_where_nothing_that_it_holds_ends_the_program() -> None:
    found = {path for path in _found(_JSON) if not path.startswith(_OWN_ROOMS) and not _OWN_JSON.match(path)}
    assert not found, "json_of of core.documents, or of clients.client.whole_file"
