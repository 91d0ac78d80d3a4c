"""The generations that a worker holds open: the current one, and older ones while a stream or page token pins them.

Besides the current one a call may name only a generation that was current here within `named_s` (docs/answers.md
section 13); after a start only the current one. A stream keeps its generation to its end.

The data directory's CURRENT names the published generation. A new one is opened and checked beside the old one, then
becomes current between two calls of the event loop. The old one is closed when its last call or stream has ended. If a
new one is refused (damaged, unreadable), the last good one keeps serving. Everything but opening happens in the event
loop's thread, so there are no locks.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from core.call.confirmations import Confirmations
from core.engine.entry import Engine
from core.errors import CoreError, GenerationDamaged
from core.files.regular_file import read_file
from core.generation.store import Generation
from core.generation.subject_key import check_subject_key
from core.generation.view_file import LIVE, read_view
from core.names.tables_digest import tables_digest
from ronda.v1 import error_pb2
from server.calls.live_levels import LiveLevels
from server.errors import Refusal
from server.logs import ERROR, WARNING, log
from server.metrics import counts as call_metrics

_OTHER_TABLES = "built with other tables of names: what they do not share is not found by name; build it anew"
# Also what keeps a client's text from naming any other directory.
_ID = re.compile(r"\A\d{8}T\d{6}Z-[0-9a-f]{8}\Z")
# Reported in place of what stands in a CURRENT that is damaged: that may be anything, and goes into logs and metadata.
_NO_ID = "(none)"
_CURRENT_BYTES = 64
_REFUSED_RETRY_S = 15.0
_RETRY_AFTER_MS = 1000
# Older generations kept open for page tokens, besides those in use.
_OLDER_KEPT = 2
# A new generation waits so long for its live changes before it is reported as one that cannot serve.
_HANDOVER_S = 600.0
_GLANCE_S = 0.01  # whether there is another view: one file's status
_UNFED_S = 1.0  # between two looks where nothing was ever fed
_NOT_LAID_OVER = "the live changes are not laid over it yet: see the log of ronda live"


class ServedGeneration:
    """An open generation (its engine holds it open), and how many calls and streams use it.

    `engine` is that of the newest view: another one once live changes came.
    """

    def __init__(self, generation: Generation, page_key: bytes, live: LiveLevels | None = None) -> None:
        self._page_key = page_key
        self.engine = Engine(generation, page_key)
        self.id: str = self.engine.generation_id
        self.invented = bool(generation.manifest.get("invented"))
        self.uses = 0
        self.live = live
        if live is not None and (view := live.look()) is not None:
            self.take(view)

    def take(self, view: Generation) -> None:
        """Answers from this view of the same generation from now on; calls in flight end on theirs."""
        engine = Engine(view, self._page_key)
        engine.inherit(self.engine)
        self.engine = engine


class GenerationKeeper:
    """Opens, switches and closes generations. `engine` is the current one's, None when nothing may be served."""

    def __init__(
        self,
        data: Path,
        poll_s: float,
        *,
        page_key: bytes,
        named_s: float,
        live_poll_s: float = 0.0,
        fed: Collection[str] = (),
    ) -> None:
        """fed: registers that sources of the settings feed."""
        self.engine: Engine | None = None
        self.refused: str = ""  # id of the generation that CURRENT names and that was refused
        self.refused_why: str = ""
        self.on_change: Callable[[], None] = lambda: None
        self._data = data
        self._poll_s = poll_s
        self._live_poll_s, self._fed = live_poll_s, fed  # 0 = no live changes are looked for
        self._awaited_since: dict[str, float] = {}  # id of what waits for its live changes -> since when
        self._page_key = page_key
        self._named_s = named_s
        self._ceased: dict[str, float] = {}  # id of what was current here -> until when, event loop's clock
        self._looking = asyncio.Lock()
        self._confirmations: Confirmations | None = None
        self._current: ServedGeneration | None = None
        self._open: dict[str, ServedGeneration] = {}  # by id, least recently used first
        self._opening: dict[str, asyncio.Task[ServedGeneration]] = {}
        self._refused_stamp: tuple[str, int] | None = None
        self._refused_until = 0.0

    @property
    def current_id(self) -> str:
        """Id of the current generation; "" = none."""
        return self._current.id if self._current is not None else ""

    @property
    def live(self) -> LiveLevels | None:
        """Returns the live changes over the current generation; None if nothing is served, or live changes are off."""
        return self._current.live if self._current is not None else None

    def show(self, confirmations: Confirmations) -> None:
        """Shows these in every answer from now on (docs/confirmation.md); in the event loop's thread."""
        self._confirmations = confirmations
        for served in self._open.values():
            served.engine.confirmations = confirmations

    def no_generation(self) -> Refusal:
        """Returns the refusal while nothing is served: NO_GENERATION, with the refused generation if there is one."""
        metadata = {"refused_generation": self.refused} if self.refused else {}
        return Refusal(error_pb2.ERROR_REASON_NO_GENERATION, retry_after_ms=_RETRY_AFTER_MS, metadata=metadata)

    async def start(self, last_good: str = "") -> None:
        """Opens the generation named by CURRENT. If that is refused, the last good one keeps serving.

        That is `last_good`, which other workers serve, else the newest on disk that is older. Never a newer one: the
        operator went back from it on purpose.

        An older one may revive cancelled records; its as-of is in every answer, in health and in the log. If it lacks
        live changes, the generation that has them serves until they are laid over it.
        """
        if self._live_poll_s and (newest := await asyncio.to_thread(self._with_newest_changes)):
            with contextlib.suppress(CoreError, OSError):
                self._switch(await self._opened(newest))
        await self._look()
        if self._current is not None or not self.refused:
            return
        refused, why, stamp = self.refused, self.refused_why, self._refused_stamp
        for generation_id in self._good_before(refused, last_good):
            try:
                self._switch(await self._opened(generation_id))
            except (CoreError, OSError) as error:
                log("generation_refused", level=ERROR, generation=generation_id, why=_why(error))
                continue
            log("last_good_generation_serves", level=WARNING, generation=generation_id, refused=refused)
            self.refused, self.refused_why, self._refused_stamp = refused, why, stamp  # reported as it still is
            self.on_change()
            return

    def _good_before(self, refused: str, last_good: str) -> list[str]:
        """Ids that may serve in place of a refused one, best first."""
        if not _ID.match(refused):
            return [last_good] if last_good else []
        try:
            names = [entry.name for entry in (self._data / "generations").iterdir()]
        except OSError:
            names = []
        older = sorted((name for name in names if _ID.match(name) and name < refused), reverse=True)
        preferred = [last_good] if last_good and last_good != refused else []
        return [*preferred, *(name for name in older if name != last_good)]

    async def watch(self) -> None:
        """Looks for a new generation for ever."""
        while True:
            await asyncio.sleep(self._poll_s)
            await self._look()

    async def watch_live(self) -> None:
        """Looks for live changes over the current generation for ever, where they are looked for at all."""
        while self._live_poll_s:
            await self._until_live()
            await self._look_live()

    async def _until_live(self) -> None:
        """Waits for another view, or `live_poll_ms`: a writer or a taking process that stopped is noticed then."""
        live = self._current.live if self._current is not None else None
        if live is None or not live.is_fed:
            await asyncio.sleep(max(self._live_poll_s, _UNFED_S))
            return
        end = time.monotonic() + self._live_poll_s
        while (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(left, _GLANCE_S))
            if self._current is not None and self._current.live is not None and self._current.live.is_another():
                return

    async def _look_live(self) -> None:
        served = self._current
        if served is None or served.live is None:
            return
        view = await asyncio.to_thread(served.live.look)
        if view is None:
            return
        served.take(view)
        if served is self._current:
            self.engine = served.engine
            self.on_change()

    def _with_newest_changes(self) -> str:
        """Returns the id of a generation with newer live changes than the one that CURRENT names; "" = none."""
        stamp = self._stamp()
        if stamp is None or not _ID.match(stamp[0]):
            return ""
        sequences = {stamp[0]: 0}
        try:
            homes = [entry for entry in (self._data / LIVE).iterdir() if _ID.match(entry.name)]
        except OSError:
            return ""
        for home in homes:
            with contextlib.suppress(CoreError, OSError):
                sequences[home.name] = read_view(home).sequence
        kept = [name for name in sequences if _is_directory(self._data / "generations" / name)]
        newest = max(kept, key=lambda name: sequences[name], default="")
        return newest if newest and sequences[newest] > sequences[stamp[0]] else ""

    async def _waits_for_changes(self, served: ServedGeneration) -> bool:
        """Returns whether a generation lacks changes that the present one shows: it would revive cancelled records.

        It is then not served, however long that takes; the fed registers are STALE meanwhile.
        """
        before = self._current
        if before is None or before.live is None or served.live is None:
            return False
        needed = before.live.place
        if not needed.sequence:
            return False
        if (view := await asyncio.to_thread(served.live.look)) is not None:
            served.take(view)
        place = served.live.place
        if place.ledger == needed.ledger and place.sequence >= needed.sequence:
            return False
        now = asyncio.get_running_loop().time()
        since = self._awaited_since.setdefault(served.id, now)
        if now - since >= _HANDOVER_S and self.refused != served.id:
            log("generation_waits_for_changes", level=ERROR, generation=served.id, serving=self.current_id)
            self.refused, self.refused_why = served.id, _NOT_LAID_OVER
            self.on_change()
        return True

    async def _look(self) -> None:
        async with self._looking:  # the watcher, and calls that name what this worker has not switched to yet
            await self._look_once()

    async def _look_once(self) -> None:
        stamp = self._stamp()
        if stamp is None or stamp[0] == self.current_id:
            if stamp is not None and self.refused:  # CURRENT went back to the good one
                self.refused = self.refused_why = ""
                self._refused_stamp = None
                self.on_change()
            return
        loop = asyncio.get_running_loop()
        if stamp == self._refused_stamp and loop.time() < self._refused_until:
            return
        wanted = stamp[0]
        try:
            served = await self._opened(wanted)
        except (CoreError, OSError) as error:
            if stamp != self._refused_stamp:  # once for each publishing, not for each look
                call_metrics.REFUSED.inc()
                log("generation_refused", level=ERROR, generation=wanted, why=_why(error), serving=self.current_id)
            self._refused_stamp = stamp
            self._refused_until = loop.time() + _REFUSED_RETRY_S
            self.refused, self.refused_why = wanted, _why(error)
            self.on_change()
            return
        if await self._waits_for_changes(served):
            return
        self._awaited_since.clear()
        self._switch(served)

    def _stamp(self) -> tuple[str, int] | None:
        """The id in CURRENT (_NO_ID where it holds none) and the time of its writing, ns; None = nothing published."""
        path = self._data / "CURRENT"
        try:
            status = path.lstat()
            content = read_file(path, _CURRENT_BYTES).decode("ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError):
            content = ""
        return content if _ID.match(content) else _NO_ID, status.st_mtime_ns

    def _switch(self, served: ServedGeneration) -> None:
        before = self._current
        self._current, self.engine = served, served.engine
        self.refused = self.refused_why = ""
        self._refused_stamp = None
        if before is not None:
            call_metrics.SWITCHES.inc()
            now = asyncio.get_running_loop().time()
            self._ceased = {name: at for name, at in self._ceased.items() if now - at < self._named_s}
            self._ceased[before.id] = now
        log("generation_serves", generation=served.id, before=before.id if before is not None else "")
        self._close_unused()
        self.on_change()

    async def _opened(self, generation_id: str) -> ServedGeneration:
        """The open generation of that id, opened where need be; once, however many ask. Raises CoreError, OSError."""
        if (served := self._open.pop(generation_id, None)) is not None:
            self._open[generation_id] = served
            return served
        if not _ID.match(generation_id):
            raise GenerationDamaged("CURRENT", "holds no generation id")
        task = self._opening.get(generation_id)
        if task is None:
            task = asyncio.create_task(self._open_new(generation_id))
            self._opening[generation_id] = task
            task.add_done_callback(lambda _: self._opening.pop(generation_id, None))
        return await asyncio.shield(task)

    async def _open_new(self, generation_id: str) -> ServedGeneration:
        served = await asyncio.to_thread(self._open_and_check, generation_id)
        served.engine.confirmations = self._confirmations
        self._open[generation_id] = served
        return served

    def _open_and_check(self, generation_id: str) -> ServedGeneration:
        try:
            generation = Generation.open(self._data / "generations" / generation_id)
            live = LiveLevels(generation, self._data, self._fed) if self._live_poll_s else None
            served = ServedGeneration(generation, self._page_key, live)
        except (CoreError, OSError, MemoryError):
            raise
        except Exception as error:  # damage that no check foresaw: refused like any other, never a worker's end
            raise GenerationDamaged("generation", f"cannot be opened: {type(error).__name__}") from error
        if served.id != generation_id:
            raise GenerationDamaged("MANIFEST.json", "names another generation than its directory")
        check_subject_key(self._data, generation.manifest.get("subject_key"))
        if generation.manifest.get("name_tables") != tables_digest():
            log("generation_of_other_name_tables", level=WARNING, generation=served.id, why=_OTHER_TABLES)
        return served

    @asynccontextmanager
    async def current(self) -> AsyncIterator[ServedGeneration]:
        """Pins the current generation. Raises Refusal NO_GENERATION."""
        if self._current is None:
            raise self.no_generation()
        async with self._use(self._current) as served:
            yield served

    @asynccontextmanager
    async def pinned(self, generation_id: str) -> AsyncIterator[ServedGeneration]:
        """Pins the generation of that id: the current one, or an earlier one that may still be named and is kept or on
        disk. Raises Refusal GENERATION_GONE.
        """
        if _ID.match(generation_id) and not self._may_be_named(generation_id):
            await self._look()  # another worker may have switched a moment before this one
        directory = self._data / "generations" / generation_id
        if not self._may_be_named(generation_id) or (generation_id not in self._open and not _is_directory(directory)):
            raise Refusal(error_pb2.ERROR_REASON_GENERATION_GONE)
        try:
            served = await self._opened(generation_id)
        except (CoreError, OSError) as error:
            log("generation_refused", level=ERROR, generation=generation_id, why=_why(error), serving=self.current_id)
            raise Refusal(error_pb2.ERROR_REASON_GENERATION_GONE) from None
        async with self._use(served):
            yield served

    def _may_be_named(self, generation_id: str) -> bool:
        if generation_id == self.current_id:
            return bool(generation_id)
        ceased = self._ceased.get(generation_id)
        return ceased is not None and asyncio.get_running_loop().time() - ceased < self._named_s

    @asynccontextmanager
    async def _use(self, served: ServedGeneration) -> AsyncIterator[ServedGeneration]:
        served.uses += 1
        try:
            yield served
        finally:
            served.uses -= 1
            self._close_unused()

    def _close_unused(self) -> None:
        idle = [s.id for s in self._open.values() if s.uses == 0 and s is not self._current]
        closed = [self._open.pop(generation_id) for generation_id in idle[: max(0, len(idle) - _OLDER_KEPT)]]
        if closed:
            log("generation_closed", generations=[served.id for served in closed])
            # The files are unmapped with the last reference, which takes milliseconds for gigabytes: in a thread, not
            # between two calls. An answer that is still being computed in another thread holds a reference of its own.
            asyncio.get_running_loop().run_in_executor(None, closed.clear)


def _is_directory(path: Path) -> bool:
    """Returns False too where nobody may look: Path.is_dir raises for a parent that is closed to this user."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _why(error: BaseException) -> str:
    """File and reason of a refusal: our own texts, or the system's for a file; never a caller's data."""
    if isinstance(error, GenerationDamaged):
        return str(error)
    if isinstance(error, OSError):
        return f"{Path(str(error.filename)).name if error.filename else ''}: {error.strerror}"
    return type(error).__name__
