"""Files and directories that are copied as they lie there."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from ronda.copies.sinks import Sink


def copy_tree(
    sink: Sink, source: Path, arc: str, begins: Callable[[str], None], without: Collection[Path] = ()
) -> None:
    """Copies a file or a directory; nothing where there is none. Links are followed.

    begins: called with each name before it is copied. without: absolute paths that are left out. Raises OSError.
    """
    if source.absolute() in without:
        return
    begins(arc)
    if source.is_dir():
        sink.directory(arc, source)
        for path in sorted(source.iterdir()):
            copy_tree(sink, path, f"{arc}/{path.name}", begins, without)
    elif source.is_file():
        sink.file(arc, source)
