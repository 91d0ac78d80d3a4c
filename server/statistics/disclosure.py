"""Disclosure control of a count before it leaves: small ones are hidden, others rounded, always in the same way.

The rule (docs/numbers.md): a cell has a secret threshold from 5 to 9 and a secret fraction. Both come from an HMAC of
the cell's identity, never of its count nor of the vintage. Below its threshold it is hidden, zero as well as four.
Otherwise it becomes the multiple of five below or above it: above if its remainder over five passes the fraction, so
that the mean is right. The same cell is thus the same in every table and at every vintage. One report more moves it by
five or not at all. A difference of two tables leaves a range of values, never a single one.
"""

from __future__ import annotations

import hashlib

BASE = 5
KEY_BYTES = 32
TEXT = (
    "Control de divulgación: toda cifra menor de 5 se oculta, y algunas de 5 a 9; las demás se redondean a múltiplos "
    "de 5, cada una por su cuenta: las partes pueden no sumar el total. Poblaciones redondeadas a centenas."
)


class Disclosure:
    """Hides and rounds with one key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError("the disclosure key has 32 bytes")
        self._key = key

    def shown(self, identity: str, count: int) -> int | None:
        """The figure of a cell; None = hidden. identity: what the cell is: source, rule, and a node a dimension."""
        if count < BASE:  # the least threshold
            return None
        drawn = hashlib.blake2b(identity.encode(), key=self._key, digest_size=16).digest()
        if count < BASE + int.from_bytes(drawn[:8], "big") % BASE:
            return None
        rest = count % BASE
        fraction = int.from_bytes(drawn[8:], "big") / 2**64
        return count - rest + (BASE if fraction < rest / BASE else 0)


def rounded_population(persons: int) -> int:
    """Returns the number rounded to hundreds."""
    return round(persons / 100) * 100
