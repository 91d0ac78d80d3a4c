"""An operator changes `audit_signing_key`: the key of before names the next one, which signs from then on.

Both keys stand in the file until the change is in the log, so that a process that is killed in between loses nothing.
Where a server runs, its process names the next key within a second; else this one does.
"""

from __future__ import annotations

import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.files.replacement import replace_file
from server.audit.checkpointer import Checkpointer
from server.audit.checkpoints import CHECKPOINTS, CheckpointFiles
from server.audit.keepers import KeeperFiles, open_keeper
from server.audit.keeping import Inconsistent
from server.audit.key_chain import KeyChain, KeyChange
from server.audit.keys import KeyFileError, key_id, load_signing_keys, signing_pem
from server.audit.lacking import Lacking, What
from server.audit.set_up import audit_directory, signing_key
from server.audit.settings import AuditSettings
from server.audit.signing_file import SigningFile

_POLL_S = 0.1


class NotTakenUp(Exception):
    """The process that signs did not name the next key in time: both keys stay in the file."""


def change_signing_key(settings: AuditSettings, new: Path, patience_s: float) -> KeyChange:
    """Makes the key in `new` the one that signs, in the log and in the file of `audit_signing_key`.

    Called again it goes on where it was stopped, and changes nothing where all is done. Raises NotTakenUp, Lacking,
    KeyFileError, CheckpointError, Inconsistent, SealsDamaged, OSError.
    """
    directory = audit_directory(settings)
    if not directory.is_dir():
        raise Lacking(What.LOG, directory)
    path = signing_key(settings).resolve()
    signing = SigningFile(path)
    held, next_key = signing.keys(), load_signing_keys(new)[0]
    if next_key.public_key() not in [each.public_key() for each in held]:
        _lay_beside(directory, signing, path, next_key, new)
    deadline = time.monotonic() + patience_s
    while (keys := _chain(directory, held[0])).newest != next_key.public_key():
        try:
            named = _named_here(settings, directory, path)
        except Inconsistent:  # nothing may be signed, and no later start is to change the key by itself
            replace_file(path, signing_pem((signing.signer(directory),)))
            raise
        if not named:
            if time.monotonic() > deadline:
                raise NotTakenUp
            time.sleep(_POLL_S)
    if not keys.changes:
        raise KeyFileError(f"{new}: is the key that signs")
    replace_file(path, signing_pem((next_key,)))
    return keys.changes[-1]


def _chain(directory: Path, known: Ed25519PrivateKey) -> KeyChain:
    return CheckpointFiles(directory / CHECKPOINTS).keys(known.public_key())


def _lay_beside(directory: Path, signing: SigningFile, path: Path, next_key: Ed25519PrivateKey, new: Path) -> None:
    """Writes the next key behind the one that signs. Raises KeyFileError, CheckpointError, OSError."""
    held = signing.keys()
    if len(held) > 1:
        unfinished = key_id(held[-1].public_key())
        raise KeyFileError(f"{new}: a change to key {unfinished} is not finished: name the file of that one")
    signer = signing.signer(directory)
    if key_id(next_key.public_key()) in _chain(directory, signer).ids:
        raise KeyFileError(f"{new}: signed this log before: make a new key")
    replace_file(path, signing_pem((signer, next_key)))


def _named_here(settings: AuditSettings, directory: Path, path: Path) -> bool:
    """Names the next key, unless a server's process signs here."""
    key, following = load_signing_keys(path)
    files = KeeperFiles(settings.audit_keeper_ca, settings.audit_keeper_cert, settings.audit_keeper_key)
    keepers = [open_keeper(settings.audit_keeper, files)] if settings.audit_keeper else []
    try:
        checkpointer = Checkpointer(directory, key, keepers, settings.audit_retention_years)
    except BlockingIOError:
        return False
    try:
        checkpointer.change_key(following)
    finally:
        checkpointer.close()
    return True
