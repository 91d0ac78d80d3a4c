"""A data directory in which generations are published and damaged as a test needs them.

One small generation is built by the indexer for the whole run; others are copies of it under ids of their own (the
manifest's checksums are of the other files, so a copy is as whole as its original).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.generation.manifest import sealed

_FIRST = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Published:
    """`data` of a server under test, and the generation that copies are made of."""

    data: Path
    template: Path
    count: int = 0

    def publish(self, *, cut: str = "", broken: Callable[[Path], None] | None = None) -> str:
        """Publishes a new generation and returns its id; before that, `cut` names a file to cut in half, and `broken`
        breaks its MANIFEST.json."""
        self.count += 1
        built = _FIRST + timedelta(seconds=self.count)
        generation_id = f"{built:%Y%m%dT%H%M%SZ}-{self.count:08x}"
        directory = self.data / "generations" / generation_id
        shutil.copytree(self.template, directory)
        manifest = json.loads((directory / "MANIFEST.json").read_text(encoding="utf-8"))
        manifest["generation_id"] = generation_id
        (directory / "MANIFEST.json").write_text(json.dumps(sealed(manifest)), encoding="utf-8")
        if broken:
            broken(directory / "MANIFEST.json")
        if cut:
            path = directory / cut
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        self.point(generation_id)
        return generation_id

    def point(self, generation_id: str) -> None:
        """Switches CURRENT, as the indexer does: by rename."""
        fresh = self.data / "CURRENT.new"
        fresh.write_text(generation_id + "\n", encoding="ascii")
        fresh.rename(self.data / "CURRENT")
