"""Makes lists, and the steps that follow them: the work of the making process in its turns.

A list is made for each mask that callers asked for (server/hotlist/list_file.py), for each published generation with
the changes over it, anew each day. Lists that are neither of the current generation nor of this or the last day are
removed.
"""

from __future__ import annotations

import re
import time
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

from core.access.grant import Grant
from core.engine.entry import Engine, Method
from core.errors import CoreError
from core.files.regular_file import read_file
from core.generation.store import Generation
from ronda.v1 import hotlist_service_pb2, register_pb2, register_service_pb2
from server.calls.said_of_hits import FILE, SaidOfHits, read_said_of_hits
from server.calls.said_of_hits import FOLDER as CONFIRMATIONS
from server.hotlist.entries import ADOLESCENTS, MASK, Listing
from server.hotlist.following import Followed
from server.hotlist.list_file import list_path, write_list
from server.hotlist.orders import FOLDER, WANTED, Orders
from server.hotlist.progress import FOLLOW, MAKE, Progress
from server.hotlist.touched import ViewFollower
from server.logs import ERROR, INFO, log

GUATEMALA = ZoneInfo("America/Guatemala")
_MASKS = 16  # that are wanted at once: policy gives a few
_FORGET_S = 14 * 86_400.0  # a mask that nobody has asked with for so long
_ID = re.compile(r"\A\d{8}T\d{6}Z-[0-9a-f]{8}\Z")
_AGAIN_S = 30.0  # after a list that could not be made, or not be followed
_IDLE_S = 1.0  # between two rounds of steps: each wakes everybody who follows
_PAUSE_S = 5.0  # the least between two of the same


def today_in_guatemala(seconds: float) -> date:
    """The day there at a time of the wall clock."""
    return datetime.fromtimestamp(seconds, GUATEMALA).date()


class ListMaker:
    """Looks for what is to be made, and makes it."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._folder = orders.data / FOLDER
        self._progress = Progress(self._folder, orders.status)
        self._rests: dict[Path, float] = {}  # until when a list is not made again
        self._said = SaidOfHits(None, frozenset())
        self._said_stamp: tuple[int, int] | None = None
        self._views: dict[str, ViewFollower] = {}  # generation -> what lies over it
        self._followed: dict[Path, Followed] = {}
        self._idle: dict[Path, float] = {}  # until when a list that was at its end is left alone

    def tick(self) -> bool:
        """Brings the wanted lists to the newest view, then makes one list. Returns whether nothing is left to do.

        The list made is a missing one, of the serving or the published generation, or one with many steps, anew.
        """
        now = time.time()
        day = today_in_guatemala(now).strftime("%Y%m%d")
        published = _named(self._orders.data / "CURRENT")
        wanted = self._wanted(now)
        said = self._read_said()
        lists = {
            list_path(self._orders.data, generation_id, day, mask): (generation_id, mask)
            for mask, serving in wanted.items()
            for generation_id in filter(None, dict.fromkeys((serving, published)))
        }
        self._followed = {path: each for path, each in self._followed.items() if path in lists}
        self._idle = {path: until for path, until in self._idle.items() if path in lists}
        self._views = {name: view for name, view in self._views.items() if name in {g for g, _ in lists.values()}}
        looked = time.time()
        self._look()
        at_end = True
        for path, (_, mask) in lists.items():
            at_end = self._follow(path, mask, looked, said) and at_end
        for path, (generation_id, mask) in lists.items():
            if time.monotonic() < self._rests.get(path, 0.0) or self._is_made(path):
                continue
            self._make(path, generation_id, mask, now, said)
            self._remove_others({*wanted.values(), published}, day)
            at_end = False
            break
        self._progress.show([(mask, path) for path, (_, mask) in lists.items()], self._followed.values())
        return at_end

    # ---- what is wanted ----

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

    def _read_said(self) -> SaidOfHits:
        try:
            status = (self._orders.data / CONFIRMATIONS / FILE).stat()
            stamp = status.st_mtime_ns, status.st_ino
            if stamp != self._said_stamp:
                self._said, self._said_stamp = read_said_of_hits(self._orders.data), stamp
        except FileNotFoundError:
            self._said = SaidOfHits(None, frozenset())
        except (OSError, ValueError) as error:
            log("confirmations_not_read", level=ERROR, error=error)
        return self._said

    def _is_made(self, path: Path) -> bool:
        followed = self._followed.get(path)
        if followed is None or followed.file.is_replaced():
            self._followed.pop(path, None)
            return False
        return not followed.is_long

    # ---- following ----

    def _look(self) -> None:
        """Looks at the changes over each generation; passes the changed identifiers to its lists."""
        for generation_id, view in self._views.items():
            try:
                touched = view.look()
            except (CoreError, OSError) as error:
                log("hotlist_view_not_read", level=ERROR, generation=generation_id, error=error)
                continue
            for followed in self._followed.values():
                if followed.file.generation_id == generation_id:
                    followed.due |= touched

    def _follow(self, path: Path, mask: int, now: float, said: SaidOfHits) -> bool:
        """Returns whether the list is at the view's end, or cannot be followed."""
        if time.monotonic() < self._rests.get(path, 0.0) and path not in self._followed:
            return True
        try:
            followed = self._followed.get(path) or self._opened(path)
            if followed is not None:
                followed.take_denied(said.denied)
            if followed is None or time.monotonic() < self._idle.get(path, 0.0):
                return True
            view = self._view(followed.file.generation_id)
            if view.is_behind:
                return True
            day = today_in_guatemala(now)
            listing = Listing(view.view, mask, int(now * 1000), day, said.table, view.fed)
            if not followed.advance(listing, _registers(view.view, mask, int(now * 1000)), now):
                return False
            self._idle[path] = time.monotonic() + _IDLE_S
            self._progress.went_well(path)
            return True
        except (CoreError, OSError, ValueError, KeyError) as error:
            self._followed.pop(path, None)  # read anew: what was appended is known then
            self._rests[path] = time.monotonic() + _AGAIN_S
            self._progress.failed(FOLLOW, path)
            log("hotlist_not_followed", level=ERROR, error=error)
            return True

    def _opened(self, path: Path) -> Followed | None:
        """A list that lies there already; None = it is to be made, one of another release of the server too."""
        try:
            followed = Followed(path)
        except (OSError, ValueError, KeyError):
            return None
        followed.due |= self._view(followed.file.generation_id).ever
        self._followed[path] = followed
        return followed

    def _view(self, generation_id: str) -> ViewFollower:
        """Raises CoreError, OSError."""
        known = self._views.get(generation_id)
        if known is None:
            base = Generation.open(self._orders.data / "generations" / generation_id)
            known = ViewFollower(base, self._orders.data, self._orders.fed, live=self._orders.live)
            known.look()
            self._views[generation_id] = known
        return known

    # ---- making ----

    def _make(self, path: Path, generation_id: str, mask: int, now: float, said: SaidOfHits) -> None:
        started = time.monotonic()
        try:
            view = self._view(generation_id)
            now_ms = int(now * 1000)
            listing = Listing(view.view, mask, now_ms, today_in_guatemala(now), said.table, view.fed)
            registers = _registers(view.view, mask, now_ms)
            listed = list(listing.entries())
            write_list(
                path,
                generation_id,
                listed,
                self._orders.entries,
                registers,
                listing.left_out,
                made_ms=now_ms,
                watched=view.ever,
            )
            followed = Followed(path)
        except (CoreError, OSError, ValueError, KeyError) as error:
            self._rests[path] = time.monotonic() + _AGAIN_S
            self._progress.failed(MAKE, path)
            log("hotlist_not_made", level=ERROR, generation=generation_id, error=error)
            return
        followed.is_new(said.denied)
        self._followed[path] = followed
        self._progress.went_well(path)
        self._rests[path] = time.monotonic() + _PAUSE_S
        log(
            "hotlist_made",
            level=INFO,
            generation=generation_id,
            mask=f"{mask:x}",
            entries=followed.file.entries,
            left_out=followed.file.left_out,
            mib=round(path.stat().st_size / 2**20, 1),
            seconds=round(time.monotonic() - started, 1),
        )

    def _remove_others(self, generations: set[str], day: str) -> None:
        """Leaves these generations' lists of the last two days: a worker may be sending one."""
        kept = {day, today_in_guatemala(time.time() - 86_400).strftime("%Y%m%d")}
        for ending in ("list", "steps", "beat"):
            for entry in self._folder.glob(f"*.{ending}"):
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
    answer = Engine(generation).answer(Method.LIST_REGISTERS, b"", Grant([mask & ~ADOLESCENTS, 0, 0, 0, 0]), clock_ms)
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
