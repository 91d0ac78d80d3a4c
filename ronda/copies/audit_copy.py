"""Copies the audit log while it is written: checkpoints, then `seals`, then segments, then the other files.

The copy holds everything that its checkpoints claim: records, seals and checkpoints are only ever appended, each on
disk before the next names it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from core.audit.reader import SegmentReader
from core.files.regular_file import read_file
from ronda.copies.manifest import CopiedCheckpoint, CopyRefused
from ronda.copies.sinks import Sink
from server.audit.checkpoints import CHECKPOINTS, KEY_CHANGES, RESTORATIONS, CheckpointFiles
from server.audit.keys import HASH_KEY_FILE
from server.audit.retention import BIN
from server.audit.seals import SEALS_FILE, Seals, read_seals
from server.audit.segments import SegmentId, list_segments, mapped

# Files beside the checkpoints: their signers, and the void ones; a change of one is reported in these words.
_BESIDE = {KEY_CHANGES: "se cambió la llave de firma", RESTORATIONS: "se declaró repuesta la auditoría"}


def copy_audit(sink: Sink, directory: Path, root: str) -> CopiedCheckpoint | None:
    """Copies the log below `root`; returns the last checkpoint that is certain to be in the copy.

    Raises OSError, CopyRefused, SealsDamaged.
    """
    if not directory.is_dir():
        return None
    sink.directory(root, directory)
    files = CheckpointFiles(directory / CHECKPOINTS)
    last = files.last_stated()
    beside = [name for name in _BESIDE if (directory / CHECKPOINTS / name).exists()]
    if beside or files.days():
        sink.directory(f"{root}/{CHECKPOINTS}", directory / CHECKPOINTS)
    for name in beside:
        sink.file(f"{root}/{CHECKPOINTS}/{name}", directory / CHECKPOINTS / name)
    for day in files.days():
        sink.file(f"{root}/{CHECKPOINTS}/{day.name}", day)
    seals = read_seals(directory)
    # Its whole lines, as they were read: a line more would name a segment that nobody listed.
    if seals.lines:
        size = sum(len(line) + 1 for line in seals.lines)
        sink.file(f"{root}/{SEALS_FILE}", directory / SEALS_FILE, size)
    segments = {*list_segments(directory), *(each for each in seals.sealed if each not in seals.dropped)}
    for log in sorted({segment.log for segment in segments}):
        sink.directory(f"{root}/logs/{log}", directory / "logs" / log)
    for segment in sorted(segments):
        _copy_segment(sink, directory, root, segment, seals)
    _copy_beside(sink, directory, root)
    if last is None:
        return None
    key, number, text = last
    return CopiedCheckpoint(number=number, key=key, sha256=hashlib.sha256(text.encode()).hexdigest())


def refuse_changed_since(sink: Sink, directory: Path, root: str) -> None:
    """Raises CopyRefused where the signing key was changed, or the log restored, since the copy began.

    Its key, or its restorations, and its checkpoints would differ.
    """
    for name, said in _BESIDE.items():
        path = directory / CHECKPOINTS / name
        now = hashlib.sha256(read_file(path)).hexdigest() if path.exists() else ""
        copied = [entry.sha256 for entry in sink.entries if entry.path == f"{root}/{CHECKPOINTS}/{name}"]
        if [now] != (copied or [""]):
            raise CopyRefused(f"{said} mientras se copiaba; repita")


def _copy_segment(sink: Sink, directory: Path, root: str, segment: SegmentId, seals: Seals) -> None:
    arc = f"{root}/logs/{segment.log}/{segment.number:08d}"
    source = segment.path(directory)
    if not source.exists():  # retention moved it since `seals` was read, in which it still counts
        source = directory / BIN / segment.log / source.name
    sealed = seals.sealed.get(segment)
    # Only whole records of a segment that is still written to: behind them is unused room, or half a record.
    size = sealed.size if sealed is not None else _whole_bytes(source)
    if size:
        sink.file(f"{arc}.seg", source, size)
    index = segment.path(directory, ".idx")
    if segment in seals.indexed and index.exists():
        sink.file(f"{arc}.idx", index)
    if (cut := segment.path(directory, ".cut")).exists():
        sink.file(f"{arc}.cut", cut)


def _whole_bytes(source: Path) -> int:
    reader = SegmentReader()
    with mapped(source) as data:
        reader.walk(data)
        return int(reader.offset)


def _copy_beside(sink: Sink, directory: Path, root: str) -> None:
    """Copies cut parts of restorations, the bin, and the hash key last: no segment names a later key than the copy
    has."""
    for path in sorted(directory.glob(f"{SEALS_FILE}.[0-9]*")):
        sink.file(f"{root}/{path.name}", path)
    for path in sorted((directory / BIN).rglob("*")) if (directory / BIN).is_dir() else ():
        if path.is_file():
            sink.file(f"{root}/{path.relative_to(directory)}", path)
    if (directory / HASH_KEY_FILE).exists():
        sink.file(f"{root}/{HASH_KEY_FILE}", directory / HASH_KEY_FILE)
