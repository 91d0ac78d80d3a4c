"""The start-up settings of a car's screen."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_IDLE_MINUTES = 10.0


@dataclass(frozen=True)
class CarSettings:
    """server: "host:port". identity: path without ending of the device's files; "" = plaintext, development mode only.

    purpose: name of the contract's Purpose. deadline: seconds until a question is given up.
    idle_minutes: without a key until the screen locks. state: directory for the hot list and the log of off-line
    look-ups, both encrypted; "" = neither is kept. issuer: "host:port" where officers sign in; "" = by token alone.
    """

    server: str
    identity: str
    purpose: str
    case_number: str = ""
    reason: str = ""
    deadline: float = 5.0
    idle_minutes: float = DEFAULT_IDLE_MINUTES
    day: bool = False
    state: str = ""
    issuer: str = ""
