"""Ed25519 public keys with forgeable signatures: points of small order, which no key pair has.

A signature under one holds for some messages, or for all, from any signer (Chalkias, Garillot, Nikolaenko: "Taming the
many EdDSAs", 2020); the libraries that verify do not refuse them.
"""

from __future__ import annotations

_P = 2**255 - 19
_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7  # y of two of the four points of order 8
_SMALL = {0, 1, _P - 1, _ORDER_8, _P - _ORDER_8}  # y of the eight points


def is_of_small_order(public: bytes) -> bool:
    """Returns whether 32 bytes are such a point, in any of its encodings: y + p is y, the top bit is the sign of x."""
    return (int.from_bytes(public, "little") & (2**255 - 1)) % _P in _SMALL
