"""What is done to a count before it leaves: small ones are hidden, the others rounded, the same way for ever.

The rule (docs/numbers.md): a cell has a secret threshold from 5 to 9 and a secret fraction, both from an HMAC of what
the cell *is*, never of what it counts nor of the vintage. Below its threshold it is hidden, zero as well as four; else
it becomes the multiple of five below it or above it, above it where its remainder over five passes the fraction: right
in the mean. So the same cell is the same in every table and at every vintage; one report more moves it by five or not
at all; and a difference of two tables leaves a range of values and no single one.
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
    """To hundreds."""
    return round(persons / 100) * 100
