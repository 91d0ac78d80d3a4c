"""Ways in which a generation's MANIFEST.json breaks (SECURITY.md: a tampered generation)."""

from __future__ import annotations

import json
import os
from pathlib import Path

BROKEN = ("flipped", "as_of", "empty", "types", "pipe")


def break_manifest(path: Path, how: str) -> None:
    """Breaks the file in one way of BROKEN."""
    if how == "pipe":
        path.unlink()
        os.mkfifo(path)
        return
    text = path.read_text(encoding="utf-8")
    if how == "flipped":  # one bit of a key's name
        text = text.replace('"persons"', '"qersons"')
    elif how == "as_of":
        manifest = json.loads(text)
        manifest["registers"][0]["as_of_ms"] += 3 * 365 * 86_400_000
        text = json.dumps(manifest)
    elif how == "types":
        manifest = json.loads(text)
        manifest["registers"][0]["owner"] = 7
        text = json.dumps(manifest)
    else:
        text = ""
    path.write_text(text, encoding="utf-8")
