"""Finds how far a restored log reaches: the newest checkpoint that its segments and seals satisfy.

Checkpoints, seals and segments may be of different moments, in any order. What is missing at the end is lost. A record
or a seal that differs from a checkpoint was altered, and no restore explains that: `Altered`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.audit.merkle import Tree
from core.audit.reader import SegmentReader
from server.audit.checkpoints import Checkpoint
from server.audit.seals import Seals
from server.audit.segments import Mapped, SegmentDamaged, SegmentId, list_segments, mapped, read_header

_CUT_SHORT = "truncated"  # a record that ends behind the file's end; the reader's word
_NOTHING_FAILS = 1 << 62


class Altered(Exception):
    """A record, a seal or a checkpoint is not as it was signed."""


@dataclass(frozen=True)
class Reach:
    """The end of a log. kept: None = no checkpoint holds; seals: lines of `seals` that the segments satisfy."""

    kept: Checkpoint | None
    seals: int


@dataclass(frozen=True)
class _Claim:
    """Number of records of a segment, and their root, by a checkpoint or by its seal.

    place: the checkpoint's number, or the seal's line. bytes: of the file, by its seal; None = by a checkpoint.
    """

    size: int
    root: bytes
    time_ms: int
    place: int
    bytes: int | None = None


def reach(directory: Path, checkpoints: Sequence[Checkpoint], seals: Seals) -> Reach:
    """Reads every record. checkpoints: the log's own that are in force, by their numbers.

    Raises Altered, OSError.
    """
    claims: dict[SegmentId, list[_Claim]] = {}
    for checkpoint in checkpoints:
        for segment, head in checkpoint.opened.items():
            claim = _Claim(head.size, head.root, checkpoint.time_ms, checkpoint.number)
            claims.setdefault(segment, []).append(claim)
    for segment, seal in seals.sealed.items():
        claim = _Claim(seal.records, seal.root, seal.sealed_ms, seals.place[segment], seal.size)
        claims.setdefault(segment, []).append(claim)
    present = set(list_segments(directory))
    failed = [
        claim
        for segment, its in sorted(claims.items())
        if segment not in seals.dropped
        for claim in _failed(directory, segment, its, segment in present)
    ]
    lines = min((claim.place for claim in failed if claim.bytes is not None), default=len(seals.lines))
    number = min((claim.place for claim in failed if claim.bytes is None), default=_NOTHING_FAILS)
    kept = None
    tree, hashed = Tree(), 0
    for checkpoint in checkpoints:
        size = checkpoint.seals.size
        if size > len(seals.lines) or size < hashed:
            break
        for line in seals.lines[hashed:size]:
            tree.append(line)
        hashed = size
        if tree.root() != checkpoint.seals.root:
            raise Altered(f"a line of seals before line {size + 1} was altered (checkpoint {checkpoint.number})")
        if checkpoint.number >= number or size > lines:
            break
        kept = checkpoint
    return Reach(kept, lines)


def _failed(directory: Path, segment: SegmentId, claims: list[_Claim], present: bool) -> list[_Claim]:
    """The claims that the segment does not satisfy, for it ends before or is not there. Raises Altered."""
    claims = sorted(claims, key=lambda each: each.size)
    if not present:
        return claims
    with mapped(segment.path(directory)) as data:
        reader, matched = SegmentReader(), 0
        uncut: list[_Claim] = []
        for at, claim in enumerate(claims):
            right = reader.walk(data, claim.size)
            if reader.records >= claim.size and reader.root() == claim.root:
                matched = claim.size
                if claim.bytes is not None and len(data) != claim.bytes:
                    if bytes(data[claim.bytes :]).strip(b"\0"):
                        raise Altered(f"segment {segment}: something was added behind its seal")
                    uncut.append(claim)  # it was copied before it was sealed
                continue
            ends = reader.records < claim.size and (right or reader.problem == _CUT_SHORT)
            if not ends and _made_ms(data) <= claim.time_ms:
                raise Altered(f"segment {segment}: record {matched} or one behind it was altered")
            return uncut + claims[at:]  # cut, or another one of that number, which a worker began since the restore
    return uncut


def _made_ms(data: Mapped) -> int:
    """Returns the time when a segment was begun; 0 = it has no whole header."""
    try:
        return int(read_header(data)["made_ms"])
    except SegmentDamaged:
        return 0
