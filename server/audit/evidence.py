"""Proofs about the log for somebody who does not have it: that a record is in it, that it continues an older state.

JSON objects as docs/audit-format.md (section "Proofs") says; `holds` checks them with one public signing key alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.audit.merkle import leaf_hash
from core.audit.reader import SegmentReader, read_body
from server.audit.checkpoints import CHECKPOINTS, Checkpoint, CheckpointFiles, Head, parse
from server.audit.key_chain import CheckpointError, KeyChain, KeyChainError
from server.audit.lacking import Lacking, What
from server.audit.proofs import consistency_path, consistent, included, inclusion_path
from server.audit.restorations import Restoration, Restorations
from server.audit.seals import Seal, Seals, SealsDamaged, read_line, read_seals
from server.audit.segments import SegmentId, mapped

# A name as directories of the log have it; numbers that the reader's own hold.
_RECORD = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)/([0-9]{1,18})/([0-9]{1,18})")


class NotProvable(Exception):
    """No checkpoint binds this record (it is younger than a second), or it is not there."""


class RecordWrong(NotProvable):
    """A record of the segment is not as it was written."""


def record_place(text: str) -> tuple[SegmentId, int]:
    """The segment and the place in it of "worker-0/2/17", as records are named. Raises Lacking."""
    named = _RECORD.fullmatch(text)
    if named is None:
        raise Lacking(What.RECORD)
    return SegmentId(named[1], int(named[2])), int(named[3])


def _last(directory: Path, key: Ed25519PublicKey) -> tuple[Checkpoint, KeyChain, Restorations]:
    files = CheckpointFiles(directory / CHECKPOINTS)
    keys = files.keys(key)
    restorations = files.restorations(keys)
    last = files.newest(keys, restorations)
    if last is None:
        raise NotProvable("there is no checkpoint yet")
    return last, keys, restorations


def _with_changes(proof: dict[str, Any], keys: KeyChain, restorations: Restorations) -> dict[str, Any]:
    """The proof with the changes of keys, by which any of them leads to the one that signed, and the restorations."""
    proof = {**proof, "key_changes": list(keys.texts)} if keys.changes else proof
    return {**proof, "restorations": list(restorations.texts)} if restorations.each else proof


def _seal_proof(seals: Seals, segment: SegmentId, size: int) -> dict[str, Any]:
    place = seals.place[segment]
    leaves = b"".join(leaf_hash(line) for line in seals.lines[:size])
    return {
        "line": seals.lines[place].decode(),
        "place": place,
        "size": size,
        "path": [each.hex() for each in inclusion_path(leaves, place, size)],
    }


def _bound(checkpoint: Checkpoint, seals: Seals, segment: SegmentId) -> int:
    """Returns the number of records of a segment that the checkpoint binds. Raises NotProvable."""
    if segment in checkpoint.opened:
        return checkpoint.opened[segment].size
    if seals.place.get(segment, checkpoint.seals.size) < checkpoint.seals.size:
        return seals.sealed[segment].records
    raise NotProvable(f"no checkpoint binds segment {segment}")


def _is_there(directory: Path, segment: SegmentId, place: int) -> bool:
    """Returns False where the log has no such record: it never was, or a restore lost it."""
    if place < 0:
        return False
    reader = SegmentReader()
    try:
        with mapped(segment.path(directory)) as data:
            are_right = reader.walk(data, place + 1)
    except FileNotFoundError:
        return False
    return not are_right or place < reader.records


def prove_record(directory: Path, key: Ed25519PublicKey, segment: SegmentId, place: int) -> dict[str, Any]:
    """Proves that a record is in the log. Raises NotProvable, CheckpointError, SealsDamaged, OSError."""
    checkpoint, keys, restorations = _last(directory, key)
    seals = read_seals(directory)
    if not _is_there(directory, segment, place):  # waiting would bring no checkpoint that binds it
        raise NotProvable(f"segment {segment} has no record {place}")
    size = _bound(checkpoint, seals, segment)
    if place >= size:
        raise NotProvable(f"checkpoint {checkpoint.number} binds {size} records of segment {segment}")
    reader = SegmentReader(keep_leaves=True)
    with mapped(segment.path(directory)) as data:
        reader.walk(data, place)
        offset = reader.offset
        reader.walk(data, size)
        if reader.records < size:
            raise RecordWrong(f"segment {segment}: record {reader.records} is wrong ({reader.problem or 'removed'})")
        body = read_body(data, offset)
    proof: dict[str, Any] = {
        "record": body.hex(),
        "checkpoint": checkpoint.text,
        "segment": {
            "log": segment.log,
            "number": segment.number,
            "place": place,
            "size": size,
            "path": [each.hex() for each in inclusion_path(reader.leaves, place, size)],
        },
    }
    if segment not in checkpoint.opened:
        proof["seal"] = _seal_proof(seals, segment, checkpoint.seals.size)
    return _with_changes(proof, keys, restorations)


def prove_continuation(directory: Path, key: Ed25519PublicKey, old_text: str) -> dict[str, Any]:
    """Proves that the present state continues an older checkpoint. Raises as prove_record."""
    new, keys, restorations = _last(directory, key)
    old = parse(old_text, keys)
    if (lost_by := restorations.of_number(old.number)) is not None:
        goes_on = f"the log goes on from checkpoint {lost_by.kept}"
        raise NotProvable(f"checkpoint {old.number} was lost when the log was put back from a copy: {goes_on}")
    seals = read_seals(directory)
    if old.seals.size > new.seals.size:
        raise NotProvable("that checkpoint is newer than the last one here")
    leaves = b"".join(leaf_hash(line) for line in seals.lines[: new.seals.size])
    path = consistency_path(leaves, old.seals.size, new.seals.size) if old.seals.size else []
    segments = []
    for segment, head in sorted(old.opened.items()):
        size = _bound(new, seals, segment)
        reader = SegmentReader(keep_leaves=True)
        with mapped(segment.path(directory)) as data:
            reader.walk(data, size)
        if reader.records < size or head.size > size:
            raise RecordWrong(f"segment {segment}: record {reader.records} is wrong ({reader.problem or 'removed'})")
        steps = consistency_path(reader.leaves, head.size, size)
        part: dict[str, Any] = {
            "log": segment.log,
            "number": segment.number,
            "old_size": head.size,
            "new_size": size,
            "path": [each.hex() for each in steps],
        }
        if segment not in new.opened:
            part["seal"] = _seal_proof(seals, segment, new.seals.size)
        segments.append(part)
    proof = {
        "old": old.text,
        "new": new.text,
        "seals": {
            "old_size": old.seals.size,
            "new_size": new.seals.size,
            "path": [each.hex() for each in path],
        },
        "segments": segments,
    }
    return _with_changes(proof, keys, restorations)


def _hashes(path: list[str]) -> list[bytes]:
    return [bytes.fromhex(each) for each in path]


def _head(checkpoint: Checkpoint, part: Mapping[str, Any], seal: Mapping[str, Any] | None) -> Head | None:
    """The head of the segment that `part` names, as the checkpoint binds it."""
    segment = SegmentId(part["log"], int(part["number"]))
    if seal is None:
        return checkpoint.opened.get(segment)
    line = str(seal["line"]).encode()
    size = int(seal["size"])
    if size != checkpoint.seals.size or not included(
        leaf_hash(line), int(seal["place"]), size, _hashes(seal["path"]), checkpoint.seals.root
    ):
        return None
    entry = read_line(line)
    if not isinstance(entry, Seal) or entry.segment != segment:
        return None
    return Head(entry.records, entry.root)


def holds(proof: Mapping[str, Any], key: Ed25519PublicKey) -> bool:
    """Returns whether a proof of either kind shows what it says; False for anything that is none.

    A proof of a record that a restore lost later still holds: the record was in the log (`lost_since`).
    """
    try:
        keys = KeyChain.of(key, proof.get("key_changes", ()))
        if "record" in proof:
            return _record_holds(proof, parse(proof["checkpoint"], keys))
        return _continuation_holds(proof, parse(proof["old"], keys), parse(proof["new"], keys))
    except (KeyError, TypeError, ValueError, AttributeError, CheckpointError, SealsDamaged):
        return False


@dataclass(frozen=True)
class Loss:
    """A checkpoint of a proof that a restoration made void."""

    number: int
    restoration: Restoration
    accepted: bool  # a second keeper holds the restoration


def lost_since(
    proof: Mapping[str, Any], key: Ed25519PublicKey, own: CheckpointFiles, keepers: Iterable[CheckpointFiles]
) -> list[Loss]:
    """Returns the checkpoints of a valid proof that a restore has made void, judged by the files here.

    Raises CheckpointError, OSError.
    """
    keys = KeyChain.of(key, proof.get("key_changes", ()))
    numbers = {parse(proof[name], keys).number for name in ("checkpoint", "old", "new") if name in proof}
    accepted = [found for files in keepers for found in _restorations_in(files, key)]
    declared = _restorations_in(own, key)
    return [
        Loss(number, each, each in accepted)
        for each in dict.fromkeys([*accepted, *declared])
        for number in sorted(numbers)
        if each.voids(number)
    ]


def _restorations_in(files: CheckpointFiles, key: Ed25519PublicKey) -> tuple[Restoration, ...]:
    """The restorations of this key's log that lie in a directory; none of another log's. Raises as lost_since."""
    try:
        return files.restorations(files.keys(key)).each
    except KeyChainError:
        return ()


def _record_holds(proof: Mapping[str, Any], checkpoint: Checkpoint) -> bool:
    part = proof["segment"]
    head = _head(checkpoint, part, proof.get("seal"))
    leaf = leaf_hash(bytes.fromhex(proof["record"]))
    return (
        head is not None
        and head.size == int(part["size"])
        and included(leaf, int(part["place"]), head.size, _hashes(part["path"]), head.root)
    )


def _continuation_holds(proof: Mapping[str, Any], old: Checkpoint, new: Checkpoint) -> bool:
    seals = proof["seals"]
    if (int(seals["old_size"]), int(seals["new_size"])) != (old.seals.size, new.seals.size):
        return False
    if old.seals.size and not consistent(
        old.seals.size, old.seals.root, new.seals.size, new.seals.root, _hashes(seals["path"])
    ):
        return False
    parts = {SegmentId(part["log"], int(part["number"])): part for part in proof["segments"]}
    if parts.keys() != old.opened.keys():
        return False
    for segment, before in old.opened.items():
        after = _head(new, parts[segment], parts[segment].get("seal"))
        if after is None or not consistent(
            before.size, before.root, after.size, after.root, _hashes(parts[segment]["path"])
        ):
            return False
    return True
