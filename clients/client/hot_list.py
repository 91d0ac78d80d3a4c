"""The hot list as a server sends it (docs/hotlist.md): each part proved before it is kept, each change in its place.

A step is signed, names its list and its number, and holds the SHA-256 of the step before. So a step that is lost,
repeated, out of order or from another list does not fit. A holder of a list continues from its place, where all of it
is proved.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.protobuf.message import DecodeError

from ronda.v1.hotlist_service_pb2 import (
    HotlistBlock,
    HotlistHeader,
    HotlistStep,
    SignedHotlistHeader,
    SignedHotlistStep,
    SyncRequest,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ronda.v1.context_pb2 import RequestContext
    from ronda.v1.hotlist_service_pb2 import SyncResponse

FORMAT = 1
_DOMAIN, _STEP_DOMAIN = b"ronda hotlist v1\n", b"ronda hotlist step v1\n"
_LIST_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_MOST_PLAIN = 1 << 20  # bytes of a block unpacked; the contract's 256 entries have far less


class ListRefused(Exception):
    """A list or step that is not the server's, not whole, or does not fit; the text says why, without values."""


class ListPlace(NamedTuple):
    """The held part of a list. chain: SHA-256 of the last step; for a list without steps, of its header."""

    list_id: str
    step: int
    chain: bytes


def sync_request(context: RequestContext, place: ListPlace | None) -> SyncRequest:
    """Asks for a list, or for what follows the one that is held up to `place`."""
    request = SyncRequest(context=context)
    if place is not None:
        request.list_id, request.step, request.chain = place
    return request


class ListKeeper(Protocol):
    """The keeper of a list. Its inputs are proved; any error that it raises ends the stream."""

    @property
    def place(self) -> ListPlace | None:
        """Returns the place up to which the list is kept; None = there is none."""

    def write(self, signed: SignedHotlistHeader, header: HotlistHeader, blocks: Iterator[bytes]) -> None:
        """Replaces the list once every block came; the last one raises ListRefused if they are not the signed ones."""

    def append(self, signed: SignedHotlistStep, step: HotlistStep, place: ListPlace) -> None:
        """The next step, which leads there."""

    def renew(self, signed: SignedHotlistHeader, header: HotlistHeader) -> None:
        """A later header of what is kept."""


def verified_header(signed: SignedHotlistHeader, signing_keys: Mapping[str, bytes]) -> HotlistHeader:
    """The header, if a key of the server signed it and its format is ours. Raises ListRefused."""
    _verify(signed.key_id, signed.signature, _DOMAIN + signed.header, signing_keys)
    header = HotlistHeader.FromString(signed.header)
    if header.format != FORMAT or not _LIST_ID.fullmatch(header.list_id):
        raise ListRefused("another format")
    return header


def verified_step(
    signed: SignedHotlistStep, place: ListPlace, signing_keys: Mapping[str, bytes]
) -> tuple[HotlistStep, ListPlace]:
    """The step, if a key of the server signed it and it is the next one; and where it leads. Raises ListRefused."""
    _verify(signed.key_id, signed.signature, _STEP_DOMAIN + signed.step, signing_keys)
    try:
        step = HotlistStep.FromString(signed.step)
    except DecodeError:
        raise ListRefused("a step that is none") from None
    if step.list_id != place.list_id:
        raise ListRefused("a step of another list")
    if step.step != place.step + 1 or step.before != place.chain:
        raise ListRefused("a step that does not fit the one before")
    return step, ListPlace(place.list_id, step.step, hashlib.sha256(signed.step).digest())


def _verify(key_id: str, signature: bytes, content: bytes, signing_keys: Mapping[str, bytes]) -> None:
    if key_id not in signing_keys:
        raise ListRefused("signed by an unknown key")
    try:
        Ed25519PublicKey.from_public_bytes(signing_keys[key_id]).verify(signature, content)
    except (InvalidSignature, ValueError):
        raise ListRefused("the signature does not hold") from None


def unpacked(block: bytes) -> HotlistBlock:
    """A block as it was compressed. Raises ListRefused."""
    try:
        unpacking = zlib.decompressobj()
        plain = unpacking.decompress(block, _MOST_PLAIN)
        if not unpacking.eof:
            raise ListRefused("a block without an end")
        return HotlistBlock.FromString(plain)
    except (zlib.error, DecodeError):
        raise ListRefused("a damaged block") from None


def take(
    parts: Iterator[SyncResponse], keeper: ListKeeper, signing_keys: Mapping[str, bytes]
) -> Iterator[HotlistHeader]:
    """Keeps what a stream brings; yields each header that says that the keeper has every step there is.

    Raises ListRefused where something does not fit: what is kept by then is as it should be.
    """
    for part in parts:
        if part.HasField("step"):
            _next_step(part.step, keeper, signing_keys)
            continue
        if not part.snapshot.HasField("header"):
            raise ListRefused("a block of no list")
        signed = part.snapshot.header
        header = verified_header(signed, signing_keys)
        if not header.unchanged:
            keeper.write(signed, header, _blocks(parts, header))
            continue
        if keeper.place != ListPlace(header.list_id, header.step, header.chain):
            raise ListRefused("steps are missing")
        keeper.renew(signed, header)
        yield header


def _next_step(signed: SignedHotlistStep, keeper: ListKeeper, signing_keys: Mapping[str, bytes]) -> None:
    place = keeper.place
    if place is None:
        raise ListRefused("a step of no list")
    if place.step and hashlib.sha256(signed.step).digest() == place.chain:
        return  # the last one again: it is kept
    step, reached = verified_step(signed, place, signing_keys)
    keeper.append(signed, step, reached)


def _blocks(parts: Iterator[SyncResponse], header: HotlistHeader) -> Iterator[bytes]:
    """Yields the blocks of this header. Raises ListRefused, at the latest in place of their end."""
    digest = hashlib.sha256()
    for _ in range(header.blocks):
        part = next(parts, None)
        if part is None or not part.snapshot.block:
            raise ListRefused("blocks are missing")
        digest.update(part.snapshot.block)
        yield part.snapshot.block
    if digest.digest() != header.sha256:
        raise ListRefused("the blocks are not those that were signed")
