"""What is kept beside a file of changes while it is sent: the resume token, and the numbers that its changes got.

A file without numbers gets the same ones when it is sent again, so that nothing of it is taken twice.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

RESUME = ".resume"  # behind the file's own name
_BLOCK = 1 << 20


@dataclass
class Resume:
    """Of one file and source."""

    source: str
    digest: str  # SHA-256 of the file: another content is another file
    token: str = ""
    numbers: dict[str, int] = field(default_factory=dict)  # register -> first number


def resume_path(file: Path) -> Path:
    """Where it lies."""
    return file.with_name(f"{file.name}{RESUME}")


def read_resume(file: Path, source: str, *, forget: bool = False) -> Resume:
    """Returns what is known of this file: nothing where it was never sent, was changed since, or is to be forgotten.

    Raises OSError.
    """
    digest = hashlib.sha256()
    with file.open("rb") as data:
        while block := data.read(_BLOCK):
            digest.update(block)
    fresh = Resume(source, digest.hexdigest())
    if forget:
        return fresh
    try:
        found = Resume(**json.loads(resume_path(file).read_bytes()))
    except (OSError, ValueError, TypeError):
        return fresh
    return found if (found.source, found.digest) == (fresh.source, fresh.digest) else fresh


def write_resume(file: Path, resume: Resume) -> None:
    """Whole, or as it was. Raises OSError."""
    path = resume_path(file)
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    draft.write_text(json.dumps(asdict(resume)), encoding="utf-8")
    draft.rename(path)
