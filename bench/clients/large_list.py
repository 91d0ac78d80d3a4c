"""A hot list of half a million entries, and `ronda car` with it instead of its server's: what a look-up costs then.

As a program it is `ronda car`; the variable VARIABLE names the file of blocks.
"""

from __future__ import annotations

import hashlib
import os
import struct
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ronda.v1 import alert_pb2, check_service_pb2
from ronda.v1 import hotlist_service_pb2 as contract

ENTRIES = 500_000
VARIABLE = "BENCH_HOT_LIST"
_BLOCK = 256
_LENGTH = struct.Struct(">I")


def cui_of(number: int) -> str:
    """The key of an entry."""
    return f"{number * 19_999_999:013d}"


def write_blocks(path: Path) -> None:
    """The blocks, as a server compresses them, each behind its length."""
    with path.open("wb") as file:
        for first in range(0, ENTRIES, _BLOCK):
            entries = [_entry(number) for number in range(first, min(first + _BLOCK, ENTRIES))]
            block = contract.HotlistBlock(key_kind=check_service_pb2.IDENTIFIER_KIND_CUI, entries=entries)
            packed = zlib.compress(block.SerializeToString(), 6)
            file.write(_LENGTH.pack(len(packed)) + packed)


def _entry(number: int) -> contract.HotlistEntry:
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    return contract.HotlistEntry(
        key=cui_of(number),
        kind=alert_pb2.ALERT_KIND_WARRANT,
        name=f"NOMBRE{digest[:6]} APELLIDO{digest[6:12]} {digest[12:18].upper()}",
        authority=f"JUZGADO {int(digest[:2], 16)} DE PRIMERA INSTANCIA PENAL",
        record={"register_id": "oj", "record_id": f"C-{digest[:8]}-2026"},
    )


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while head := file.read(_LENGTH.size):
            yield file.read(_LENGTH.unpack(head)[0])


def _run_with(path: Path) -> None:
    from clients.car.offline.desk import OfflineDesk  # noqa: PLC0415 - of the program, not of the module's users
    from ronda.command import main  # noqa: PLC0415
    from server.hotlist.keys import HotlistKeys  # noqa: PLC0415

    keys = HotlistKeys(os.urandom(32))

    def fetched(desk: Any, asked: Any, _held: Any) -> Any:
        blocks = list(_blocks(path))
        header = contract.HotlistHeader(
            format=1,
            list_id="bench",
            entries=ENTRIES,
            blocks=len(blocks),
            size_bytes=sum(map(len, blocks)),
            sha256=hashlib.sha256(b"".join(blocks)).digest(),
        )
        header.valid_until.FromSeconds(int(time.time()) + 86_400)
        header.data_as_of.FromSeconds(int(time.time()))
        told = header.SerializeToString()
        signed = contract.SignedHotlistHeader(header=told, signature=keys.signature(told), key_id=keys.key_id)
        return desk._store.write(signed, blocks, asked.key, {keys.key_id: keys.public_key})

    OfflineDesk._fetched = fetched  # type: ignore[method-assign, assignment]
    OfflineDesk.follow = lambda *_, **__: None  # type: ignore[method-assign]  # the server's own list stays away
    sys.argv[0] = "ronda"
    main()


if __name__ == "__main__":
    _run_with(Path(os.environ[VARIABLE]))
