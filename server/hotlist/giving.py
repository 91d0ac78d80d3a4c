"""Finds the list for a caller, and makes its signed headers: for a snapshot, and for a stream of steps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from google.protobuf.timestamp_pb2 import Timestamp

from core.files.replacement import replace_file
from ronda.v1 import error_pb2, hotlist_service_pb2
from server.calls.own_methods import Asked
from server.calls.unary import clock_ms
from server.errors import Refusal
from server.hotlist.entries import ADOLESCENTS, MASK
from server.hotlist.folding import FoldedList, unfolded
from server.hotlist.given_lists import GivenList, GivenLists, not_ahead
from server.hotlist.keys import HotlistKeys, key_id_of
from server.hotlist.list_file import FORMAT, list_path
from server.hotlist.list_maker import today_in_guatemala
from server.hotlist.orders import FOLDER, WANTED
from server.hotlist.steps_file import Step
from server.logs import ERROR, log
from server.trust.acting import is_to_act

RETRY_AFTER_MS = 5000
_WAIT_S = 20.0  # for a list that is being made
_LOOK_S = 0.25
_STEPS = 64  # remembered signatures: the newest are sent to everybody
_WANT_S = 5.0  # between two words to the making process about a list


class ListGiver:
    """The lists of one worker."""

    def __init__(self, data: Path, keys: HotlistKeys, valid_s: int) -> None:
        self._data, self._keys, self._valid_s = data, keys, valid_s
        self.lists = GivenLists()
        self._steps: dict[bytes, hotlist_service_pb2.SignedHotlistStep] = {}
        self._header: tuple[object, hotlist_service_pb2.SignedHotlistHeader] | None = None  # of this second
        self._wanted: dict[Path, float] = {}  # when the making process was asked

    async def list_of(self, asked: Asked) -> GivenList:
        """The newest list of the caller's mask, named in the call's record; waited for where it is being made.

        Raises Refusal.
        """
        until = time.monotonic() + _WAIT_S
        while True:
            given = self.look(asked)
            if given is not None:
                asked.generation = given.file.generation_id
                asked.answer_id = bytes.fromhex(given.file.list_id)  # which list was given
                return given
            if time.monotonic() > until:
                raise Refusal(error_pb2.ERROR_REASON_PART_UNAVAILABLE, retry_after_ms=RETRY_AFTER_MS)
            await asyncio.sleep(_LOOK_S)

    @staticmethod
    def mask(asked: Asked) -> int:
        """Sections of a list that the caller may see now: each mask has a list of its own."""
        shown = int(asked.entered.grant.mask(1)) & MASK & ~ADOLESCENTS
        return shown | (ADOLESCENTS if is_to_act(asked.entered.purpose) else 0)

    def still_permitted(self, asked: Asked, mask: int) -> None:
        """Checks the permission before more of a list of that mask is sent.

        Raises Refusal, also if the caller may now see other sections: a new request gets the list of these.
        """
        asked.still_permitted()
        if self.mask(asked) != mask:
            raise Refusal(error_pb2.ERROR_REASON_PART_UNAVAILABLE, retry_after_ms=RETRY_AFTER_MS)

    def look(self, asked: Asked) -> GivenList | None:
        """The same as it is now; one that is not there yet is wanted. Raises Refusal."""
        keeper = asked.service.keeper
        if keeper.engine is None:
            raise keeper.no_generation()
        mask, day = self.mask(asked), key_id_of(today_in_guatemala(time.time()))
        path = list_path(self._data, keeper.current_id, day, mask)
        now = time.monotonic()
        if now - self._wanted.get(path, -_WANT_S) >= _WANT_S:
            self._wanted = {name: at for name, at in self._wanted.items() if now - at < _WANT_S} | {path: now}
            self._want(mask, keeper.current_id)
        return self.lists.look(path)

    def _want(self, mask: int, generation_id: str) -> None:
        """Tells the making process; the supervisor starts it when something is wanted for the first time."""
        folder = self._data / FOLDER / WANTED
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(folder / f"{mask:x}", generation_id.encode(), durable=False)
        except OSError as error:
            log("hotlist_not_wanted", level=ERROR, error=error)

    def header(
        self, given: GivenList, purpose: int, number: int, *, unchanged: bool
    ) -> hotlist_service_pb2.SignedHotlistHeader:
        """Returns the header of the list and `number` of its steps.

        For 0 steps it is as the list was made; for all steps it has the registers' present state.
        """
        about = (given.file.list_id, number, purpose, unchanged, clock_ms() // 1000, len(given.steps.steps))
        if self._header is not None and self._header[0] == about:
            return self._header[1]
        at_end = number == len(given.steps.steps)
        header = self._header_of(unfolded(given.file), given.registers if at_end else given.file.registers, purpose)
        header.unchanged = unchanged
        header.step = number
        header.chain = given.chain(number) or b""
        signed = self._signed(header, given.followed_ms if at_end else not_ahead(given.file.made_ms))
        self._header = about, signed
        return signed

    def folded_header(
        self, given: GivenList, whole: FoldedList, purpose: int, *, unchanged: bool
    ) -> hotlist_service_pb2.SignedHotlistHeader:
        """Returns the header of a list with its steps folded in."""
        header = self._header_of(whole, given.registers, purpose)
        header.unchanged = unchanged
        header.chain = whole.sha256
        return self._signed(header, given.followed_ms)

    def _header_of(self, whole: FoldedList, registers: bytes, purpose: int) -> hotlist_service_pb2.HotlistHeader:
        header = hotlist_service_pb2.HotlistHeader.FromString(registers)
        now = clock_ms()
        header.format = FORMAT
        header.list_id = whole.list_id
        header.generation_id = whole.file.generation_id
        header.made_at.CopyFrom(timestamp(now))
        header.valid_until.CopyFrom(timestamp(now + self._valid_s * 1000))
        header.entries = whole.entries
        header.blocks = len(whole.sizes)
        header.size_bytes = sum(whole.sizes)
        header.sha256 = whole.sha256
        header.left_out = whole.file.left_out
        header.purpose = purpose  # type: ignore[assignment]
        return header

    def _signed(
        self, header: hotlist_service_pb2.HotlistHeader, followed_ms: int
    ) -> hotlist_service_pb2.SignedHotlistHeader:
        if followed_ms:
            header.followed_at.CopyFrom(timestamp(followed_ms))
        packed = header.SerializeToString()
        return hotlist_service_pb2.SignedHotlistHeader(
            header=packed, signature=self._keys.signature(packed), key_id=self._keys.key_id
        )

    def step(self, step: Step) -> hotlist_service_pb2.SignedHotlistStep:
        """A step as it is sent, to all who follow."""
        known = self._steps.get(step.chain)
        if known is None:
            signature = self._keys.step_signature(step.content)
            known = hotlist_service_pb2.SignedHotlistStep(
                step=step.content, signature=signature, key_id=self._keys.key_id
            )
            if len(self._steps) >= _STEPS:
                self._steps.clear()
            self._steps[step.chain] = known
        return known


@contextmanager
def list_as_it_was() -> Iterator[None]:
    """Around what reads a list's blocks. Raises Refusal where another took its place: the next try has that one."""
    try:
        yield
    except OSError as error:
        log("hotlist_not_read", level=ERROR, error=error)
        raise Refusal(error_pb2.ERROR_REASON_PART_UNAVAILABLE, retry_after_ms=RETRY_AFTER_MS) from None


def timestamp(ms: int) -> Timestamp:
    """Returns the timestamp of the whole second."""
    found = Timestamp()
    found.FromDatetime(datetime.fromtimestamp(ms // 1000, UTC))
    return found
