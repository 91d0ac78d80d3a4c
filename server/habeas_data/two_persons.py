"""Two persons release an export: one requests it; another, with another NIP, reviews and releases it.

The request is a file for the reviewer's eyes. The audit log makes it binding: the request left a record with the file's
digest and the requester's NIP. The release is checked against that record, never against the file's own statements.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from core.documents import json_of
from core.files.regular_file import read_file
from server.audit.looking import Tool
from server.audit.reading import AuditReader, AuditRecord
from server.habeas_data.export import FORMAT, digest


class NotReleased(Exception):
    """The request cannot be released; the text says why and holds nothing personal."""


def write_request(document: dict[str, Any], path: Path) -> str:
    """Writes the request, readable by its owner alone, and returns its digest. Raises OSError; never overwrites."""
    content = json.dumps(document, ensure_ascii=False, indent=1).encode()
    _write(path, content)
    return digest(document)


def write_released(document: dict[str, Any], pdf: bytes, directory: Path) -> list[Path]:
    """Writes what the person gets, as JSON and PDF; never overwrites. Raises OSError."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    stem = directory / document["request"]
    paths = [stem.with_suffix(".json"), stem.with_suffix(".pdf")]
    _write(paths[0], json.dumps(document["released"], ensure_ascii=False, indent=1).encode())
    _write(paths[1], pdf)
    return paths


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def read_request(path: Path) -> dict[str, Any]:
    """Raises OSError, NotReleased."""
    try:
        document = json_of(read_file(path))
    except ValueError:
        raise NotReleased("the file is no request") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise NotReleased("the file is no request of this version")
    return document


def check_release(document: dict[str, Any], nip: str, records: Iterable[AuditRecord], reader: AuditReader) -> str:
    """The NIP of who made the request. Raises NotReleased unless it is on record as it is, from somebody else."""
    if not nip:
        raise NotReleased("a release needs a NIP")
    wanted = {"request": document.get("request"), "sha256": digest(document), "step": "request"}
    requested = released = ""
    for record in records:
        if record.method != Tool.SUBJECT_EXPORT:
            continue
        said = _said(reader, record)
        if said.get("request") != wanted["request"]:
            continue
        if said.get("step") == "release":
            released = str(record.identity.get("nip", ""))
        elif said == {**said, **wanted}:
            requested = str(record.identity.get("nip", ""))
    if not requested:
        raise NotReleased("the audit log holds no such request: it was changed, or made elsewhere")
    if released:
        raise NotReleased("this request was released before")
    if requested == nip:
        raise NotReleased("whoever made the request cannot release it: another person must")
    return requested


def _said(reader: AuditReader, record: AuditRecord) -> dict[str, Any]:
    question = reader.question(record)
    try:
        said = json_of(question or b"{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
