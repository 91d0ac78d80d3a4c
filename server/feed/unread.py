"""Changes of each register that `ronda live` could not apply, as the view that it wrote last counts them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.errors import GenerationDamaged
from core.generation.view_file import LIVE, VIEW, read_view


def unread_changes(data: Path) -> Mapping[str, Mapping[str, int]]:
    """Returns register id -> rule -> records; nothing where no view was ever written."""
    try:
        last = max((data / LIVE).glob(f"*/{VIEW}"), key=lambda path: path.stat().st_mtime_ns, default=None)
        registers = read_view(last.parent).registers if last is not None else {}
    except (OSError, GenerationDamaged):  # it is being replaced or removed: the next question finds it
        return {}
    return {name: stated.refused for name, stated in registers.items()}
