"""Checks that the audit log is whole: every record, seal and checkpoint, its own and the second keeper's.

Needs no secret: one of the public signing keys is enough. A problem is reported with its place: the record and its
segment, or the two records between which a forger has made the bytes fit.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.audit.merkle import Tree
from core.audit.reader import SegmentReader
from server.audit.checkpoints import CHECKPOINTS, Checkpoint, CheckpointFiles, parse
from server.audit.confirmed import confirmed
from server.audit.index import open_index, open_unproven_index
from server.audit.key_chain import CheckpointError, KeyChain, KeyChainError, OtherKey
from server.audit.keys import key_id
from server.audit.restorations import Restoration, RestorationError, Restorations
from server.audit.seals import Seal, Seals, SealsDamaged, read_seals
from server.audit.segments import Mapped, SegmentDamaged, SegmentId, list_segments, mapped, read_header

_CLOCK_SLACK_MS = 1000  # a clock that is disciplined steps back by less


@dataclass(frozen=True)
class Problem:
    """Something that is not as it was written. record: its place in the segment, from 0; None = no single one."""

    what: str
    segment: SegmentId | None = None
    record: int | None = None

    def __str__(self) -> str:
        place = "" if self.segment is None else f"segment {self.segment}"
        place += "" if self.record is None else f", record {self.record}"
        return f"{place}: {self.what}" if place else self.what


@dataclass
class Verdict:
    """The amount read, the problems found, and the checks that are not possible here (`unchecked`)."""

    records: int = 0
    segments: int = 0
    checkpoints: int = 0
    dropped: int = 0
    last: Checkpoint | None = None  # the newest of the own checkpoints
    keys: KeyChain | None = None  # that signed them
    problems: list[Problem] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)  # NO_KEEPER, EMPTY_KEEPER, what a keeper does not reach
    clock_steps: list[str] = field(default_factory=list)  # where the server's clock stepped back: no forgery
    restorations: list[Restoration] = field(default_factory=list)  # by which checkpoints were given up


NO_KEEPER = "no second keeper was named: whether the log was emptied or rolled back cannot be told"
EMPTY_KEEPER = "a second keeper holds no checkpoint: whether the log was emptied or rolled back cannot be told"


@dataclass(frozen=True)
class _Claim:
    """A checkpoint's claim about a segment or about the seals, at one size."""

    size: int
    root: bytes
    by: str


def verify(
    directory: Path, key: Ed25519PublicKey, keepers: Iterable[CheckpointFiles] = (), with_index: bool = True
) -> Verdict:
    """Reads everything. keepers: the second keepers' files; with_index: whether indexes are checked too.

    Raises OSError when a file cannot be read.
    """
    verdict, keepers = Verdict(), list(keepers)
    noted = max(confirmed(directory).values(), default=0)  # read first: a keeper has what is noted
    own_files = CheckpointFiles(directory / CHECKPOINTS)
    keys = verdict.keys = _keys(key, own_files, keepers, verdict)
    restorations = _restorations(keys, own_files, keepers, verdict)
    verdict.restorations = list(restorations.each)
    own = _checkpoints(own_files, "checkpoint", keys, restorations, verdict)
    verdict.last = own[-1][1] if own else None
    held = [
        _checkpoints(files, f"keeper {number}: checkpoint", keys, restorations, verdict)
        for number, files in enumerate(keepers, 1)
    ]
    kept = [pair for pairs in held for pair in pairs]
    if not kept:
        verdict.unchecked.append(EMPTY_KEEPER if held else NO_KEEPER)
    if keepers:
        _check_reach(own, held, noted, restorations, verdict)
    _check_order(own, restorations, verdict)
    newest = max((checkpoint.number for _, checkpoint in kept), default=0)
    last = verdict.last.number if verdict.last is not None else 0
    given = max(last, restorations.lost)
    if keys.changes and keys.changes[-1].number > given + 1:
        follows = f"key {key_id(keys.newest)} signs from checkpoint {keys.changes[-1].number} on"
        verdict.problems.append(Problem(f"rolled back: {follows}, and the last one here is {given}"))
    if newest > last:
        verdict.problems.append(Problem(f"rolled back: the second keeper holds checkpoint {newest}, which is not here"))
    for each in restorations.each:
        for name, checkpoint in (*own, *kept):
            if checkpoint.number == each.kept and not each.keeps(checkpoint.text):
                verdict.problems.append(Problem(f"the restoration up to {each.lost} keeps another {name} {each.kept}"))
    by_segment: dict[SegmentId, list[_Claim]] = {}
    seal_claims = []
    for name, checkpoint in (*own, *kept):
        by = f"{name} {checkpoint.number}"
        seal_claims.append(_Claim(checkpoint.seals.size, checkpoint.seals.root, by))
        for segment, head in checkpoint.opened.items():
            by_segment.setdefault(segment, []).append(_Claim(head.size, head.root, by))
    try:
        seals = read_seals(directory)
    except SealsDamaged as error:
        verdict.problems.append(Problem(str(error)))
        seals = Seals()
    else:
        _check_seals(seals, seal_claims, verdict)
    present = set(list_segments(directory))
    for segment in sorted({*present, *seals.sealed, *by_segment}):
        _check_segment(directory, segment, seals, by_segment.get(segment, []), segment in present, with_index, verdict)
    return verdict


def refuse_other_key(directory: Path, key: Ed25519PublicKey, keepers: Iterable[CheckpointFiles] = ()) -> None:
    """Raises OtherKey where nothing that lies here was signed by a key or names it: it is another log's.

    Of a log that somebody signed anew as a whole, with a key of his own, the same is said.
    """
    all_files = [CheckpointFiles(directory / CHECKPOINTS), *keepers]
    ids = {stated[0] for files in all_files if (stated := files.last_stated()) is not None}
    if not ids or key_id(key) in ids:
        return
    for files in all_files:
        ids |= files.stated_keys()
    if key_id(key) not in ids:
        raise OtherKey(f"key {key_id(key)} is none of this log: nobody named it ({', '.join(sorted(ids))})")


def _keys(
    known: Ed25519PublicKey, own: CheckpointFiles, keepers: Iterable[CheckpointFiles], verdict: Verdict
) -> KeyChain:
    """The log's keys; where its changes of keys are no chain, or gone, the longest that anybody holds."""
    chains = []
    for whose, files in (("the log", own), *((f"keeper {number}", each) for number, each in enumerate(keepers, 1))):
        try:
            chains.append((whose, files.keys(known)))
        except KeyChainError as error:
            verdict.problems.append(Problem(f"{whose}: {error}"))
            chains.append((whose, KeyChain(known)))
    keys = chains[0][1]
    for whose, chain in chains[1:]:
        if not chain.changes:
            continue  # a keeper that was not reached since, or of a release that knew of no change
        if not keys.begins_with(chain):
            if not chain.begins_with(keys):
                verdict.problems.append(Problem(f"{whose}: it holds another change of keys than the log"))
                continue
            verdict.problems.append(Problem(f"the change to key {key_id(chain.newest)} was removed: {whose} holds it"))
            keys = chain
    return keys


def _restorations(
    keys: KeyChain, own: CheckpointFiles, keepers: Iterable[CheckpointFiles], verdict: Verdict
) -> Restorations:
    """The restorations in force: the log's, or those of a second keeper that holds others: they were accepted there."""
    held = []
    for whose, files in (("the log", own), *((f"keeper {number}", each) for number, each in enumerate(keepers, 1))):
        found = Restorations()
        try:
            found = files.restorations(keys)
        except RestorationError as error:
            verdict.problems.append(Problem(f"{whose}: {error}"))
        held.append((whose, found, files))
    ours = in_force = held[0][1]
    for whose, theirs, files in held[1:]:
        if theirs.texts == ours.texts or (not theirs.each and files.last_stated() is None):
            continue
        in_force = theirs
        count = len(theirs.texts)
        if ours.texts[:count] == theirs.texts:
            first = ours.each[count]
            what = f"rolled back: {whose} accepted no restoration of checkpoints {first.kept + 1} to {first.lost}"
        elif theirs.texts[: len(ours.texts)] == ours.texts:
            first = theirs.each[len(ours.texts)]
            what = f"the restoration of checkpoints {first.kept + 1} to {first.lost} was removed: {whose} holds it"
        else:
            what = f"{whose}: it holds another restoration than the log"
        verdict.problems.append(Problem(what))
    return in_force


def _checkpoints(
    files: CheckpointFiles, name: str, keys: KeyChain, restorations: Restorations, verdict: Verdict
) -> list[tuple[str, Checkpoint]]:
    """The checkpoints in force. The signature of a void one is checked too."""
    found = []
    for number, text in enumerate(files.texts(), 1):
        try:
            found.append((name, parse(text, keys)))
        except CheckpointError as error:
            verdict.problems.append(Problem(f"{name} (text {number}): {error}"))
    verdict.checkpoints += len(found)
    return [(each, checkpoint) for each, checkpoint in found if not restorations.void(checkpoint.number)]


def _check_reach(
    own: list[tuple[str, Checkpoint]],
    held: list[list[tuple[str, Checkpoint]]],
    noted: int,
    restorations: Restorations,
    verdict: Verdict,
) -> None:
    """Notes the gaps that the keepers cannot check: a keeper begins after the log, or ends before what it confirmed."""
    first = own[0][1].number if own else 0
    for number, checkpoints in enumerate(held, 1):
        begins = checkpoints[0][1].number if checkpoints else 0
        if 0 < first < begins:
            late = f"keeper {number} begins with checkpoint {begins}, the log here with {first}"
            verdict.unchecked.append(f"{late}: what was altered before {begins} was signed cannot be told")
    if (void := restorations.of_number(noted)) is not None:
        noted = void.kept
    newest = max((checkpoint.number for pairs in held for _, checkpoint in pairs), default=0)
    if newest < noted:
        short = f"the log had checkpoint {noted} confirmed, and the second keeper holds {newest} at most"
        verdict.unchecked.append(f"{short}: it lost what it held, or this is an older copy of it")


def _check_order(own: list[tuple[str, Checkpoint]], restorations: Restorations, verdict: Verdict) -> None:
    for (_, before), (_, after) in itertools.pairwise(own):
        if after.number != restorations.after(before.number):
            missing = f"checkpoint {after.number} follows {before.number}"
            verdict.problems.append(Problem(f"checkpoints were removed, repeated or reordered: {missing}"))
        elif after.time_ms < before.time_ms - _CLOCK_SLACK_MS:
            back = f"from {when(before.time_ms)} to {when(after.time_ms)} UTC"
            verdict.clock_steps.append(f"the clock stepped back {back} before checkpoint {after.number}")


def _check_seals(seals: Seals, claims: list[_Claim], verdict: Verdict) -> None:
    tree = Tree()
    roots = {0: tree.root()}
    for number, line in enumerate(seals.lines, 1):
        tree.append(line)
        roots[number] = tree.root()
    for claim in sorted(claims, key=lambda each: each.size):
        if claim.size > len(seals.lines):
            verdict.problems.append(Problem(f"seals has {len(seals.lines)} lines; {claim.by} says {claim.size}"))
            return
        if roots[claim.size] != claim.root:
            verdict.problems.append(Problem(f"a line of seals before line {claim.size + 1} was altered ({claim.by})"))
            return


def _check_segment(
    directory: Path,
    segment: SegmentId,
    seals: Seals,
    claims: list[_Claim],
    present: bool,
    with_index: bool,
    verdict: Verdict,
) -> None:
    seal = seals.sealed.get(segment)
    if not present:
        dropped = seals.dropped.get(segment)
        if dropped is None or seal is None:
            verdict.problems.append(Problem("the segment is gone", segment))
        elif seals.dropped_early(dropped):
            verdict.problems.append(Problem("it was dropped before its years were over", segment))
        else:
            verdict.dropped += 1
        return
    if segment in seals.dropped:
        return  # about to be removed
    verdict.segments += 1
    with mapped(segment.path(directory)) as data:
        reader = SegmentReader()
        if not _walk(reader, data, segment, claims, verdict):
            verdict.records += reader.records
            return
        verdict.records += reader.records
        if reader.records and _check_header(data, segment, verdict) and seal is not None:
            _check_seal(reader, len(data), seal, verdict)
        has_index = with_index and seal is not None and segment.path(directory, ".idx").exists()
        if has_index and not _is_its_index(directory, segment, seals, data, reader.offset):
            verdict.problems.append(Problem("its index is not that of its records: remove it", segment))


def _is_its_index(directory: Path, segment: SegmentId, seals: Seals, data: Mapped, end: int) -> bool:
    """Returns whether an index holds what the records do, and has the digest that `seals` states, if any."""
    with open_unproven_index(directory, segment) as index:
        held = index is not None and index.holds(data, end)
        del index  # it borrows a mapping
    if segment not in seals.indexed:
        return held
    with open_index(directory, segment, seals.indexed[segment]) as index:
        held = held and index is not None
        del index
    return held


def _walk(reader: SegmentReader, data: object, segment: SegmentId, claims: list[_Claim], verdict: Verdict) -> bool:
    """Reads a segment through all that checkpoints claim of it; whether every record and claim holds."""
    matched = 0
    for claim in sorted(claims, key=lambda each: each.size):
        right = reader.walk(data, claim.size)  # type: ignore[arg-type]
        if reader.records < claim.size:
            why = f"{reader.problem or 'removed'}: {claim.by} says {claim.size} records"
            verdict.problems.append(Problem(why if right else f"wrong ({why})", segment, reader.records))
            return False
        if reader.root() != claim.root:
            verdict.problems.append(
                Problem(f"altered: records {matched} to {claim.size - 1} are not those of {claim.by}", segment, matched)
            )
            return False
        matched = claim.size
    if not reader.walk(data):  # type: ignore[arg-type]
        verdict.problems.append(Problem(f"wrong ({reader.problem})", segment, reader.records))
        return False
    return True


def _check_header(data: object, segment: SegmentId, verdict: Verdict) -> bool:
    try:
        header = read_header(data)  # type: ignore[arg-type]
    except SegmentDamaged as error:
        verdict.problems.append(Problem(str(error), segment, 0))
        return False
    if (header["log"], header["segment"]) != (segment.log, segment.number):
        verdict.problems.append(Problem(f"its header is of {header['log']}/{header['segment']}", segment, 0))
        return False
    return True


def _check_seal(reader: SegmentReader, size: int, seal: Seal, verdict: Verdict) -> None:
    if reader.records < seal.records:
        what = f"removed: its seal says {seal.records} records"
        verdict.problems.append(Problem(what, seal.segment, reader.records))
    elif reader.records > seal.records or size != seal.size:
        verdict.problems.append(Problem("something was added behind its seal", seal.segment, seal.records))
    elif reader.root() != seal.root:
        verdict.problems.append(Problem("a record was altered: the root is not the seal's", seal.segment))


def when(time_ms: int) -> str:
    """A time for people, UTC."""
    return datetime.datetime.fromtimestamp(time_ms / 1000, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")
