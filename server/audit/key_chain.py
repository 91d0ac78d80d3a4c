"""Keys that sign one log, each named by the one before it: a chain that begins with the first.

A change of keys is a few lines of text beside the checkpoints, signed by both keys:

    ronda audit key change 1
    key 80b4ed076042bfd9 <base64>       id and raw public key of the key that signed until then
    next 1c9a55e07f0be2d4 <base64>      of the one that signs from `number` on
    number 43                           of the first checkpoint of the next key
    time_ms 1795546862123
    accepted <base64>                   the next key's signature over everything before this line
    signature <base64>                  the old key's signature over everything before this line

The old key names its successor; the successor accepts, so that a reader who knows only a later key can go back by it. A
key names one successor, and none names a key that signed before. Each key signs its own numbers only. A key that has a
successor signs nothing more; the successor signs nothing that lies before its time.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from server.audit.keys import key_id

CHANGE_VERSION = "1"
CHANGE_FIRST_LINE = f"ronda audit key change {CHANGE_VERSION}"
_BASE64 = r"([A-Za-z0-9+/]{1,128}={0,2})"
_CHANGE = re.compile(
    rf"(({CHANGE_FIRST_LINE}\nkey ([0-9a-f]{{16}}) {_BASE64}\nnext ([0-9a-f]{{16}}) {_BASE64}\n"
    rf"number (\d{{1,18}})\ntime_ms (-?\d{{1,18}})\n)accepted {_BASE64}\n)signature {_BASE64}\n"
)


class CheckpointError(Exception):
    """A text that is no checkpoint or no change of keys, or not signed by the key expected."""


class KeyChainError(CheckpointError):
    """Changes of keys that are no chain, or a key that is not in it."""


class OtherKey(KeyChainError):
    """The key that the caller trusts is none of this log's."""


@dataclass(frozen=True)
class KeyChange:
    """One key names the next. number: of the first checkpoint that the next one signs."""

    key: Ed25519PublicKey
    following: Ed25519PublicKey
    number: int
    time_ms: int
    text: str


def named(key: Ed25519PrivateKey, following: Ed25519PrivateKey, number: int, time_ms: int) -> KeyChange:
    """The change by which `key` names `following`, signed by both."""
    ours, theirs = key.public_key(), following.public_key()
    body = (
        f"{CHANGE_FIRST_LINE}\nkey {key_id(ours)} {_text(ours.public_bytes_raw())}\n"
        f"next {key_id(theirs)} {_text(theirs.public_bytes_raw())}\nnumber {number}\ntime_ms {time_ms}\n"
    )
    body += f"accepted {_text(following.sign(body.encode()))}\n"
    return KeyChange(ours, theirs, number, time_ms, f"{body}signature {_text(key.sign(body.encode()))}\n")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def read_change(text: str) -> KeyChange:
    """Reads a change of keys and checks both signatures. Raises KeyChainError."""
    match = _CHANGE.fullmatch(text)
    if match is None:
        raise KeyChainError("no change of keys")
    try:
        key, following, accepted, signature = (base64.b64decode(match[at], validate=True) for at in (4, 6, 9, 10))
        old, new = Ed25519PublicKey.from_public_bytes(key), Ed25519PublicKey.from_public_bytes(following)
        new.verify(accepted, match[2].encode())
        old.verify(signature, match[1].encode())
    except (InvalidSignature, binascii.Error, ValueError):
        raise KeyChainError(f"the change to key {match[5]} is not signed by key {match[3]}") from None
    if (key_id(old), key_id(new)) != (match[3], match[5]):
        raise KeyChainError("no change of keys")
    return KeyChange(old, new, int(match[7]), int(match[8]), text)


@dataclass(frozen=True)
class KeyChain:
    """The keys of one log. changes: in their order, each naming the key that the next change is signed by."""

    first: Ed25519PublicKey
    changes: tuple[KeyChange, ...] = ()

    @classmethod
    def of(cls, known: Ed25519PublicKey, texts: Iterable[str] = ()) -> KeyChain:
        """The chain that the texts make. known: a key that the caller trusts; it must be one of the chain.

        Raises KeyChainError; OtherKey where the known one is none of them.
        """
        changes = [read_change(text) for text in texts]
        chain = cls(changes[0].key if changes else known)
        for change in changes:
            chain = chain.followed_by(change)
        keys = [chain.first, *(change.following for change in changes)]
        if known.public_bytes_raw() not in [each.public_bytes_raw() for each in keys]:  # an id has 64 bits
            raise OtherKey(f"key {key_id(known)} is none of this log: nobody named it ({', '.join(chain.ids)})")
        return chain

    def followed_by(self, change: KeyChange) -> KeyChain:
        """The chain with one key more. Raises KeyChainError: its newest key did not name it."""
        old, new, ids = key_id(change.key), key_id(change.following), self.ids
        if old in ids[:-1]:
            raise KeyChainError(f"key {old} names a second key, {new}: it named {ids[ids.index(old) + 1]}")
        if change.key.public_bytes_raw() != self.newest.public_bytes_raw():
            raise KeyChainError(f"key {old} names key {new}, and is none of this log: nobody named it")
        if new in ids:
            raise KeyChainError(f"key {old} names key {new}, which signed before it")
        if change.number < max((each.number for each in self.changes), default=1):
            raise KeyChainError(f"the change to key {new} lies before the change to key {old}")
        return KeyChain(self.first, (*self.changes, change))

    @property
    def ids(self) -> tuple[str, ...]:
        """Each key's id, oldest first."""
        return (key_id(self.first), *(key_id(change.following) for change in self.changes))

    @property
    def newest(self) -> Ed25519PublicKey:
        """The key that signs what comes next."""
        return self.changes[-1].following if self.changes else self.first

    @property
    def texts(self) -> tuple[str, ...]:
        """The text of each change."""
        return tuple(change.text for change in self.changes)

    def begins_with(self, other: KeyChain) -> bool:
        """Returns whether the other's changes are the first of these."""
        return self.texts[: len(other.changes)] == other.texts

    def signer(self, number: int) -> Ed25519PublicKey:
        """Returns the key that signs the checkpoint of this number."""
        signers = [change.following for change in self.changes if change.number <= number]
        return signers[-1] if signers else self.first

    def check_signed(self, number: int, stated: str, body: str, signature: bytes) -> None:
        """Raises CheckpointError unless the body is signed by the key of that number. stated: the key that it names."""
        signer = self.signer(number)
        if stated != key_id(signer):
            if stated in self.ids:
                raise CheckpointError(f"checkpoint {number} names key {stated}: key {key_id(signer)} signs that number")
            raise CheckpointError(f"checkpoint {number} names key {stated}, which no key of this log named")
        try:
            signer.verify(signature, body.encode())
        except InvalidSignature:
            raise CheckpointError("the signature does not hold") from None
