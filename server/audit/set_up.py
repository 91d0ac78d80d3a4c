"""Makes an audit log from the settings: its directory, its keys, each worker's writer, the signing process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.files.replacement import make_directory
from server.audit.checkpoints import CHECKPOINTS, CheckpointFiles
from server.audit.key_chain import CheckpointError, read_change
from server.audit.keys import (
    KeyFileError,
    key_id,
    load_auditors,
    load_signing_keys,
    load_signing_private,
    load_signing_public,
    make_auditor_keys,
    make_signing_keys,
)
from server.audit.lacking import Lacking, What
from server.audit.process import AuditProcess, Orders
from server.audit.settings import AuditSettings
from server.audit.writer import DAY_MS, MIB, AuditWriter, WriterOptions
from server.logs import WARNING, log
from server.settings import SettingsError


def audit_directory(settings: AuditSettings) -> Path:
    """`audit`, or <data>/audit."""
    return settings.audit if settings.audit is not None else settings.data / "audit"


def development_keys(settings: AuditSettings) -> Path:
    """Returns the directory for the keys that development mode makes, including the auditor's private key."""
    directory = audit_directory(settings)
    return directory.with_name(f"{directory.name}-keys")


def auditor_key(settings: AuditSettings) -> Path:
    """The auditor's public key."""
    return settings.audit_auditor_key or development_keys(settings) / "auditor.pub"


def signing_key(settings: AuditSettings) -> Path:
    """The private key that signs checkpoints."""
    return settings.audit_signing_key or development_keys(settings) / "signing.key"


def public_signing_key(settings: AuditSettings, path: Path | None = None) -> Ed25519PublicKey:
    """The public key of the checkpoints: in `path`, else of the settings' private one. Raises Lacking, KeyFileError."""
    if path is not None:
        return load_signing_public(path)
    ours = signing_key(settings)
    if not ours.exists():
        raise Lacking(What.PUBLIC_KEY, ours)
    return load_signing_private(ours).public_key()


def second_keepers(settings: AuditSettings, directories: Sequence[Path] = ()) -> list[CheckpointFiles]:
    """Returns the second keepers' files on this machine: those named, else those in the settings. Raises Lacking.

    None of them may lie in the log itself: a person who alters one could alter the other.
    """
    own = audit_directory(settings).resolve()
    for each in directories:
        if not each.is_dir():
            raise Lacking(What.KEEPER, each)
        if each.resolve().is_relative_to(own):
            raise Lacking(What.ANOTHER_KEEPER, each)
    if not directories and settings.audit_keeper and "://" not in settings.audit_keeper:
        directories = [Path(settings.audit_keeper)]
    return [CheckpointFiles(each) for each in directories]


def unusable(directory: Path) -> str:
    """Returns why no log can be written in a directory, which a start makes if it is missing; "" = it can."""
    within = (directory.absolute(), *directory.absolute().parents)
    nearest = next(each for each in within if os.path.exists(each))  # noqa: PTH110 - Path's raises in a closed one
    if not nearest.is_dir():
        return f"{nearest} is no directory"
    needed = os.W_OK | os.X_OK | (os.R_OK if nearest == directory.absolute() else 0)
    if not os.access(nearest, needed, effective_ids=True):
        return f"cannot write to {nearest}: no answer without a record"
    return ""


def prepare_audit(settings: AuditSettings, development: bool) -> None:
    """Prepares the directory and the keys before the first worker.

    Keys that the settings do not name are made in development mode, with a warning; elsewhere they are missing. Raises
    SettingsError.
    """
    directory = audit_directory(settings)
    if why := unusable(directory):
        raise SettingsError(f"audit: {why}")
    try:
        make_directory(directory)
    except OSError as error:
        raise SettingsError(f"audit: {directory}: {error.strerror}") from None
    for name, path, make in (
        ("audit_auditor_key", auditor_key(settings), make_auditor_keys),
        ("audit_signing_key", signing_key(settings), make_signing_keys),
    ):
        if getattr(settings, name) is not None:
            continue
        if not development:
            raise SettingsError(f"{name}: is needed where `trust` is set; `ronda audit keys` makes it")
        if path.exists():
            continue
        try:
            make(path.parent)
        except FileExistsError:
            continue  # another server of the same data directory made it just now
        except OSError as error:
            raise SettingsError(f"{name}: {path.parent}: {error.strerror}") from None
        log("audit_development_key_made", level=WARNING, setting=name, file=str(path))
    try:
        load_auditors(auditor_key(settings))
    except KeyFileError as error:
        raise SettingsError(f"audit_auditor_key: {error}") from None
    try:
        refuse_another_servers_log(settings)
    except KeyFileError as error:
        raise SettingsError(f"audit_signing_key: {error}") from None


def refuse_another_servers_log(settings: AuditSettings) -> None:
    """Raises SettingsError where another key than the settings' signed the log that is there; KeyFileError.

    A demonstration's log is not the beginning of a production server's.
    """
    directory = audit_directory(settings)
    ours = [key_id(each.public_key()) for each in load_signing_keys(signing_key(settings))]
    files = CheckpointFiles(directory / CHECKPOINTS)
    try:
        theirs = files.next_signer()
        followed = {key_id(read_change(text).key) for text in files.key_changes()}
    except CheckpointError:
        return  # a damaged log: the process that signs says so, and it is verified
    except OSError as error:
        raise SettingsError(f"audit: {directory}: {error.strerror}") from None
    if theirs in ("", *ours):
        return
    if ours[0] in followed:
        raise SettingsError(
            f"audit_signing_key: key {ours[0]} signs nothing more: key {theirs} follows it; name the file of that one"
        )
    raise SettingsError(
        f"audit: the log in {directory} is signed with another key ({theirs}) than audit_signing_key ({ours[0]}), by "
        "a demonstration or another server: name a new directory, or the key that it is signed with"
    )


def open_writer(settings: AuditSettings, name: str, *, waits_for_room: bool = False) -> AuditWriter:
    """The log of one worker ("worker-0"), or of a tool. Raises SettingsError when it cannot be written.

    A worker waits for room: where the disk is full it serves, and answers nothing until a record can be written.
    """
    try:
        options = WriterOptions(
            audit_directory(settings),
            load_auditors(auditor_key(settings)),
            settings.audit_segment_mib * MIB,
            settings.audit_reserve_mib * MIB,
            settings.audit_durability == "answer-after-fsync",
            waits_for_room,
            settings.recall_days * DAY_MS,
        )
        return AuditWriter(options, name)
    except KeyFileError as error:
        raise SettingsError(str(error)) from None
    except OSError as error:
        raise SettingsError(f"audit: cannot be written: {error.strerror}") from None


def audit_process(settings: AuditSettings) -> AuditProcess:
    """The process that signs and seals."""
    return AuditProcess(
        Orders(
            directory=audit_directory(settings),
            signing_key=signing_key(settings),
            keeper=settings.audit_keeper,
            keeper_ca=settings.audit_keeper_ca,
            keeper_cert=settings.audit_keeper_cert,
            keeper_key=settings.audit_keeper_key,
            retention_years=settings.audit_retention_years,
            log_level=settings.log_level,
        )
    )
