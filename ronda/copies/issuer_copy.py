"""A copy of an issuer's directory, taken while it serves: without the pepper, which is kept apart from the database.

A holder of both can try PINs. So the pepper's keys are copied by hand to another place (docs/backup.md). `newest.json`
is left out: its absence reveals a restored database, so that a person accepts it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from ronda.copies.audit_copy import copy_audit, refuse_changed_since
from ronda.copies.databases import copied_database, files_of
from ronda.copies.manifest import manifest_bytes
from ronda.copies.sinks import open_sink
from ronda.copies.taking import Taken
from ronda.copies.trees import copy_tree
from server.audit.set_up import audit_directory, auditor_key, signing_key
from server.issuer.settings import read_settings

MAIN = "issuer"


def take_issuer(directory: Path, to: Path, told: Callable[[str, int], None] = lambda *_: None) -> Taken:
    """Copies it as `take` copies a server's installation. Raises also SettingsError for a directory that is none."""
    directory = Path(os.path.abspath(directory))  # noqa: PTH100 - without ".."
    settings = read_settings(directory)
    at = [""]
    sink = open_sink(to, [directory, audit_directory(settings)], lambda count: told(at[0], count))
    try:
        sink.directory(MAIN, directory)
        database = settings.database
        at[0] = database.name
        copied = copied_database(database, sink.work)
        # Each change has its audit record before it is acknowledged, so the audit log is copied after it.
        sink.file(f"{MAIN}/{database.name}", copied, like=database)
        checkpoint = copy_audit(sink, audit_directory(settings), "audit")
        without = {settings.pepper.absolute(), settings.kept_sessions.absolute(), audit_directory(settings).absolute()}
        without |= {path.absolute() for path in files_of(database)}
        for path in sorted(directory.iterdir()):
            copy_tree(sink, path, f"{MAIN}/{path.name}", lambda arc: at.__setitem__(0, arc), without)
        refuse_changed_since(sink, audit_directory(settings), "audit")
        taken = Taken(to, checkpoint=checkpoint)
        taken.files = sum(bool(entry.sha256) for entry in sink.entries)
        taken.bytes = sum(entry.bytes for entry in sink.entries)
        keys = {"audit_auditor_key": auditor_key(settings), "audit_signing_key": signing_key(settings)}
        sink.finish(
            manifest_bytes(
                {
                    "copy_version": 1,
                    "kind": "issuer",
                    "made_at_ms": time.time_ns() // 1_000_000,
                    "release": version("ronda"),
                    "generation": "",
                    "roots": {MAIN: str(directory), "audit": str(audit_directory(settings))},
                    "named": {
                        name: f"{MAIN}/{path.absolute().relative_to(directory)}"
                        for name, path in keys.items()
                        if path.absolute().is_relative_to(directory)
                    },
                    "ledger": None,
                    "checkpoint": checkpoint.model_dump() if checkpoint is not None else None,
                    "unknown": [],
                    "entries": [entry.model_dump() for entry in sink.entries],
                }
            )
        )
    except BaseException:
        sink.discard()
        raise
    return taken
