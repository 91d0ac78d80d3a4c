"""Tells once of each part of an installation that was there while it served and is gone: it begins anew.

<data>/served.json lists the parts that were seen, and the directory of the audit log. It is written while the server
runs, so that the next start knows what was lost in between. docs/operations.md ("Parts that begin anew") has the table.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.documents import json_of
from core.files.regular_file import read_file
from core.files.replacement import replace_file
from core.generation.subject_key import SUBJECT_KEY
from core.ledger.frames import LOG
from core.ledger.reader import FOLDER as LEDGER
from server.audit.set_up import audit_directory
from server.host.supervised import kept_for
from server.logs import ERROR, log
from server.parts import PARTS
from server.processes.page_key import PAGE_KEY
from server.processes.settings import ServerSettings
from server.trust.last_good import LAST_GOOD

SERVED = "served.json"  # in the data directory
AUDIT_PART = "audit"  # the one that may lie elsewhere
_STAGED = "staging/LAST.json"  # indexer/staging: what the newest extracts are


@dataclass(frozen=True)
class ServedPart:
    """One part. secret: made at the first start, so that an audit log with records tells of its loss too."""

    name: str
    event: str
    place: Callable[[ServerSettings], Path]
    secret: bool = False


def _of_services() -> Iterator[ServedPart]:
    for part in PARTS:
        kept = kept_for(part)
        for file in kept.files() if kept is not None else ():
            yield ServedPart(file.name, file.event, partial(_in_data, file.place), secret=file.secret)


def _in_data(place: str, settings: ServerSettings) -> Path:
    return settings.data / place


SERVED_PARTS = (
    ServedPart("page.key", "page_key_made_anew", lambda settings: settings.data / PAGE_KEY, secret=True),
    ServedPart("limits", "limits_made_anew", lambda settings: settings.limits_path, secret=True),
    ServedPart("subject.key", "subject_key_missing", lambda settings: settings.data / SUBJECT_KEY, secret=True),
    ServedPart(AUDIT_PART, "audit_begun_anew", lambda settings: audit_directory(settings) / "logs"),
    *_of_services(),
    ServedPart("ledger", "ledger_begun_anew", lambda settings: settings.data / LEDGER / LOG),
    ServedPart("staging", "staging_lost", lambda settings: settings.data / _STAGED),
    ServedPart("trust.last-good.json", "trust_begun_anew", lambda settings: settings.data / LAST_GOOD),
    # Without these notes nobody knows which of the parts above that hold no secret were there.
    ServedPart(SERVED, "served_note_lost", lambda settings: settings.data / SERVED, secret=True),
)


class ServedParts:
    """The known parts of this installation, read once; `note` keeps them up to date."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._path = settings.data / SERVED
        noted = self._noted()
        self._audit, self._seen = noted or ("", set())
        self._served = self._present()  # since this start
        self._recorded = _is_there(audit_directory(settings) / "logs")
        self._has_lost_notes = noted is None and self._recorded

    @property
    def has_served(self) -> bool:
        """Returns whether this installation answered before: its audit log or its notes say so."""
        return self._recorded or bool(self._seen)

    def has_seen(self, name: str) -> bool:
        """Returns whether a part existed when this installation served before, or may have existed.

        An installation that has served and lost its notes may have had any part.
        """
        return name in self._seen or self._has_lost_notes

    def lost(self) -> list[tuple[ServedPart, Path]]:
        """Returns the parts that were there and are not, each with its place."""
        return [
            (part, part.place(self._settings))
            for part in SERVED_PARTS
            if self._is_expected(part) and (not _is_there(part.place(self._settings)) or self._is_unread(part))
        ]

    def tell_of_lost(self) -> None:
        """Logs one line for each."""
        for part, place in self.lost():
            log(part.event, level=ERROR, part=part.name, file=str(place))

    def note(self) -> None:
        """Writes down the parts that are there or were since this start, where that changed: what is lost meanwhile the
        next start tells. A disk that refuses is asked again later.
        """
        self._served |= self._present()
        audit = self._audit_place()
        if (audit, self._served) == (self._audit, self._seen):
            return
        with suppress(OSError):
            replace_file(self._path, json.dumps({"audit": audit, "parts": sorted(self._served)}).encode())
            self._audit, self._seen = audit, set(self._served)

    def _present(self) -> set[str]:
        return {part.name for part in SERVED_PARTS if _is_there(part.place(self._settings))}

    def _is_expected(self, part: ServedPart) -> bool:
        if part.name in ("limits", LAST_GOOD) and self._settings.development:
            return False  # nothing is counted there, and nobody is admitted by it
        if part.name == AUDIT_PART and self._audit != self._audit_place():
            return False  # the settings name another directory: it was changed on purpose
        return part.name in self._seen or (part.secret and self._recorded)

    def _is_unread(self, part: ServedPart) -> bool:
        return part.name == SERVED and self._has_lost_notes

    def _audit_place(self) -> str:
        """The directory of the log; within the data directory by its place there, which may be moved as a whole."""
        audit, data = audit_directory(self._settings).absolute(), self._settings.data.absolute()
        return str(audit.relative_to(data) if audit.is_relative_to(data) else audit)

    def _noted(self) -> tuple[str, set[str]] | None:
        """Returns the directory of the log and the parts; None = nothing that can be read."""
        try:
            document = json_of(read_file(self._path))
            return str(document["audit"]), {str(name) for name in document["parts"]}
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _is_there(place: Path) -> bool:
    try:
        found = place.stat()
        return found.st_size > 0 or not stat.S_ISREG(found.st_mode)  # an emptied file holds nothing any more
    except FileNotFoundError:
        return False
    except OSError:  # closed to this account: other checks tell of it
        return True
