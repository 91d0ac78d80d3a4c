"""Checks the disks: lost parts, keys, owners and modes, generation, ledger, audit log, room."""

from __future__ import annotations

import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from core.audit.merkle import Tree
from core.errors import CoreError, GenerationDamaged, LedgerDamaged
from core.files.regular_file import read_file
from core.generation.manifest import GenerationManifest
from core.generation.store import Generation
from core.generation.subject_key import SUBJECT_KEY, check_subject_key
from core.ledger.frames import ARCHIVE, DURABLE, LOG, MOST_HEAD_BYTES, durable_of, head_of
from core.ledger.reader import FOLDER as LEDGER
from core.ledger.reader import LedgerReader
from core.mart.layout import DISCLOSURE_KEY
from core.mart.layout import FOLDER as MART
from indexer.build.errors import BuildRefused
from indexer.generations.listing import generation_directory, size_problems, stated_manifest, verify_generation
from indexer.generations.publishing import CURRENT, GENERATIONS, current_generation
from ronda.copies.parts import Kept, names_in_data
from ronda.doctor.findings import Finding, finding
from server.audit.checkpointer import ALARM_SHARE
from server.audit.checkpoints import CHECKPOINTS, CheckpointFiles
from server.audit.confirmed import confirmed, held_by
from server.audit.keepers import KeeperError, KeeperFiles, KeeperLost, open_keeper
from server.audit.keeping import awaits_a_person, other_restorations
from server.audit.key_chain import CheckpointError, KeyChain
from server.audit.keys import HASH_KEY_FILE, KeyFileError, kept_hash_keys, key_id, load_auditors, load_signing_keys
from server.audit.seals import SealsDamaged, read_seals
from server.audit.set_up import (
    audit_directory,
    auditor_key,
    public_signing_key,
    refuse_another_servers_log,
    second_keepers,
    signing_key,
    unusable,
)
from server.audit.verifying import verify
from server.feed.seen_ledger import SEEN, NoteLost, lacking_feeds
from server.parts import PARTS
from server.processes.page_key import PAGE_KEY, PAGE_KEY_BYTES
from server.processes.served_parts import AUDIT_PART, ServedParts
from server.processes.settings import ServerSettings
from server.settings import SettingsError

_OTHERS, _GROUP_AND_OTHERS = stat.S_IRWXO, stat.S_IRWXG | stat.S_IRWXO


def lost_parts(settings: ServerSettings) -> Iterator[Finding]:
    """Parts that this installation had: what the next start would tell. Those that a copy always holds come from it."""
    for part, place in ServedParts(settings).lost():
        is_kept = part.name == AUDIT_PART or part.name in names_in_data(Kept.MUST)
        yield finding("part_lost" if is_kept else "part_made_anew", place, part.event)


def secrets(settings: ServerSettings) -> Iterator[Finding]:
    """Keys by their size and check value; those of the audit are looked at with it."""
    of_services = ((part.secret.file, part.secret.bytes) for part in PARTS if part.secret is not None)
    for name, size in ((PAGE_KEY, PAGE_KEY_BYTES), *of_services):
        path = settings.data / name
        if path.exists() and path.stat().st_size != size:
            yield finding("secret_damaged", path, f"{path.stat().st_size} bytes, not {size}")
    try:
        kept_hash_keys(audit_directory(settings), time.time_ns() // 1_000_000)
    except KeyFileError as error:
        yield finding("secret_damaged", audit_directory(settings) / HASH_KEY_FILE, error)
    stated = _subject_key_of(settings.data)
    told = {part.name for part, _ in ServedParts(settings).lost()}
    try:
        if check_subject_key(settings.data, stated) is None and stated is not None and SUBJECT_KEY not in told:
            yield finding("secret_missing", settings.data / SUBJECT_KEY)
    except GenerationDamaged as error:
        swapped = "is not the key" in str(error)
        yield finding("secret_swapped" if swapped else "secret_damaged", settings.data / SUBJECT_KEY, error)
    mart = settings.data / MART
    if (mart / CURRENT).exists() and not (mart / DISCLOSURE_KEY).exists():
        yield finding("secret_missing", mart / DISCLOSURE_KEY)


def _subject_key_of(data: Path) -> str | None:
    manifest = published_manifest(data)
    return manifest.subject_key if manifest is not None else None


def published_manifest(data: Path) -> GenerationManifest | None:
    """The manifest of the generation that CURRENT names; None where it can't be read, or there is none."""
    try:
        return stated_manifest(data / GENERATIONS / (current_generation(data) or "-"))
    except (GenerationDamaged, OSError, ValueError):
        return None


def owners_and_modes(settings: ServerSettings) -> Iterator[Finding]:
    """Checks the owners of the entries in the data directory and the audit log, and the readers of these and the
    keys."""
    for directory in dict.fromkeys((settings.data, audit_directory(settings))):
        if not directory.is_dir():
            continue
        owner = directory.stat().st_uid
        if directory.stat().st_mode & _OTHERS:
            yield finding("open_to_others", directory, oct(stat.S_IMODE(directory.stat().st_mode)))
        for path in sorted(directory.iterdir()):
            status = path.lstat()
            if status.st_uid != owner:
                yield finding("owner_differs", path, f"uid {status.st_uid}, not {owner}")
            if path.suffix == ".key" and status.st_mode & _GROUP_AND_OTHERS:
                yield finding("open_to_others", path, oct(stat.S_IMODE(status.st_mode)))
    # Root owns the keys of the settings and the server's group reads them (docs/production.md).
    for key in (settings.tls_key, settings.audit_signing_key, settings.audit_keeper_key):
        if key is not None and key.exists() and key.stat().st_mode & _OTHERS:
            yield finding("open_to_others", key, oct(stat.S_IMODE(key.stat().st_mode)))


def generation(settings: ServerSettings, *, deep: bool) -> Iterator[Finding]:
    """The published generation opens and has its files whole; deep: with the bytes that were published."""
    data = settings.data
    try:
        name, directory = generation_directory(data, None)
        files = stated_manifest(directory).files
        for problem in verify_generation(data, name).problems if deep else size_problems(directory, files):
            yield finding("generation_damaged", directory, problem)
        if not deep:
            Generation.open(directory).close()
    except BuildRefused as error:
        yield finding("generation_missing" if not _names_one(data) else "generation_damaged", data / CURRENT, error)
    except (CoreError, UnicodeDecodeError) as error:
        yield finding("generation_damaged", data / GENERATIONS, error)


def _names_one(data: Path) -> bool:
    """Returns whether CURRENT names any generation, present or not."""
    return bool((data / CURRENT).exists() and current_generation(data))


def ledger(settings: ServerSettings, *, deep: bool) -> Iterator[Finding]:
    """Checks that the ledger has a head and reaches as far as senders know; deep: each entry holds."""
    folder = settings.data / LEDGER
    try:
        with LedgerReader(folder) as reader:
            away = reader.archive.away()
            for first, last in away:
                yield finding("ledger_archive_away", folder / ARCHIVE, f"entries {first} to {last}")
            if deep:
                reader.archive.verify()
                for _ in reader.changes(reader.first.sequence if away else 0):
                    pass
        told = durable_of(read_file(folder / DURABLE)) if (folder / DURABLE).exists() else None
        head = head_of(read_file(folder / LOG, MOST_HEAD_BYTES))
        if told is not None and head is not None and (folder / LOG).stat().st_size < told.length - head.shift:
            yield finding("ledger_damaged", folder / LOG, f"ends before entry {told.sequence}, which was on disk")
        lacking = lacking_feeds(settings.data, note_expected=ServedParts(settings).has_seen(SEEN))
        if lacking:
            yield finding("ledger_put_back", folder / LOG, f"feeds in doubt: {len(lacking)}")
    except NoteLost:
        yield finding("ledger_put_back", settings.data / SEEN, "gone, or cannot be read")
    except FileNotFoundError:
        return  # nothing was ever fed
    except LedgerDamaged as error:
        yield finding("ledger_damaged", folder / LOG, error)


def audit_log(settings: ServerSettings, *, deep: bool) -> Iterator[Finding]:
    """The log's directory, keys and last checkpoint; deep: each record, as `ronda audit verify`."""
    directory = audit_directory(settings)
    if why := unusable(directory):
        yield finding("audit_unusable", directory, why)
        return
    if not directory.is_dir():
        return  # a start makes it; `lost_parts` tells of one that was there
    if not signing_key(settings).exists() and not _checkpoints_of(directory).days():
        return  # development before its first start
    try:
        load_auditors(auditor_key(settings))
        refuse_another_servers_log(settings)
        key = public_signing_key(settings)
        held = [key_id(each.public_key()) for each in load_signing_keys(signing_key(settings))]
    except KeyFileError as error:
        yield finding("secret_damaged", signing_key(settings).parent, error)
        return
    except SettingsError as error:
        yield finding("secret_swapped", directory, error)
        return
    if len(held) > 1:
        yield finding("audit_key_changing", signing_key(settings), f"key {held[0]}, next {held[-1]}")
    files = _checkpoints_of(directory)
    try:
        of_keeper = list(_of_its_keeper(settings, files, files.keys(key)))
    except CheckpointError as error:
        yield finding("audit_damaged", directory, error)
        return
    yield from of_keeper
    if deep:
        told = {(each.where, each.detail) for each in of_keeper}
        # What the keeper holds of what is to be given up is no damage, once a person there says so.
        waits = any(each.kind.name == "audit_restoration_waits" for each in of_keeper)
        for problem in map(str, verify(directory, key, [] if waits else second_keepers(settings)).problems):
            if (str(directory), problem) not in told:
                yield finding("audit_damaged", directory, problem)
        return
    try:
        last, seals = files.last(files.keys(key)), read_seals(directory)
    except (CheckpointError, SealsDamaged) as error:
        yield finding("audit_damaged", directory, error)
        return
    if last is None:
        return
    tree = Tree()
    for line in seals.lines[: last.seals.size]:
        tree.append(line)
    if len(seals.lines) < last.seals.size or tree.root() != last.seals.root:
        yield finding("audit_damaged", directory / "seals", f"not those of checkpoint {last.number}")
    for segment in last.opened:
        if segment not in seals.dropped and not segment.path(directory).exists():
            yield finding("audit_damaged", segment.path(directory), f"gone; checkpoint {last.number} names it")


def _of_its_keeper(settings: ServerSettings, files: CheckpointFiles, keys: KeyChain) -> Iterator[Finding]:
    """Finds a keeper that lost what it took, and a log that lacks what its keeper has: nothing more is signed.

    A keeper that is not reached tells nothing here; a log has each checkpoint before its keeper has. Raises
    CheckpointError.
    """
    if not settings.audit_keeper:
        return
    directory = audit_directory(settings)
    of_tls = KeeperFiles(settings.audit_keeper_ca, settings.audit_keeper_cert, settings.audit_keeper_key)
    keeper = open_keeper(settings.audit_keeper, of_tls)
    try:
        holds = held_by(keeper, keys, confirmed(directory).get(keeper.name, 0))
    except KeeperLost as error:
        yield finding("audit_keeper_lost", settings.audit_keeper, error)
        return
    except KeeperError:
        return
    finally:
        keeper.close()
    restorations, held = files.restorations(keys), holds.last
    if why := other_restorations(holds, restorations):
        waits = awaits_a_person(holds, restorations)
        yield finding("audit_restoration_waits" if waits else "audit_damaged", directory, why)
        return
    here = files.newest(keys, files.restorations(keys), held.number) if held is not None else None
    if held is not None and (here is None or here.text != held.text):
        what = f"rolled back: the second keeper holds checkpoint {held.number}, which is not here"
        yield finding("audit_damaged", directory, what)


def _checkpoints_of(directory: Path) -> CheckpointFiles:
    return CheckpointFiles(directory / CHECKPOINTS)


def room(settings: ServerSettings) -> Iterator[Finding]:
    """The disks of the data directory and of the audit log, by the share at which the server raises its alarm."""
    told = set()
    for directory in (settings.data, audit_directory(settings)):
        if not directory.is_dir() or directory.stat().st_dev in told:
            continue
        told.add(directory.stat().st_dev)
        usage = shutil.disk_usage(directory)
        if usage.used > ALARM_SHARE * usage.total:
            yield finding("disk_nearly_full", directory, f"{usage.used / usage.total:.0%}, {usage.free >> 20} MiB")
