"""Looks at each format on this installation's disks: whether this release reads it, and what a roll-back would lose."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from ronda.copies.manifest import CopyRefused
from ronda.settings import Settings
from ronda.upgrade.formats import FORMATS, Format
from server.audit.key_chain import CheckpointError


@dataclass(frozen=True)
class Seen:
    """One format found on disk. versions: each once; unread: those that this release does not read.

    lost: the loss of a roll-back; "" = nothing. damaged: the reason for an unknown version; "" = it is known.
    """

    format: Format
    versions: tuple[str, ...]
    unread: tuple[str, ...]
    lost: str
    damaged: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "format": self.format.name,
            "place": self.format.place,
            "found": list(self.versions),
            "writes": self.format.writes,
            "read_by_release_before": self.format.writes in self.format.before,
            "not_read": list(self.unread),
            "lost_by_roll_back": self.lost,
            "damaged": self.damaged,
        }


def look(settings: Settings, formats: Sequence[Format] = FORMATS) -> list[Seen]:
    """Each format, in the order of the table. Writes nothing."""
    return [_seen(settings, each) for each in formats]


def _seen(settings: Settings, each: Format) -> Seen:
    try:
        versions = tuple(sorted(set(each.found(settings))))
    except json.JSONDecodeError:
        return Seen(each, (), (), "", "no JSON")
    except (KeyError, TypeError, UnicodeDecodeError):
        return Seen(each, (), (), "", "no version is stated")
    except (CheckpointError, CopyRefused, pa.ArrowException, sqlite3.Error, OSError) as error:
        return Seen(each, (), (), "", f"{type(error).__name__}: {error}")
    unread = tuple(version for version in versions if each.reads is not None and version not in each.reads)
    lost = each.lost if versions and each.writes not in each.before else ""
    return Seen(each, versions, unread, lost)
