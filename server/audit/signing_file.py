"""The file of `audit_signing_key`: one private key, and while the key is changed the next one behind it.

The process that signs names the next key with the one before (key_chain.py), and signs with it from then on. A killed
process loses nothing: as long as both keys are in the file, the next process finds out which of them signs.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from server.audit.checkpoints import CHECKPOINTS, CheckpointFiles
from server.audit.keys import KeyFileError, key_id, load_signing_keys

_State = tuple[int, int, int]


class SigningFile:
    """The file, read again when it was replaced or written to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: _State | None = None
        self._keys: tuple[Ed25519PrivateKey, ...] = ()

    def keys(self) -> tuple[Ed25519PrivateKey, ...]:
        """The keys that it holds now. Raises KeyFileError."""
        try:
            found = self._path.stat()
        except OSError as error:
            raise KeyFileError(f"{self._path}: {error.strerror}") from None
        state = (found.st_ino, found.st_size, found.st_mtime_ns)
        if state != self._seen:
            self._keys = load_signing_keys(self._path)
            self._seen = state
        return self._keys

    def signer(self, directory: Path) -> Ed25519PrivateKey:
        """The key of the file that signs the log in `directory` now; the first one for a log that has no checkpoint.

        Raises KeyFileError: none of its keys does. Raises CheckpointError, OSError.
        """
        keys = self.keys()
        wanted = CheckpointFiles(directory / CHECKPOINTS).next_signer()
        for key in keys:
            if wanted in ("", key_id(key.public_key())):
                return key
        raise KeyFileError(f"{self._path}: the log is signed with another key, {wanted}")

    def following(self, key: Ed25519PublicKey) -> Ed25519PrivateKey | None:
        """The key that is to follow `key`; None = none is. Raises KeyFileError."""
        keys = self.keys()
        ids = [key_id(each.public_key()) for each in keys]
        if key_id(key) not in ids:
            raise KeyFileError(f"{self._path}: holds no longer the key that signs, {key_id(key)}, which names the next")
        after = ids.index(key_id(key)) + 1
        return keys[after] if after < len(keys) else None
