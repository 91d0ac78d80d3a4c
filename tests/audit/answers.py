"""Made-up answers, appended to a log."""

from __future__ import annotations

import struct

from core.audit.log import AuditLog

START_MS = 1_795_000_000_000
_ENTRY = struct.Struct("<16sBBBBHBBQ")


def subject(number: int) -> bytes:
    """A subject id."""
    return number.to_bytes(16, "big")


def shown(*numbers: int, level: int = 3, how: int = 1, sections: int = 5) -> bytes:
    """Packed ShownEntry of these subjects."""
    return b"".join(_ENTRY.pack(subject(n), level, 1, how, 0, row, 0, 0, sections) for row, n in enumerate(numbers))


def append(log: AuditLog, number: int, clock_ms: int = START_MS, nip: int = 7) -> None:
    """An answer about subject `number`, asked for by its number."""
    log.append_record(
        clock_ms=clock_ms + number,
        method=2,
        purpose=1,
        identity=b'{"institution":"pnc","nip":"%d","unit":"c-11"}' % nip,
        generation=b"20261124T000000Z-1",
        case_number=b"MP-%d" % number,
        request_id=b"r%d" % number,
        asked_key=b"\x01%d" % number,
        asked=b"question %d" % number,
        answer_id=subject(number),
        shown=shown(number),
    )
