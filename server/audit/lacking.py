"""Things that are missing for work with the audit log or with a person's data: not given, or not there."""

from __future__ import annotations

from enum import Enum, auto
from pathlib import Path


class What(Enum):
    """The missing thing."""

    KEY = auto()  # the auditor's private key
    DEVELOPMENT_KEY = auto()  # the same, which development mode makes with its first log; path: where it would be
    AUDIT_TOKEN = auto()  # an officer's token with the role of audits
    TOKEN = auto()
    NIP = auto()  # in development mode, where no token says who asks
    LOG = auto()  # path: where no log is
    DATA = auto()  # path: CURRENT, which is not there
    SUBJECT_KEY = auto()  # path: where it is not
    ONE_IDENTIFIER = auto()  # none or several were given
    SUBJECT_ID = auto()  # what was given is none
    PUBLIC_KEY = auto()  # of the checkpoints; path: where the settings have the private one
    KEEPER = auto()  # path: no directory
    ANOTHER_KEEPER = auto()  # path: it lies in the log that it shall be held against
    RECORD = auto()  # log/segment/place
    TLS = auto()  # of a witness that others reach


class Lacking(Exception):
    """Something is missing, and nothing was looked at. `path`: of the missing thing."""

    def __init__(self, what: What, path: Path | None = None) -> None:
        super().__init__(what.name if path is None else f"{what.name}: {path}")
        self.what = what
        self.path = path
