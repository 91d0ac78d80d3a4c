"""A second keeper and the restorations of the log: it takes none by itself, a person there accepts each.

What the log asks for lies beside the checkpoints as `restorations.asked`. `accept` makes it one of `restorations`, the
file that the log has too; `refuse` takes it away. Until then the keeper takes nothing that the log signs by it. A
keeper that holds no checkpoint has nothing that a restoration could take from it: it takes them as they are. Each
answer is a line of `restorations.answers`: the account that gave it, when, and the SHA-256 of the text it is about.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from server.account import account_name
from server.audit.checkpoints import Checkpoint, CheckpointFiles
from server.audit.key_chain import KeyChain
from server.audit.lacking import Lacking, What
from server.audit.restorations import (
    NotAccepted,
    NotAcceptedThere,
    Restoration,
    RestorationError,
    Restorations,
    read_restoration,
)

_ACCEPTED, _REFUSED = "accepted", "refused"  # lines of `restorations.answers`


class NothingAsked(Exception):
    """No restoration waits here."""


def must_be_accepted(asked: Restoration) -> str:
    """Returns the message to a log: a person must accept the restoration at its keeper."""
    return (
        f"the restoration of checkpoints {asked.kept + 1} to {asked.lost} waits for a person at the second keeper: "
        "`ronda audit witness-accept`"
    )


def was_refused(asked: Restoration) -> str:
    """Returns the message to a log: a person at its keeper refused the restoration."""
    return (
        f"a person at the second keeper refused the restoration of checkpoints {asked.kept + 1} to {asked.lost}: "
        "where it is true, `ronda audit restored` declares it anew"
    )


def take_restorations(files: CheckpointFiles, texts: Sequence[str], keys: KeyChain) -> None:
    """Returns if the log's restorations are those that the keeper holds; notes a further one as asked for.

    Raises NotAccepted for a further one; NotAcceptedThere for one that a person refused, which is not noted again;
    RestorationError if the log has others than those held; OSError.
    """
    held = tuple(files.restoration_texts())
    if tuple(texts) == held:
        return
    if tuple(texts[: len(held)]) != held:
        raise RestorationError("it holds another restoration than the log")
    restorations = Restorations.of(texts, keys)
    if files.last_stated() is None:
        files.write_restorations(texts)
        return
    if len(texts) > len(held) + 1:
        raise RestorationError("several restorations wait for a person at the second keeper")
    asked = restorations.each[-1]
    _hold_against(files, asked, keys)
    if files.last_answer(asked.text) == _REFUSED:
        raise NotAcceptedThere(was_refused(asked))
    if files.asked() != [asked.text]:
        files.write_asked(asked.text)
    raise NotAccepted(must_be_accepted(asked))


def _hold_against(files: CheckpointFiles, asked: Restoration, keys: KeyChain) -> None:
    """Raises RestorationError where the keeper's checkpoints are not those that the restoration speaks of."""
    held = files.restorations(keys)
    newest = files.newest(keys, held)
    number = max(newest.number if newest is not None else 0, held.lost)
    if number > asked.lost:
        raise RestorationError(
            f"checkpoint {number} is at the second keeper: the restoration knows none above {asked.lost}"
        )
    if newest is not None and asked.lost_ms < newest.time_ms:
        raise RestorationError(
            f"checkpoint {newest.number} is later at the second keeper than what the restoration loses"
        )
    kept = files.newest(keys, held, asked.kept)
    if kept is not None and kept.number == asked.kept and not asked.keeps(kept.text):
        raise RestorationError(f"checkpoint {asked.kept} is another one at the second keeper")


@dataclass(frozen=True)
class Asked:
    """A restoration that waits, and what the keeper itself holds of what would be void."""

    restoration: Restoration
    newest: Checkpoint | None  # of the keeper
    after: Checkpoint | None  # the newest that stays in force


class AcceptingKeeper:
    """The directory of a keeper, at which a person accepts."""

    def __init__(self, directory: Path, key: Ed25519PublicKey) -> None:
        """key: one that the log signs with, or signed with. Raises Lacking, CheckpointError, OSError."""
        if not directory.is_dir():
            raise Lacking(What.KEEPER, directory)
        self._files = CheckpointFiles(directory)
        self._keys = self._files.keys(key)

    def asked(self) -> Asked:
        """Returns the restoration that waits. Raises NothingAsked, RestorationError, OSError."""
        texts = self._files.asked()
        if not texts:
            raise NothingAsked
        found = read_restoration("".join(texts), self._keys)
        held = self._files.restorations(self._keys)
        held.followed_by(found)
        _hold_against(self._files, found, self._keys)
        after = self._files.newest(self._keys, held, found.kept)
        return Asked(found, self._files.newest(self._keys, held), after)

    def accept(self, asked: Asked) -> None:
        """Makes what was shown to the person one of the keeper's restorations. Raises RestorationError, OSError."""
        held = self._files.restorations(self._keys)
        _hold_against(self._files, asked.restoration, self._keys)
        after = held.followed_by(asked.restoration).texts
        self._note(_ACCEPTED, asked.restoration.text)
        self._files.write_restorations(after)
        self._files.write_asked("")

    def refuse(self) -> bool:
        """Takes away what waits; returns whether anything did. Raises OSError."""
        asked = "".join(self._files.asked())
        if asked:
            self._note(_REFUSED, asked)
        self._files.write_asked("")
        return bool(asked)

    def _note(self, answer: str, text: str) -> None:
        """Keeps who answered, before the answer has an effect: an acceptance that nobody gave is seen as such."""
        self._files.note_answer(answer, text, time.time_ns() // 1_000_000, account_name())
