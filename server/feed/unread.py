"""Changes of each register that `ronda live` could not apply, as the view that is answered from counts them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from core.errors import GenerationDamaged
from core.files.regular_file import read_file
from core.generation.view_file import BEAT, LIVE, VIEW, read_view

_KEPT_UP_S = 5.0  # docs/live.md: a writer that is silent for so long is at no ledger's end
_ID_BYTES = 256


def unread_changes(data: Path) -> Mapping[str, Mapping[str, int]]:
    """Returns register id -> rule -> records; nothing where no view was ever written.

    Of the base that CURRENT names, once it is kept up: while it takes another's place both are, and their manifests may
    differ. Else of the view that was written last.
    """
    try:
        views = [data / LIVE / base / VIEW for base in [_current(data)] if base and _is_kept_up(data / LIVE / base)]
        views = views or list((data / LIVE).glob(f"*/{VIEW}"))
        last = max(views, key=lambda path: path.stat().st_mtime_ns, default=None)
        registers = read_view(last.parent).registers if last is not None else {}
    except (OSError, GenerationDamaged):  # it is being replaced or removed: the next question finds it
        return {}
    return {name: stated.refused for name, stated in registers.items()}


def _current(data: Path) -> str:
    try:
        return read_file(data / "CURRENT", _ID_BYTES).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _is_kept_up(home: Path) -> bool:
    try:
        return time.time() - (home / BEAT).stat().st_mtime < _KEPT_UP_S and (home / VIEW).exists()
    except OSError:
        return False
