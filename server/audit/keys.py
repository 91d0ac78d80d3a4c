"""Keys of the audit log: for reading it, for signing it, and for hiding the persons in it.

- The auditor's X25519 key pair: the public half is on the server, the private half with the auditor alone. Every
  segment has a query key (AES-256-GCM) and the hash key of its time (HMAC-SHA-256), both sealed to the auditor by HPKE
  (RFC 9180, base mode, X25519, HKDF-SHA256, AES-256-GCM) in the segment's header.
- The query key lives in the worker's memory while the segment is written, and nowhere else. The hash key is the same
  for `HASH_KEY_DAYS`, in a file of mode 0600, so that one subject's look-ups can be linked; older ones exist only
  sealed, the one before it also in that file for `recall_days`.
- The Ed25519 signing key signs checkpoints; another one may follow it (key_chain.py).

Key files are PEM (PKCS #8, SubjectPublicKeyInfo).
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from core.documents import json_of
from core.files.regular_file import open_regular, read_file
from core.files.replacement import create_file, give_to_owner_of

KEY_BYTES = 32
HASH_KEY_DAYS = 30
HASH_KEY_FILE = "hash.key"

_DAY_MS = 86_400_000
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_PEM_END = b"-----END PUBLIC KEY-----"
_PRIVATE_PEM_END = b"-----END PRIVATE KEY-----"
_RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


class KeyFileError(Exception):
    """A key file that cannot be read, or holds another kind of key. At fault: the person who configures."""


@dataclass(frozen=True)
class SegmentKeys:
    """The keys sealed in a segment's header: 32 bytes each."""

    query_key: bytes
    hash_key: bytes


@dataclass(frozen=True)
class HashKey:
    """The hash key of a time. id: 16 hexadecimal digits, random."""

    id: str
    key: bytes


def write_private(path: Path, data: bytes) -> None:
    """Writes a file that only its owner reads; raises FileExistsError rather than replace a key."""
    with os.fdopen(create_file(path), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _private_pem(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(key: Ed25519PublicKey | X25519PublicKey) -> bytes:
    """SubjectPublicKeyInfo, PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def make_auditor_keys(directory: Path) -> tuple[Path, Path]:
    """Makes auditor.key (private) and auditor.pub in `directory`. Raises FileExistsError when there is one."""
    key = X25519PrivateKey.generate()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(directory / "auditor.key", _private_pem(key))
    write_private(directory / "auditor.pub", public_pem(key.public_key()))
    return directory / "auditor.key", directory / "auditor.pub"


def make_signing_keys(directory: Path) -> tuple[Path, Path]:
    """Makes signing.key (private) and signing.pub in `directory`. Raises FileExistsError when there is one."""
    key = Ed25519PrivateKey.generate()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(directory / "signing.key", _private_pem(key))
    write_private(directory / "signing.pub", public_pem(key.public_key()))
    return directory / "signing.key", directory / "signing.pub"


def _load(path: Path, private: bool, kind: type[Any], name: str) -> Any:
    try:
        pem = read_file(path)
        key = (
            serialization.load_pem_private_key(pem, password=None)
            if private
            else serialization.load_pem_public_key(pem)
        )
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from None
    except (ValueError, TypeError) as error:
        raise KeyFileError(f"{path}: no {name} in PEM") from error
    if not isinstance(key, kind):
        raise KeyFileError(f"{path}: another kind of key than {name}")
    return key


def load_auditor_private(path: Path) -> X25519PrivateKey:
    """Raises KeyFileError."""
    key: X25519PrivateKey = _load(path, True, X25519PrivateKey, "X25519 private key")
    return key


def load_auditors(path: Path) -> tuple[X25519PublicKey, ...]:
    """The auditors' public keys: one file of one or several PEM blocks. Raises KeyFileError."""
    try:
        blocks = read_file(path).split(_PEM_END)
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from None
    keys: list[X25519PublicKey] = []
    for block in blocks:
        if not block.strip():
            continue
        try:
            key = serialization.load_pem_public_key(block.strip() + _PEM_END + b"\n")
        except (ValueError, TypeError) as error:
            raise KeyFileError(f"{path}: no X25519 public key in PEM") from error
        if not isinstance(key, X25519PublicKey):
            raise KeyFileError(f"{path}: another kind of key than X25519 public key")
        keys.append(key)
    if not keys:
        raise KeyFileError(f"{path}: no X25519 public key in PEM")
    return tuple(keys)


def load_signing_keys(path: Path) -> tuple[Ed25519PrivateKey, ...]:
    """The signing keys of a file: one PEM block, or while the key is changed two, the next one last.

    Raises KeyFileError.
    """
    try:
        blocks = [block for block in read_file(path).split(_PRIVATE_PEM_END) if block.strip()]
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from None
    keys: list[Ed25519PrivateKey] = []
    for block in blocks or [b""]:
        try:
            key = serialization.load_pem_private_key(block.strip() + b"\n" + _PRIVATE_PEM_END + b"\n", password=None)
        except (ValueError, TypeError) as error:
            raise KeyFileError(f"{path}: no Ed25519 private key in PEM") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyFileError(f"{path}: another kind of key than Ed25519 private key")
        keys.append(key)
    return tuple(keys)


def load_signing_private(path: Path) -> Ed25519PrivateKey:
    """The first signing key of a file: while the key is changed, the one that the log knows. Raises KeyFileError."""
    return load_signing_keys(path)[0]


def signing_pem(keys: Iterable[Ed25519PrivateKey]) -> bytes:
    """The content of such a file."""
    return b"".join(map(_private_pem, keys))


def load_signing_public(path: Path) -> Ed25519PublicKey:
    """Raises KeyFileError."""
    key: Ed25519PublicKey = _load(path, False, Ed25519PublicKey, "Ed25519 public key")
    return key


def key_id(key: X25519PublicKey | Ed25519PublicKey) -> str:
    """First eight bytes of the SHA-256 of the raw public key, hexadecimal."""
    return hashlib.sha256(key.public_bytes(*_RAW)).hexdigest()[:16]


# ---- what a segment's header seals ----


def _info(log: str, segment: int) -> bytes:
    return f"ronda-audit/1 {log} {segment}".encode()


def seal_keys(keys: SegmentKeys, log: str, segment: int, auditors: Iterable[X25519PublicKey]) -> list[dict[str, str]]:
    """The header's `recipients`: for each auditor the key's id and the sealed keys (base64)."""
    plain = keys.query_key + keys.hash_key
    info = _info(log, segment)
    return [
        {"key": key_id(auditor), "sealed": base64.b64encode(_SUITE.encrypt(plain, auditor, info=info)).decode()}
        for auditor in auditors
    ]


def open_keys(header: Mapping[str, Any], auditor: X25519PrivateKey) -> SegmentKeys | None:
    """The keys that a header seals; None when they are not sealed to this auditor, or were altered."""
    wanted = key_id(auditor.public_key())
    info = _info(header["log"], header["segment"])
    for recipient in header["recipients"]:
        if recipient["key"] != wanted:
            continue
        try:
            plain = _SUITE.decrypt(base64.b64decode(recipient["sealed"], validate=True), auditor, info=info)
        except (InvalidTag, ValueError, binascii.Error):
            continue
        if len(plain) == 2 * KEY_BYTES:
            return SegmentKeys(plain[:KEY_BYTES], plain[KEY_BYTES:])
    return None


def new_query_key() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(KEY_BYTES)


def keyed_hash(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA-256, its first 16 bytes: what the log holds in place of a subject id or of what was asked."""
    return hmac.digest(key, data, "sha256")[:16]


def current_hash_key(directory: Path, now_ms: int, kept_ms: int = 0) -> HashKey:
    """The hash key of the present time, made anew when it is older than HASH_KEY_DAYS or there is none.

    kept_ms: how long the one that it replaces stays in the file. Workers take turns by a lock on the file. Raises
    KeyFileError when the file is damaged: a silent new key would hide that look-ups can no longer be linked.
    """
    path = directory / HASH_KEY_FILE
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise KeyFileError(f"{path}: not a file")
        fcntl.flock(file, fcntl.LOCK_EX)
        text = file.read()
        held = _hash_keys(path, text) if text else None
        before = _still_kept(held, now_ms, kept_ms) if held is not None else []
        if held is not None and abs(now_ms - held.made_ms) < HASH_KEY_DAYS * _DAY_MS:
            wanted = _HashKeys(held.key, held.made_ms, before)
        else:
            if held is not None and kept_ms:
                before.append(_Replaced(held.key, now_ms + kept_ms))
            wanted = _HashKeys(HashKey(secrets.token_hex(8), secrets.token_bytes(KEY_BYTES)), now_ms, before)
        if wanted != held:
            if held is None:
                give_to_owner_of(directory, file.fileno())
            file.seek(0)
            file.write(json.dumps(wanted.document()).encode())
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        return wanted.key


def _still_kept(held: _HashKeys, now_ms: int, kept_ms: int) -> list[_Replaced]:
    """Returns the replaced keys that stay.

    A clock that is more than two periods ahead of the present key removes nothing. No expiry lies further ahead than a
    right clock would set it.
    """
    if not kept_ms:
        return []
    if now_ms - held.made_ms > 2 * HASH_KEY_DAYS * _DAY_MS:
        return held.before
    kept = [each for each in held.before if now_ms < each.until_ms]
    return [_Replaced(each.key, min(each.until_ms, now_ms + kept_ms + _DAY_MS)) for each in kept]


def kept_hash_keys(directory: Path, now_ms: int) -> list[HashKey]:
    """The present hash key, and those before it that are kept yet; none where nothing was ever recorded.

    Raises KeyFileError, OSError.
    """
    path = directory / HASH_KEY_FILE
    try:
        file = open_regular(path)
    except FileNotFoundError:
        return []
    with file:
        fcntl.flock(file, fcntl.LOCK_SH)
        text = file.read()
    if not text:
        return []
    held = _hash_keys(path, text)
    return [held.key, *(each.key for each in held.before if now_ms < each.until_ms)]


@dataclass(frozen=True)
class _Replaced:
    """A key that another took the place of. until_ms: when it leaves the file."""

    key: HashKey
    until_ms: int


@dataclass(frozen=True)
class _HashKeys:
    """The content of `hash.key`."""

    key: HashKey
    made_ms: int
    before: list[_Replaced]

    def document(self) -> dict[str, Any]:
        """Returns the content for its JSON."""
        held: dict[str, Any] = {"id": self.key.id, "key": self.key.key.hex(), "made_ms": self.made_ms}
        if self.before:
            held["before"] = [{"id": b.key.id, "key": b.key.key.hex(), "until_ms": b.until_ms} for b in self.before]
        return held


def _hash_keys(path: Path, text: bytes) -> _HashKeys:
    """Raises KeyFileError."""
    try:
        held = json_of(text)
        before = [_Replaced(_hash_key(each), int(each["until_ms"])) for each in held.get("before", ())]
        return _HashKeys(_hash_key(held), int(held["made_ms"]), before)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeyFileError(f"{path}: no hash key; restore it, or remove it to begin with a new one") from None


def _hash_key(held: dict[str, Any]) -> HashKey:
    key = HashKey(held["id"], bytes.fromhex(held["key"]))
    if len(key.key) != KEY_BYTES:
        raise ValueError
    return key
