"""A tar for support: versions, settings, numbers of the manifest, findings, events of the log by count.

It holds nothing personal by its making, not by a filter of texts. From a manifest only numbers, ids and rules leave;
from a log line only level and event; from settings no DSN and no home directory. Names of rules and events are the
program's.
"""

from __future__ import annotations

import io
import json
import os
import platform
import re
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from core.built import ENGINE
from core.documents import json_of
from core.files.replacement import replacing
from core.generation.manifest import GenerationManifest
from ronda.doctor.disk_checks import published_manifest
from ronda.doctor.effective_settings import Effective
from ronda.doctor.findings import Finding

_EVENT = re.compile(r"\A[a-z]+(_[a-z]+)*\Z")
_EVENT_MOST = 60
_LEVELS = ("debug", "info", "warning", "error")
_RULE = re.compile(r"\A[a-z]+(_[a-z0-9]+)*\Z")
_HOME = re.compile(r"\A/home/[^/]+")
_HIDDEN, _UNSAID = "***", "other"
_PACKAGES = ("ronda", "grpcio", "duckdb", "pyarrow", "lmdb", "cryptography", "pydantic")


def write_bundle(
    path: Path, settings: Sequence[Effective], findings: Iterable[Finding], data: Path, log_lines: Iterable[str]
) -> None:
    """Writes the tar, mode 0600. Raises OSError."""
    parts = {
        "versions.json": versions(),
        "settings.json": [each._asdict() for each in map(_without_secrets, settings)],
        "findings.json": [{"finding": each.kind.name, "weight": str(each.kind.weight)} for each in findings],
        "manifest.json": manifest_numbers(published_manifest(data)),
        "events.json": counted_events(log_lines),
    }
    with replacing(path) as file, tarfile.open(fileobj=file, mode="w") as tar:
        for name, value in parts.items():
            text = json.dumps(value, ensure_ascii=False, indent=1, default=str).encode()
            entry = tarfile.TarInfo(f"ronda-doctor/{name}")
            entry.size, entry.mtime, entry.mode = len(text), int(time.time()), 0o600
            tar.addfile(entry, io.BytesIO(text))


def versions() -> dict[str, Any]:
    """Returns versions of the program, of its libraries, and of the machine; no name of a machine or account."""
    found: dict[str, Any] = {name: _version(name) for name in _PACKAGES}
    system = {"system": platform.system(), "kernel": platform.release(), "machine": platform.machine()}
    return {**found, "engine": ENGINE, "python": sys.version.split()[0], **system, "cores": os.cpu_count()}


def _version(package: str) -> str:
    try:
        return version(package)
    except ImportError:
        return ""


def _without_secrets(setting: Effective) -> Effective:
    value, origin = setting.value, setting.origin
    if setting.name == "postgres":
        value = dict.fromkeys(value, _HIDDEN)
    elif isinstance(value, str):
        value = _HOME.sub("/home/" + _HIDDEN, value)
    return setting._replace(value=value, origin=_HOME.sub("/home/" + _HIDDEN, origin))


def manifest_numbers(manifest: GenerationManifest | None) -> dict[str, Any]:
    """Counts and times of the published generation; {} where there is none. Texts of institutions stay here."""
    if manifest is None:
        return {}
    return {
        "generation_id": manifest.generation_id,
        "format_version": manifest.format_version,
        "built_at_ms": manifest.built_at_ms,
        "persons": manifest.persons,
        "vehicles": manifest.vehicles,
        "bytes": sum(file.bytes for file in manifest.files.values()),
        "registers": [
            {
                "id": register.id,
                "state": register.state,
                "as_of_ms": register.as_of_ms,
                "carried_forward": register.carried_forward,
                "rows_read": register.rows_read,
                "rows_refused": register.rows_refused,
                "refused": _by_rule(register.refused),
                "left_out": _by_rule(register.left_out),
            }
            for register in manifest.registers
        ],
    }


def _by_rule(counts: dict[str, int]) -> dict[str, int]:
    """Counts by the program's own words; what a manifest of the site named is counted together."""
    found: Counter[str] = Counter()
    for rule, count in counts.items():
        found[rule if _RULE.match(rule) else _UNSAID] += count
    return dict(found)


def counted_events(lines: Iterable[str]) -> dict[str, int]:
    """Counts each event of a log, as "level event"; a line of another form counts as "other"."""
    found: Counter[str] = Counter()
    for line in lines:
        try:
            document = json_of(line)
            level, event = document["level"], document["event"]
            known = level in _LEVELS and len(event) <= _EVENT_MOST and _EVENT.match(event) is not None
        except (ValueError, KeyError, TypeError):
            known = False
        found[f"{level} {event}" if known else _UNSAID] += 1
    return dict(sorted(found.items()))
