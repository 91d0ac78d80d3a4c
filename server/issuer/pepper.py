"""Secrets kept out of the database: the pepper keys, and the database's newest sequence.

<pepper>/keys.json    {"keys": [{"id": ..., "key": 32 bytes, hexadecimal}, ...]}, newest first; mode 0600
<pepper>/newest.json  {"database": id of the database, "sequence": its newest}: a database that is older was rolled back

A thief of the database without the keys can try no PIN, however few digits it has: numbers and PINs are keyed with them
before they are stored. Each stored hash names its key; a hash in use is renewed under the newest key.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from core.documents import json_of
from core.files.regular_file import read_file
from core.files.replacement import replace_file
from server.settings import SettingsError, file_fault
from server.trust.issuing import write_private

KEYS, NEWEST = "keys.json", "newest.json"
_KEY_BYTES = 32
_MOST_KEYS = 8  # each number is looked for under all of them


@dataclass(frozen=True)
class Key:
    """One pepper key. id: 16 hexadecimal digits, random."""

    id: str
    key: bytes

    def of(self, what: str, *parts: bytes) -> bytes:
        """HMAC-SHA-256 of the parts for one use of the key, 32 bytes."""
        message = b"".join(len(part).to_bytes(4, "big") + part for part in (what.encode(), *parts))
        return hmac.digest(self.key, message, "sha256")


class Pepper:
    """The keys, newest first."""

    def __init__(self, directory: Path) -> None:
        """Raises SettingsError: no such file, not a key file, or one that others may read."""
        path = directory / KEYS
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            keys = json_of(read_file(path))["keys"]
            self.keys = tuple(Key(str(each["id"]), bytes.fromhex(each["key"])) for each in keys)
        except (OSError, ValueError) as error:
            raise file_fault(path, error) from None
        except (KeyError, TypeError):
            raise SettingsError(f"{path}: holds no keys") from None
        if mode & 0o077:
            raise SettingsError(f"{path}: mode {mode:04o}: only its owner may read it (0600)")
        if not self.keys or any(len(each.key) != _KEY_BYTES for each in self.keys):
            raise SettingsError(f"{path}: holds no keys of {_KEY_BYTES} bytes")

    @property
    def newest(self) -> Key:
        """The key for everything new."""
        return self.keys[0]

    def by_id(self, identity: str) -> Key | None:
        """Returns the key; None for a removed one: its hashes can no longer be proven."""
        return next((each for each in self.keys if each.id == identity), None)

    def all_of(self, what: str, *parts: bytes) -> list[bytes]:
        """Returns the result of `Key.of` under each key."""
        return [each.of(what, *parts) for each in self.keys]


def make_pepper(directory: Path) -> None:
    """A directory with its first key. Raises FileExistsError."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(directory / KEYS, _text([_new_key()]))


def rotate_pepper(directory: Path) -> Key:
    """Puts a new key before the others. Raises SettingsError, OSError; the file is whole at every moment."""
    keys = Pepper(directory).keys
    if len(keys) >= _MOST_KEYS:
        raise SettingsError(f"{directory / KEYS}: holds {_MOST_KEYS} keys: take away those that nothing uses")
    made = _new_key()
    replace_file(directory / KEYS, _text([made, *keys]))
    return made


def drop_keys(directory: Path, used: set[str]) -> int:
    """Takes away keys, other than the newest, under which nothing is stored; how many."""
    keys = Pepper(directory).keys
    kept = [each for number, each in enumerate(keys) if number == 0 or each.id in used]
    if len(kept) < len(keys):
        replace_file(directory / KEYS, _text(kept))
    return len(keys) - len(kept)


class RolledBack(SettingsError):
    """The database is older than it was: somebody put back a copy, and with it its lock-outs and revocations."""


class Newest:
    """The newest sequence of one database, kept beside the pepper. Safe from several processes."""

    def __init__(self, directory: Path, database: str) -> None:
        self._path = directory / NEWEST
        self._database = database

    def check(self, sequence: int) -> None:
        """Raises RolledBack for a database older than the newest sequence, or with an unknown newest sequence."""
        try:
            held = json_of(read_file(self._path))
            known = held["sequence"] if held["database"] == self._database else None
        except (OSError, ValueError, KeyError, TypeError):
            known = None
        if not isinstance(known, int):
            raise RolledBack(f"{self._path}: does not know this database: restored? See `ronda keys issuer accept`")
        if sequence < known:
            raise RolledBack(f"{self._path}: the database was rolled back ({sequence} of {known} changes)")

    def move_to(self, sequence: int, *, back: bool = False) -> None:
        """Writes a newer sequence, durably; an older one only where a person says so (`back`)."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                held = int(json_of(file.read())["sequence"])
            except (ValueError, KeyError, TypeError):
                held = -1
            if held >= sequence and not back:
                return
            # In place, of one length: a torn write leaves no number, which is refused and reported.
            text = json.dumps({"database": self._database, "sequence": sequence})
            file.seek(0)
            file.write(f"{text:<120}\n".encode())
            file.truncate()
            file.flush()
            os.fdatasync(file.fileno())


def _new_key() -> Key:
    return Key(secrets.token_hex(8), secrets.token_bytes(_KEY_BYTES))


def _text(keys: list[Key]) -> bytes:
    return json.dumps({"keys": [{"id": each.id, "key": each.key.hex()} for each in keys]}, indent=2).encode() + b"\n"
