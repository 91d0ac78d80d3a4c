"""The kinds of identifier, for Python."""

from enum import IntEnum

class IdentifierKind(IntEnum):
    """A kind of identifier: KEY_* of core/identifiers/kinds.pxd.

    NAME is what a one-box query may be besides; it is no key.
    """

    CUI = 1
    NIT = 2
    CEDULA = 3
    DOCUMENT = 4
    DOCUMENT_NUMBER = 5
    LICENCE = 6
    TELEPHONE = 7
    PLATE = 8
    VIN = 9
    CHASSIS_TAIL = 10
    ENGINE = 11
    ENGINE_TAIL = 12
    NAME = 14

SUBJECT_KEY: int  # kind under which the 16 bytes of a subject id are looked up
