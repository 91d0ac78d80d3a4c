"""Actions of an institution's issuer (server/issuer): the method of records in a log of its own."""

from __future__ import annotations

from enum import IntEnum


class IssuerAct(IntEnum):
    """Acts of an officer through a gateway or device, then acts of the institution's clerk."""

    EXCHANGE = 96
    EXCHANGE_RENEWED = 97
    LOGIN = 98
    LOGIN_RENEWED = 99
    CHANGE_PIN = 100
    END_SESSION = 101
    EXCHANGE_RECALL = 102
    ENROL_OFFICER = 112
    SET_NUMBER = 113
    RESET_PIN = 114
    UNLOCK = 115
    REVOKE_OFFICER = 116
    ROTATE_PEPPER = 117
    ACCEPT_RESTORED = 118
