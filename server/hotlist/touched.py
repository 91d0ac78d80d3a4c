"""The view over one base, for the maker of lists, and the identifiers that may lead elsewhere since the last look.

Subjects in a new delta may have changed, and so may subjects that are no longer over the base. For each of them two
sets of identifiers count: those stated now, and those stated at the last look or in the base. An identifier outside
both sets leads to the same subject as before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path

from core.errors import CoreError
from core.generation.overlay import DeltaGeneration
from core.generation.reader import DossierReader
from core.generation.store import Generation
from ronda.v1 import check_service_pb2
from server.calls.live_levels import LiveLevels
from server.hotlist.entries import ListKey, bearers, keys_of, subject
from server.logs import WARNING, log

_PLATE = check_service_pb2.IDENTIFIER_KIND_PLATE
_DIGEST_BYTES = 16
_GONE = b""


class ViewFollower:
    """Follows the view of one base. For one thread."""

    def __init__(self, base: Generation, data: Path, fed: Collection[str], *, live: bool) -> None:
        """fed: registers that sources of the settings feed. live: whether anything is ever laid over a base."""
        self.view = base
        self.ever: set[ListKey] = set()  # all that `look` ever returned
        self.fed: set[bytes] = set()  # ids of the subjects that lie over the base
        self._base = base
        self._levels = LiveLevels(base, data, fed) if live else None
        self._newest: Generation | None = None  # a view with changes that are not all found yet
        self._found: set[ListKey] = set()
        self._subjects: dict[str, set[bytes]] = {}  # of each delta that was seen, with those that are gone
        self._borne: dict[bytes, tuple[bytes, set[ListKey]]] = {}  # subject -> digest of the dossier, what it states

    @property
    def is_behind(self) -> bool:
        """True if the newest view could not be read whole."""
        return self._newest is not None

    def look(self) -> set[ListKey]:
        """Returns the keys that may lead elsewhere than at the last look; from now on `view` is the newest.

        Raises CoreError, OSError: then it remains due, and `view` is unchanged.
        """
        if self._levels is None:
            return set()
        self._newest = self._levels.look() or self._newest
        if self._newest is None:
            return set()
        deltas = self._levels.deltas
        self._look_at(deltas)
        found = self._found | self._beside(self._newest)
        self.view, self._newest, self._found = self._newest, None, set()
        self.ever |= found
        return found

    def _look_at(self, deltas: Mapping[str, DeltaGeneration]) -> None:
        for delta_id, delta in deltas.items():
            if delta_id not in self._subjects:
                self._subjects[delta_id] = self._read(delta)
        over: set[bytes] = set()
        for delta_id in [each for each in self._subjects if each not in deltas]:
            over |= self._subjects.pop(delta_id)  # merged into another as a rule
        self.fed = set().union(*self._subjects.values())
        for subject_id in over - self.fed:
            self._note(subject_id, _GONE, self._stated_in_base(subject_id))

    def _read(self, delta: DeltaGeneration) -> set[bytes]:
        found: set[bytes] = set(delta.gone)
        for subject_id in delta.gone:
            self._note(subject_id, _GONE, set())
        generation = delta.generation
        for number in range(generation.entities):
            content = generation.dossier(number)
            reader = DossierReader(content)
            digest = hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()
            self._note(reader.subject_id, digest, keys_of(reader))
            found.add(reader.subject_id)
        return found

    def _note(self, subject_id: bytes, digest: bytes, stated: set[ListKey]) -> None:
        known = self._borne.get(subject_id)
        if known is not None and known[0] == digest:  # a delta that took in others has it as it was
            return
        self._found |= stated | (known[1] if known is not None else self._stated_in_base(subject_id))
        self._borne[subject_id] = digest, stated

    def _stated_in_base(self, subject_id: bytes) -> set[ListKey]:
        try:
            reader = subject(self._base, subject_id)
        except CoreError as error:
            log("hotlist_dossier_left_out", level=WARNING, error=error)
            return set()
        return keys_of(reader) if reader is not None else set()

    def _beside(self, view: Generation) -> set[ListKey]:
        """Returns the other identifiers of subjects with one of these plates.

        Their alerts also show by their VIN, and by the same number with another type.
        """
        found: set[ListKey] = set()
        for key in self._found:
            if key[0] != _PLATE:
                continue
            try:
                for reader in bearers(view, key):
                    found |= keys_of(reader)
            except CoreError as error:
                log("hotlist_dossier_left_out", level=WARNING, error=error)
        return found
