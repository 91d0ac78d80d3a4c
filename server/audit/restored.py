"""The first of two persons declares, on the server, that the audit log was put back from a copy (restorations.py).

This is possible only if the log ends before the last checkpoint that it or its second keeper holds. It gives up only
what is missing at the end. A server may run beside it: its signing process does not get the directory meanwhile.
"""

from __future__ import annotations

import bisect
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from core.files.regular_file import read_file
from core.files.replacement import replace_file
from server.account import account_name
from server.audit.checkpoints import CHECKPOINTS, Checkpoint, CheckpointFiles, parse
from server.audit.confirmed import confirmed, held_by
from server.audit.keepers import DirectoryKeeper, Keeper, KeeperError, KeeperFiles, PersonRefused, open_keeper
from server.audit.key_chain import CheckpointError, KeyChain, KeyChainError
from server.audit.keys import KeyFileError
from server.audit.lacking import Lacking, What
from server.audit.looking import Tool, record_look
from server.audit.restorations import Restoration, Restorations, read_restoration, restoration
from server.audit.satisfied import reach
from server.audit.seals import SEALS_FILE, read_seals
from server.audit.set_up import audit_directory, signing_key
from server.audit.settings import AuditSettings
from server.audit.signing_file import SigningFile
from server.audit.writer import clock_ms

_POLL_S = 0.1
_T = TypeVar("_T")


class NotDeclared(Exception):
    """No restoration was declared, and nothing was changed."""


@dataclass(frozen=True)
class Declared:
    """The declared restoration. awaited: True if a person at the second keeper must accept it."""

    restoration: Restoration
    awaited: bool


@dataclass(frozen=True)
class _State:
    """Content of the log and its keeper. accepted: restorations in force; own: checkpoints in force, by number."""

    keys: KeyChain
    accepted: Restorations
    own: list[Checkpoint]
    held: Checkpoint | None  # the keeper's newest in force
    newest: tuple[int, int]  # number that was ever given, and the latest time (the clock may have stepped back)

    @property
    def newest_in_force(self) -> int:
        """The highest number of a checkpoint that is not void; 0 = there is none."""
        return max((each.number for each in (self.held, *self.own[-1:]) if each is not None), default=0)


def declare_restored(
    settings: AuditSettings, officer: Mapping[str, Any] | None, patience_s: float, case_number: str = ""
) -> Declared:
    """Declares what was lost, in the log and to its keeper. Called again it asks the keeper again.

    officer: the identity that a checked token proves; None = development mode. Raises NotDeclared, Altered, Lacking,
    KeyFileError, CheckpointError, SealsDamaged, AuditUnavailable, SettingsError, OSError.
    """
    directory = audit_directory(settings)
    if not directory.is_dir():
        raise Lacking(What.LOG, directory)
    with _locked(directory, patience_s), _keeper(settings) as keeper:
        return _Declaring(settings, directory, keeper).declare(officer, case_number)


@contextmanager
def _locked(directory: Path, patience_s: float) -> Iterator[None]:
    """Keeps the process that signs out. Raises NotDeclared: it signs."""
    deadline = time.monotonic() + patience_s
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise NotDeclared(
                        "a running server signs this log, perhaps without having reached its keeper: stop it"
                    ) from None
                time.sleep(_POLL_S)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _keeper(settings: AuditSettings) -> Iterator[Keeper | None]:
    if not settings.audit_keeper:
        yield None
        return
    files = KeeperFiles(settings.audit_keeper_ca, settings.audit_keeper_cert, settings.audit_keeper_key)
    keeper = open_keeper(settings.audit_keeper, files)
    try:
        if isinstance(keeper, DirectoryKeeper) and not Path(settings.audit_keeper).is_dir():
            raise KeeperError("its directory is not there")  # not mounted, say: it is no new keeper
        yield keeper
    except KeeperError as error:
        raise NotDeclared(f"the second keeper: {error}") from None
    finally:
        keeper.close()


class _Declaring:
    def __init__(self, settings: AuditSettings, directory: Path, keeper: Keeper | None) -> None:
        self._settings, self._directory, self._keeper = settings, directory, keeper
        self._files = CheckpointFiles(directory / CHECKPOINTS)
        signing = SigningFile(signing_key(settings))
        signing.keys()
        try:
            self._key = signing.signer(directory)
        except KeyFileError as error:
            raise self._other_key(error) from None

    def declare(self, officer: Mapping[str, Any] | None, case_number: str) -> Declared:
        state = self._state()
        seals = read_seals(self._directory)
        reached = reach(self._directory, state.own, seals)
        kept = self._shared(state, reached.kept)
        number = kept.number if kept is not None else 0
        lost = state.newest
        if number == state.newest_in_force:
            if reached.seals == len(seals.lines) and tuple(self._files.restoration_texts()) == state.accepted.texts:
                raise NotDeclared("the log is not rolled back: there is nothing to declare")
            # no signed number is lost, but seals that were not signed yet
            lost = (max(lost[0], number + 1), max(lost[1], clock_ms()))
        found = restoration(
            (number, kept.time_ms, kept.text) if kept is not None else None,
            lost,
            clock_ms(),
            str((officer or {}).get("institution", "")),
            str((officer or {}).get("nip") or account_name()),
        )
        said = {"kept": number, "lost": found.lost}
        record_look(self._settings, Tool.RESTORED, said, officer=officer, case_number=case_number)
        restorations = self._asked(state, found)
        self._cut_seals(seals.lines[: reached.seals], found.lost, cut=reached.seals < len(seals.lines))
        self._files.write_restorations(restorations.texts)
        awaited = self._keeper is not None and (state.held is not None or bool(state.accepted.each))
        return Declared(restorations.each[-1], awaited)

    def _asked(self, state: _State, found: Restoration) -> Restorations:
        """The restorations with the one that the keeper was asked for: a new text where a person refused it before."""
        before = self._same_as_before(found)
        if before is not None:
            with suppress(PersonRefused):
                return self._ask(state, before)
        return self._ask(state, found.signed(self._key))

    def _ask(self, state: _State, further: Restoration) -> Restorations:
        restorations = state.accepted.followed_by(further)
        if self._keeper is not None:
            self._keeper.ask(restorations, state.keys)
        return restorations

    def _state(self) -> _State:
        """Raises CheckpointError, KeeperError, NotDeclared."""
        try:
            keys = self._files.keys(self._key.public_key())
            own = [parse(text, keys) for text in self._files.texts()]
        except KeyChainError as error:
            raise self._other_key(error) from None
        held, texts = None, self._files.restoration_texts()
        if self._keeper is not None:
            number = confirmed(self._directory).get(self._keeper.name, 0)
            theirs = self._asked_for(lambda keeper: held_by(keeper, keys, number))
            held = theirs.last
            if theirs.restorations or held is not None:  # what only the log has was not accepted
                texts = list(theirs.restorations)
        accepted = Restorations.of(texts, keys)
        given = [(each.number, each.time_ms) for each in (*own, held) if each is not None]
        if accepted.each:
            given.append((accepted.lost, accepted.each[-1].lost_ms))
        in_force = [each for each in own if not accepted.void(each.number)]
        newest = (max((number for number, _ in given), default=0), max((time_ms for _, time_ms in given), default=0))
        return _State(keys, accepted, in_force, held, newest)

    def _asked_for(self, ask: Callable[[Keeper], _T]) -> _T:
        """Returns the keeper's answer, signed by a key that the copy knows. Raises NotDeclared, KeeperError."""
        assert self._keeper is not None
        try:
            return ask(self._keeper)
        except CheckpointError as error:
            raise self._other_key(error) from None

    def _other_key(self, why: Exception) -> NotDeclared:
        into = f"put the file `keys` of the second keeper into {self._directory / CHECKPOINTS}"
        todo = f"{into} and name the newest private key in audit_signing_key"
        return NotDeclared(f"the log was signed by another key than this copy's ({why}): {todo}")

    def _shared(self, state: _State, kept: Checkpoint | None) -> Checkpoint | None:
        """The newest checkpoint up to `kept` that the keeper does not hold otherwise.

        Where the keeper was not reached after the restore, the log went on alone, with numbers that it had given.
        """
        if self._keeper is None or state.held is None or kept is None:
            return kept
        own = [each for each in state.own if each.number <= kept.number]
        texts = {each.number: each.text for each in own}

        def differs(checkpoint: Checkpoint) -> bool:
            theirs = self._asked_for(lambda keeper: keeper.last(state.keys, checkpoint.number))
            older = theirs is None or theirs.number < own[0].number  # than what is kept here
            return not older and theirs is not None and theirs.text != texts.get(theirs.number)

        if not differs(kept):
            return kept
        place = bisect.bisect_left(own, True, key=differs)
        return own[place - 1] if place else None

    def _same_as_before(self, found: Restoration) -> Restoration | None:
        """The restoration that was declared before with the same loss and by the same person, if any."""
        for text in self._files.restoration_texts()[-1:]:
            with suppress(CheckpointError):
                before = read_restoration(text, self._files.keys(self._key.public_key()))
                if replace(before, time_ms=0, lost_ms=0, text="") == replace(found, time_ms=0, lost_ms=0):
                    return before
        return None

    def _cut_seals(self, lines: list[bytes], lost: int, *, cut: bool) -> None:
        """Keeps the seals of what is there; what was there is kept aside."""
        if not cut:
            return
        path = self._directory / SEALS_FILE
        replace_file(self._directory / f"{SEALS_FILE}.{lost}", read_file(path))
        replace_file(path, b"".join(line + b"\n" for line in lines))
