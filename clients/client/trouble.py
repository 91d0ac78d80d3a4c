"""Kinds of trouble between a client and a server."""

from __future__ import annotations

from enum import Enum, auto


class Trouble(Enum):
    """A kind of trouble. OWN_...: of what this client shows; CERTIFICATE_...: of the server's certificate."""

    ADDRESS_IS_NONE = auto()
    NAME_NOT_KNOWN = auto()
    NOT_REACHED = auto()  # the machine answers, and nobody listens there
    NO_WAY = auto()  # the machine does not answer
    ANOTHER_PROGRAM = auto()
    SERVER_SPEAKS_TLS = auto()
    SERVER_SPEAKS_PLAINTEXT = auto()
    CERTIFICATE_OF_ANOTHER_CA = auto()
    CERTIFICATE_OUT_OF_DATE = auto()
    CERTIFICATE_OF_ANOTHER_NAME = auto()
    IDENTITY_IS_NONE = auto()
    OWN_CERTIFICATE_IS_NONE = auto()
    OWN_KEY_IS_NONE = auto()
    OWN_FILES_EXCHANGED = auto()
    OWN_TOKEN_IS_NONE = auto()
    OWN_KEY_OF_ANOTHER_CERTIFICATE = auto()
    OWN_CERTIFICATE_OUT_OF_DATE = auto()
    OWN_CERTIFICATE_REFUSED = auto()
    OWN_CERTIFICATE_YOUNG = auto()  # refused, and it began a day ago at most: a server with a late clock does so
    UNKNOWN = auto()
