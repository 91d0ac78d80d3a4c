"""Restorations: after a log was put back from a copy, the checkpoints behind the copy's end are void.

A restoration is a few lines of text beside the checkpoints, signed like one:

    ronda audit restoration 1
    key 80b4ed076042bfd9                  the key of the number behind `lost`
    kept 10 1795551164942 <SHA-256>       newest checkpoint that the log still satisfies: number, time, hash of its text
    lost 20 1795551174950                 newest number that anybody holds, and its time
    time_ms 1795555000000
    by pnc/10001                          who declared it, on the server
    signature <base64>                    over everything before this line

Checkpoints behind `kept` up to `lost` are void: they bind nothing, and no other gets their numbers. A second keeper
takes later checkpoints once a person there has accepted the same text (accepting.py).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.audit.key_chain import CheckpointError, KeyChain
from server.audit.keys import key_id

RESTORATION_VERSION = "1"
RESTORATION_FIRST_LINE = f"ronda audit restoration {RESTORATION_VERSION}"
_NO_HASH = "0" * 64
_NOT_BY = re.compile(r"[^!-~]")
_MOST_BY = 128
_RESTORATION = re.compile(
    rf"({RESTORATION_FIRST_LINE}\nkey ([0-9a-f]{{16}})\nkept (\d{{1,18}}) (-?\d{{1,18}}) ([0-9a-f]{{64}})\n"
    rf"lost (\d{{1,18}}) (-?\d{{1,18}})\ntime_ms (-?\d{{1,18}})\nby ([!-~]{{1,{_MOST_BY}}})\n)"
    r"signature ([A-Za-z0-9+/]{1,128}={0,2})\n"
)


class RestorationError(CheckpointError):
    """A text that is no restoration of this log, or restorations that do not follow one another."""


class NotAccepted(RestorationError):
    """A restoration that waits for a person at the second keeper."""


class NotAcceptedThere(NotAccepted):
    """A restoration that a person at the second keeper refused."""


@dataclass(frozen=True)
class Restoration:
    """The content of a restoration. kept: 0 = no checkpoint holds; then kept_ms is 0 and the hash zeros."""

    kept: int
    kept_ms: int
    kept_sha256: str
    lost: int
    lost_ms: int
    time_ms: int
    by: str
    text: str = ""  # as signed, with its signature

    def signed(self, key: Ed25519PrivateKey) -> Restoration:
        """The same with its text and signature."""
        body = (
            f"{RESTORATION_FIRST_LINE}\nkey {key_id(key.public_key())}\n"
            f"kept {self.kept} {self.kept_ms} {self.kept_sha256}\nlost {self.lost} {self.lost_ms}\n"
            f"time_ms {self.time_ms}\nby {self.by}\n"
        )
        signature = base64.b64encode(key.sign(body.encode())).decode()
        return replace(self, text=f"{body}signature {signature}\n")

    def voids(self, number: int) -> bool:
        """Returns whether the checkpoint of this number is void by it."""
        return self.kept < number <= self.lost

    def keeps(self, text: str) -> bool:
        """Returns whether the text is that of the checkpoint that it names as kept."""
        return sha256_of(text) == self.kept_sha256


def restoration(
    kept: tuple[int, int, str] | None, lost: tuple[int, int], time_ms: int, institution: str, who: str
) -> Restoration:
    """An unsigned restoration. kept: number, time and text of the checkpoint; lost: number and time."""
    number, kept_ms, text = kept if kept is not None else (0, 0, "")
    by = _NOT_BY.sub("_", f"{institution or '-'}/{who}")[:_MOST_BY]
    return Restoration(number, kept_ms, sha256_of(text) if text else _NO_HASH, *lost, time_ms, by)


def sha256_of(text: str) -> str:
    """The digest by which a restoration names a checkpoint."""
    return hashlib.sha256(text.encode()).hexdigest()


def stated(text: str) -> Restoration | None:
    """Returns the content of a text, without checking its signature; None = it is no restoration."""
    match = _RESTORATION.fullmatch(text)
    if match is None or int(match[3]) >= int(match[6]):
        return None
    kept, lost = (int(match[3]), int(match[4]), match[5]), (int(match[6]), int(match[7]))
    return Restoration(*kept, *lost, int(match[8]), match[9], text)


def read_restoration(text: str, keys: KeyChain) -> Restoration:
    """Reads a restoration and checks that the key of the number behind `lost` signed it. Raises RestorationError."""
    match, found = _RESTORATION.fullmatch(text), stated(text)
    if match is None or found is None:
        raise RestorationError("no restoration")
    signer = keys.signer(found.lost + 1)
    try:
        if match[2] != key_id(signer):
            raise InvalidSignature
        signer.verify(base64.b64decode(match[10], validate=True), match[1].encode())
    except (InvalidSignature, binascii.Error, ValueError):
        raise RestorationError(f"the restoration is not signed by key {key_id(signer)}") from None
    return found


@dataclass(frozen=True)
class Restorations:
    """The restorations of one log, oldest first."""

    each: tuple[Restoration, ...] = ()

    @classmethod
    def of(cls, texts: Iterable[str], keys: KeyChain) -> Restorations:
        """Reads them. Raises RestorationError."""
        found = cls()
        for text in texts:
            found = found.followed_by(read_restoration(text, keys))
        return found

    def followed_by(self, further: Restoration) -> Restorations:
        """Returns these with one more. Raises RestorationError: it keeps a void checkpoint, or gives a number a second
        time."""
        if further.lost < self.lost:
            raise RestorationError(f"the restoration up to {further.lost} comes after one up to {self.lost}")
        if self.void(further.kept):
            raise RestorationError(f"the restoration keeps checkpoint {further.kept}, which is void")
        return Restorations((*self.each, further))

    @property
    def texts(self) -> tuple[str, ...]:
        """The text of each."""
        return tuple(each.text for each in self.each)

    @property
    def lost(self) -> int:
        """The highest number that any of them says was given; 0 = there is none."""
        return self.each[-1].lost if self.each else 0

    def of_number(self, number: int) -> Restoration | None:
        """The newest restoration by which the checkpoint of this number is void; None = it is in force."""
        return next((each for each in reversed(self.each) if each.voids(number)), None)

    def void(self, number: int) -> bool:
        """Returns whether the checkpoint of this number is void."""
        return self.of_number(number) is not None

    def after(self, number: int) -> int:
        """The number of the checkpoint in force that follows this one."""
        following = number + 1
        while (passed := self.of_number(following)) is not None:
            following = passed.lost + 1
        return following
