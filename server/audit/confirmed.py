"""The checkpoints that each second keeper confirmed, noted beside the log: a keeper that holds less has lost some.

<audit>/confirmed.json: {"keepers": {"/media/keeper": 70}}, the number of the newest checkpoint that the keeper took.
The name is the one in the settings. The file is unsigned and may lag by a minute: a keeper holds at least that. A
keeper with another name is a new one, and nothing is expected of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.documents import json_of
from core.files.regular_file import read_file
from core.files.replacement import replace_file
from server.audit.checkpoints import Checkpoint
from server.audit.keepers import Keeper, KeeperLost
from server.audit.key_chain import KeyChain
from server.audit.restorations import stated

CONFIRMED = "confirmed.json"  # in the audit directory
_KEEPERS = "keepers"


@dataclass(frozen=True)
class Held:
    """The content of a keeper. last: its newest checkpoint that is not void; restorations: the texts accepted there."""

    last: Checkpoint | None
    restorations: tuple[str, ...]


def confirmed(directory: Path) -> dict[str, int]:
    """The newest number that each keeper took, by its name; {} where nothing is noted, or can be read."""
    try:
        noted = json_of(read_file(directory / CONFIRMED))[_KEEPERS]
        return {str(name): int(number) for name, number in noted.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def write_confirmed(directory: Path, numbers: Mapping[str, int]) -> None:
    """Replaces the note. Raises OSError."""
    replace_file(directory / CONFIRMED, json.dumps({_KEEPERS: dict(numbers)}).encode(), durable=False)


def held_by(keeper: Keeper, keys: KeyChain, number: int) -> Held:
    """Returns the content of a keeper that confirmed the checkpoint of this number; 0 = none.

    Raises KeeperLost if it holds less, KeeperError, CheckpointError.
    """
    last, accepted = keeper.last(keys), keeper.restorations()
    given_up = max((each.lost for text in accepted if (each := stated(text)) is not None), default=0)
    held = max(last.number if last is not None else 0, given_up)
    if held < number:
        raise KeeperLost(held, number)
    return Held(last, accepted)
