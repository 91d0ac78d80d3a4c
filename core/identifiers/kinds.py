"""The kinds of identifier, numbered as the KEY_* constants of core/identifiers/kinds.pxd."""

from __future__ import annotations

from enum import IntEnum


class IdentifierKind(IntEnum):
    """A kind of identifier. NAME is what a one-box query may be besides; it is no key."""

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
