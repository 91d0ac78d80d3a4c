"""`python -m server.hotlist.making_process`: makes hot lists, a child of `ronda serve` that yields to all else.

Reads its orders as one JSON line from standard input and ends when that input ends. A list is made for each mask that
callers asked for (server/hotlist/list_file.py), of each generation that is published, anew each day; what is neither
of the current generation nor of this or the last day is removed.
"""

from __future__ import annotations

import os
import re
import select
import sys
import time
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

from core.access.grant import Grant
from core.engine.entry import Engine, Method
from core.errors import CoreError
from core.generation.store import Generation
from ronda.v1 import hotlist_service_pb2, register_pb2, register_service_pb2
from server import logs
from server.calls.said_of_hits import SaidOfHits, read_said_of_hits
from server.host.core_dumps import forbid_core_dumps
from server.hotlist.entries import MASK, Listing
from server.hotlist.list_file import list_path, read_list, write_list
from server.hotlist.orders import FOLDER, WANTED, Orders
from server.logs import ERROR, INFO, log
from server.settings import read_file

GUATEMALA = ZoneInfo("America/Guatemala")
_TICK_S = 0.5
_NICE = 15
_MASKS = 16  # that are wanted at once: policy gives a few
_FORGET_S = 14 * 86_400.0  # a mask that nobody has asked with for so long
_ID = re.compile(r"\A\d{8}T\d{6}Z-[0-9a-f]{8}\Z")
_AGAIN_S = 30.0  # after a list that could not be made
_DENIALS_S = 5.0  # the least between two of the same, however many hits are denied


def today_in_guatemala(seconds: float) -> date:
    """The day there at a time of the wall clock."""
    return datetime.fromtimestamp(seconds, GUATEMALA).date()


class ListMaker:
    """Looks for what is to be made, and makes it."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._folder = orders.data / FOLDER
        self._rests: dict[Path, float] = {}  # until when a list is not made again
        self._last_said = SaidOfHits(None, "")

    def tick(self) -> None:
        """Makes one list that is wanted and not there: of the generation that serves, or that was published; and
        one that is there anew, when an institution denied a hit since or took a denial back."""
        now = time.time()
        day = today_in_guatemala(now).strftime("%Y%m%d")
        published = _named(self._orders.data / "CURRENT")
        wanted = self._wanted(now)
        said = self._said()
        for mask, serving in wanted.items():
            for generation_id in filter(None, dict.fromkeys((serving, published))):
                path = list_path(self._orders.data, generation_id, day, mask)
                if time.monotonic() < self._rests.get(path, 0.0) or self._is_made(path, said.denials):
                    continue
                self._make(path, generation_id, mask, now, said)
                self._remove_others({*wanted.values(), published}, day)
                return

    def _wanted(self, now: float) -> dict[int, str]:
        """Mask -> generation that the worker served that asked."""
        found = {}
        for entry in sorted((self._folder / WANTED).glob("*"))[:_MASKS]:
            try:
                mask = int(entry.name, 16)
                age = now - entry.stat().st_mtime
            except (ValueError, OSError):
                continue
            if age > _FORGET_S or mask & ~MASK:
                entry.unlink(missing_ok=True)
            else:
                found[mask] = _named(entry)
        return found

    def _said(self) -> SaidOfHits:
        try:
            self._last_said = read_said_of_hits(self._orders.data)
        except (OSError, ValueError) as error:
            log("confirmations_not_read", level=ERROR, error=error)
        return self._last_said

    def _is_made(self, path: Path, denials: str) -> bool:
        try:
            made = read_list(path)
        except (OSError, ValueError, KeyError):  # of another version of this server, or damaged
            return False
        return made is not None and made.denials == denials

    def _make(self, path: Path, generation_id: str, mask: int, now: float, said: SaidOfHits) -> None:
        started = time.monotonic()
        try:
            generation = Generation.open(self._orders.data / "generations" / generation_id)
            try:
                listing = Listing(generation, mask, int(now * 1000), today_in_guatemala(now), said.table)
                registers = _registers(generation, mask, int(now * 1000))
                listed = list(listing.entries())
                most, left_out = self._orders.entries, listing.left_out
                write_list(path, generation_id, listed, most, registers, left_out, said.denials)
            finally:
                del generation
        except (CoreError, OSError, ValueError) as error:
            self._rests[path] = time.monotonic() + _AGAIN_S
            log("hotlist_not_made", level=ERROR, generation=generation_id, error=error)
            return
        made = read_list(path)
        self._rests[path] = time.monotonic() + _DENIALS_S
        log(
            "hotlist_made",
            level=INFO,
            generation=generation_id,
            mask=f"{mask:x}",
            entries=made.entries if made else 0,
            left_out=made.left_out if made else 0,
            mib=round(path.stat().st_size / 2**20, 1),
            seconds=round(time.monotonic() - started, 1),
        )

    def _remove_others(self, generations: set[str], day: str) -> None:
        """Leaves these generations' lists of the last two days: a worker may be sending one."""
        kept = {day, today_in_guatemala(time.time() - 86_400).strftime("%Y%m%d")}
        for entry in self._folder.glob("*.list"):
            name, _, rest = entry.name.rpartition("-")
            generation, _, made = name.rpartition("-")
            if generation not in generations or made not in kept or not rest:
                entry.unlink(missing_ok=True)


def _named(path: Path) -> str:
    """The generation that a file names; "" = none."""
    try:
        text = read_file(path, 64).decode().strip()
    except (OSError, ValueError):
        return ""
    return text if _ID.match(text) else ""


def _registers(generation: Generation, mask: int, clock_ms: int) -> bytes:
    """The header's part that is the same for everybody: alert registers that the list may show something of."""
    answer = Engine(generation).answer(Method.LIST_REGISTERS, b"", Grant([mask, 0, 0, 0, 0]), clock_ms)
    header = hotlist_service_pb2.HotlistHeader()
    oldest: Timestamp | None = None
    for register in register_service_pb2.ListRegistersResponse.FromString(answer).registers:
        if register_pb2.REGISTER_ROLE_ALERT not in register.status.roles:
            continue
        header.registers.append(register.status)
        if register.status.HasField("as_of") and (oldest is None or register.status.as_of.seconds < oldest.seconds):
            oldest = register.status.as_of
    if oldest is not None:
        header.data_as_of.CopyFrom(oldest)
    return header.SerializeToString()


def main() -> int:
    """Works until its input ends."""
    forbid_core_dumps()
    os.umask(0o077)
    os.nice(_NICE)
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        raise SystemExit("server.hotlist.making_process is started by `ronda serve`, not by hand")
    orders = Orders.model_validate_json(line)
    logs.set_up(orders.log_level, process="hotlist", pid=os.getpid())
    maker = ListMaker(orders)
    while True:
        maker.tick()
        # What comes after the orders is only the end of the input.
        if select.select([0], [], [], _TICK_S)[0] and not os.read(0, 1):
            return 0


if __name__ == "__main__":
    sys.exit(main())
