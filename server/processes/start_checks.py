"""Checks before anything is started: of this process, and of the files that the settings name."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from server.audit.set_up import audit_directory
from server.host.core_dumps import forbid_core_dumps
from server.host.descriptors import raise_descriptor_limit
from server.logs import WARNING, log
from server.processes.certificate_ends import end_of
from server.processes.settings import ServerSettings
from server.settings import SettingsError

KEEPER_FILES = ("audit_keeper_ca", "audit_keeper_cert", "audit_keeper_key")
RESTORING = ".restoring"  # of a data directory or audit log: what `ronda restore` has not put in its place yet
_WITHIN = ("generations", "live", "ledger")  # of the data directory: restored as root they serve nobody
_AUDIT_KEYS = ("audit_auditor_key", "audit_signing_key")


def check_process(settings: ServerSettings) -> None:
    """Prepares this process, and with it its workers, for personal data: no core dumps, no files that others can read.

    Raises SettingsError as root, except in development mode, which is logged as a warning instead.
    """
    forbid_core_dumps()
    raise_descriptor_limit()
    os.umask(0o077)
    if settings.development:
        log("development_mode", level=WARNING, address=settings.listen, everybody="sees everything")
    elif os.geteuid() == 0:
        raise SettingsError("trust: a server in production does not run as root; start it as a user of its own")


def check_files_of(settings: ServerSettings) -> None:
    """Raises SettingsError for a file that the settings name and that cannot be read, and for an expired certificate.

    A certificate that expires while the server runs ends nothing: the metrics tell its end (docs/operations.md).
    """
    for name in ("tls_cert", "tls_key", "tls_client_ca", "trust", *KEEPER_FILES, *_AUDIT_KEYS):
        path: Path | None = getattr(settings, name)
        if path is not None and not os.access(path, os.R_OK, effective_ids=True):
            raise SettingsError(f"{name}: cannot read {path}")
        if path is not None and name != "trust" and not path.is_file():
            raise SettingsError(f"{name}: cannot read {path}: not a file")
    for name in ("tls_cert", "audit_keeper_cert"):
        path = getattr(settings, name)
        ends = end_of(path) if path is not None else None
        if ends is not None and ends < datetime.now(UTC):
            raise SettingsError(f"{name}: {path} expired on {ends:%Y-%m-%d}: nobody would accept it; renew it")
    if not os.path.isdir(settings.data):  # noqa: PTH112 - Path.is_dir raises where a parent is closed to this user
        raise SettingsError(f"data: {settings.data} is no directory: build one with `ronda index`, or name another")
    for name, directory in (("data", settings.data), ("audit", audit_directory(settings))):
        if os.path.lexists(directory / RESTORING):
            raise SettingsError(f"{name}: {directory} holds a restore that did not end: empty it and restore again")
    for directory in (settings.data, *(settings.data / name for name in _WITHIN)):
        if os.path.lexists(directory) and not os.access(directory, os.R_OK | os.X_OK, effective_ids=True):
            raise SettingsError(f"data: cannot read {directory}: it belongs to another user")
