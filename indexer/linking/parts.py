"""The spilled files of linking, taken up again by the build after one that was killed.

    <work>/parts.json        last, and whole: the inputs of the parts, their sizes and checksums, linking's counts
    <work>/subjects.parquet, alerted.parquet, links.parquet, ranges/*.arrow
    <work>/kept_names.bin, kept_persons.arrow           of a build with --live (indexer.linking.names_kept)

Nothing of it is synced to the disk, which would cost more than it saves. A file half written in a power cut does not
agree with its checksum, and is made anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from core.documents import json_of
from core.files.regular_file import read_file
from core.files.replacement import replace_file
from indexer.build.digest import checksum_of
from indexer.build.program import program_digest
from indexer.linking.database import LinkedRegister, StagedFile
from indexer.linking.stage import Linked

PARTS = "parts.json"


class PartsRefused(Exception):
    """Parts that must not be taken up; the message ends a sentence that begins "linking begins anew: "."""


@dataclass(frozen=True)
class MadeOf:
    """The inputs of parts: the same inputs and the same program give the same bytes."""

    inputs: str
    program: str


@dataclass(frozen=True)
class _Part:
    name: str  # below the work directory
    bytes: int
    checksum: str


def made_of(
    files: Sequence[StagedFile],
    registers: Sequence[LinkedRegister],
    key: bytes,
    workers: int,
    *,
    keep_names: bool = False,
) -> MadeOf:
    """Digests of all that linking reads: every byte of the staged records, the registers' roles, the subject key."""
    digest = hashlib.blake2b(key=key, digest_size=16)  # keyed: it tells nothing of the key
    with ThreadPoolExecutor(workers) as pool:
        for file, checksum in zip(files, pool.map(checksum_of, (file.path for file in files)), strict=True):
            digest.update(f"{file.register} {file.path.name} {checksum}\n".encode())
            digest.update(b"" if file.replaced is None else file.replaced.tobytes())
    for register in registers:
        stated = {**asdict(register), "identifies": sorted(register.identifies)}
        digest.update(json.dumps(stated, sort_keys=True).encode() + b"\n")
    digest.update(b"names kept\n" if keep_names else b"")
    return MadeOf(digest.hexdigest(), program_digest())


def save_parts(directory: Path, linked: Linked, made: MadeOf, workers: int) -> None:
    """Notes a finished linking in its work directory, last of all."""
    files = [linked.subjects, linked.alerted, linked.reasons, *linked.names, *linked.ranges]
    with ThreadPoolExecutor(workers) as pool:
        parts = [
            _Part(str(path.relative_to(directory)), path.stat().st_size, checksum)
            for path, checksum in zip(files, pool.map(checksum_of, files), strict=True)
        ]
    note = {
        "made_of": asdict(made),
        "persons": linked.persons,
        "vehicles": linked.vehicles,
        "records": linked.records,
        "links": [[criterion, level, count] for (criterion, level), count in linked.links.items()],
        "alerts": list(map(list, linked.alerts.items())),
        "names": len(linked.names),
        "parts": [asdict(part) for part in parts],
    }
    replace_file(directory / PARTS, json.dumps(note).encode(), durable=False)


def take_parts(directory: Path, made: MadeOf, workers: int) -> Linked:
    """Returns the linking of an interrupted build, every part compared with its checksum.

    Raises PartsRefused if there is no whole linking of these very inputs by this very program.
    """
    try:
        note = json_of(read_file(directory / PARTS))
        told = MadeOf(**note["made_of"])
        parts = [_Part(**part) for part in note["parts"]]
        if told.program != made.program:
            raise PartsRefused("what an interrupted build had linked was linked by another version of the rules")
        if told.inputs != made.inputs:
            raise PartsRefused("what an interrupted build had linked was of other records")
        with ThreadPoolExecutor(workers) as pool:
            whole = list(pool.map(lambda part: _is_whole(directory, part), parts))
        if not all(whole):
            raise PartsRefused(f"of what an interrupted build had linked, {parts[whole.index(False)].name} is damaged")
        subjects, alerted, reasons, *more = (directory / part.name for part in parts)
        names = int(note["names"])
        return Linked(
            persons=note["persons"],
            vehicles=note["vehicles"],
            records=note["records"],
            links={(criterion, level): count for criterion, level, count in note["links"]},
            alerts=dict(note["alerts"]),
            subjects=subjects,
            alerted=alerted,
            reasons=reasons,
            names=more[:names],
            ranges=more[names:],
        )
    except FileNotFoundError as error:
        raise PartsRefused("an interrupted build had not ended linking") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PartsRefused("what an interrupted build noted of its linking cannot be read") from error


def _is_whole(directory: Path, part: _Part) -> bool:
    path = directory / part.name
    try:
        return path.stat().st_size == part.bytes and checksum_of(path) == part.checksum
    except FileNotFoundError:
        return False
