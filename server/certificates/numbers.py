"""Numbers of certificates and reviews: random, so that nobody meets one by trying."""

from __future__ import annotations

import secrets

# Crockford's base 32: no letter is read as a digit. 20 letters are 100 bits, 10 are 50.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUP = 5
_CERTIFICATE, _REVIEW = 20, 10
_READ_AS = str.maketrans("OIL", "011")
_LONGEST = 64  # characters that are looked at


def new_certificate_number() -> str:
    """`XXXXX-XXXXX-XXXXX-XXXXX`."""
    return _new(_CERTIFICATE)


def new_review_number() -> str:
    """Returns a new number `R-XXXXX-XXXXX`. Only offices that know the person learn its meaning."""
    return f"R-{_new(_REVIEW)}"


def as_stored(text: str) -> str:
    """A number as somebody types it: in capitals, without blanks, O for 0, hyphens anywhere. "" = it can be none."""
    if len(text) > _LONGEST:
        return ""
    letters = "".join(text.split()).replace("-", "").upper()
    prefix, rest = ("R-", letters[1:]) if letters[:1] == "R" and len(letters) == _REVIEW + 1 else ("", letters)
    rest = rest.translate(_READ_AS)
    if len(rest) != (_REVIEW if prefix else _CERTIFICATE) or any(letter not in _LETTERS for letter in rest):
        return ""
    return prefix + _grouped(rest)


def _new(letters: int) -> str:
    return _grouped("".join(secrets.choice(_LETTERS) for _ in range(letters)))


def _grouped(letters: str) -> str:
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))
