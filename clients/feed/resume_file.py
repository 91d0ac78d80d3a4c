"""The state beside a file of changes while it is sent: the resume token, and the numbers of its changes.

A file without numbers gets the same ones when it is sent again, so that no change is taken twice.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from clients.feed.changes import ChangesUnreadable
from clients.feed.kept_file import read_whole, write_whole

RESUME = ".resume"  # behind the file's own name
_BLOCK = 1 << 20


@dataclass
class Resume:
    """The state of one file and source."""

    source: str
    digest: str  # SHA-256 of the file: another content is another file
    token: str = ""
    numbers: dict[str, int] = field(default_factory=dict)  # register -> first number


def resume_path(file: Path) -> Path:
    """Returns the path of the state."""
    return file.with_name(f"{file.name}{RESUME}")


def read_resume(file: Path, source: str, *, forget: bool = False) -> Resume:
    """Returns what is known of this file: nothing where it was never sent, was changed since, or is to be forgotten.

    Raises ChangesUnreadable where it cannot be read: taken for a new file, an older change would undo later ones;
    OSError.
    """
    digest = hashlib.sha256()
    with file.open("rb") as data:
        while block := data.read(_BLOCK):
            digest.update(block)
    fresh = Resume(source, digest.hexdigest())
    if forget:
        return fresh
    path = resume_path(file)
    try:
        fields = json.loads(read_whole(path))
        found = Resume(str(fields["source"]), str(fields["digest"]), str(fields["token"]))
        found.numbers = {str(name): int(number) for name, number in fields["numbers"].items()}
    except FileNotFoundError:
        return fresh
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ChangesUnreadable(
            0,
            f"{path.name} está dañado, y sin él no se sabe qué se envió ya: recupérelo de una copia; bórrelo solo si "
            "el archivo nunca se envió. Para enviarlo como cambios nuevos: ronda feed push --again",
        ) from None
    return found if (found.source, found.digest) == (fresh.source, fresh.digest) else fresh


def write_resume(file: Path, resume: Resume) -> None:
    """Writes the state whole and on disk, or leaves it unchanged. Raises OSError."""
    write_whole(resume_path(file), asdict(resume))
