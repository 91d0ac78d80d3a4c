"""Identifiers by the million, unique without a list of used ones: each is a one-to-one function of a serial number.

Serial numbers of ordinary subjects start at 0; those of the cast (docs/nation.md) come from a range that no nation
reaches, so that a case keeps its identifiers at every size and seed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nation.columns import TEXT, Column, array, compute

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# A CUI's eight free digits: 1 number in 11 has no check digit, so a person may take 1.25 candidates.
CUI_CANDIDATES = 1.25
_CUI_NUMBERS = 10**8
CAST_CUI = 99_000_000
_NIT_NUMBERS = 99_999_989
COMPANY_NIT = 40_000_000
CAST_NIT = 90_000_000
PLATE_LETTERS = "BCDFGHJKLMNPQRSTVWXYZ"  # consonants without Ñ
_PLATES = 999 * 9_240  # all but those with ZZ as letters and one more, which are the cast's
FORMER_PLATE = 8_000_000
_VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9],
                       strict=True))  # fmt: skip
_VIN_WEIGHTS = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]
_MODEL_YEARS = "ABCDEFGHJKLMNPRSTVWXY123456789"  # 1980 = A, every 30 years again


def cui_numbers(first: int, count: int, candidates: int) -> Ints:
    """The first `count` usable eight-digit numbers among the serial numbers [first, first + candidates).

    Shape (count,), each times ten plus its check digit. Raises ValueError when the range is too short.
    """
    serial = np.arange(first, first + candidates, dtype=np.int64)
    free = (serial * 38_196_601 + 24_571_113) % _CUI_NUMBERS
    check = np.zeros(candidates, dtype=np.int64)
    for place in range(8):
        check += (free // 10 ** (7 - place)) % 10 * (place + 2)
    check %= 11
    usable = (free * 10 + check)[check != 10]
    if len(usable) < count:
        raise ValueError("too few candidates for the CUI numbers asked for")
    return np.asarray(usable[:count])


def cuis(numbers: Ints, department: Ints, municipality: Ints) -> Ints:
    """CUIs as integers, from `cui_numbers` and INE codes of the place of birth."""
    return numbers * 10_000 + department * 100 + municipality


def digits(values: Ints, width: int) -> Column:
    """Integers as text with leading zeros."""
    return compute.utf8_lpad(array(values).cast(TEXT), width, "0")


def nits(serial: Ints) -> Column:
    """NITs without hyphen, with their check character, for serial numbers below 99,999,988."""
    body = (serial.astype(np.int64) + 1) * 56_712_347 % _NIT_NUMBERS
    rest, check, weight = body.copy(), np.zeros(len(body), dtype=np.int64), 2
    while rest.any():
        check += rest % 10 * weight
        rest //= 10
        weight += 1
    mark = array(list("0123456789K")).take(array(-check % 11))
    return compute.binary_join_element_wise(array(body).cast(TEXT), mark, "")


def plates(serial: Ints, stride: Ints) -> Column:
    """Six plate characters ("123BCD"), distinct for distinct serials below 9,230,760 of one stride (a plate type)."""
    # The factor stays without a common divisor with _PLATES = 2^3 * 3^4 * 5 * 7 * 11 * 37.
    return _plate_texts((serial * (1_234_577 + stride * 1_111_110 * 777 * 11) + stride * 77_777) % _PLATES)


def cast_plates(place: Ints) -> Column:
    """Plates that no ordinary vehicle has, whatever its type, for places below 500."""
    return _plate_texts(_PLATES + 100 + place * 37)


def _plate_texts(code: Ints) -> Column:
    letters, size = code // 999, len(PLATE_LETTERS)
    alphabet = array(list(PLATE_LETTERS))
    parts = [alphabet.take(array(letters // size**power % size)) for power in (2, 1, 0)]
    return compute.binary_join_element_wise(digits(code % 999 + 1, 3), *parts, "")


def vins(makers: list[str], maker: Ints, model_year: Ints, serial: Ints, checked: Flags,
         rng: np.random.Generator) -> Column:  # fmt: skip
    """VINs of 17 characters, distinct for distinct serials below 10,000,000.

    `makers`: three-character codes; `maker`: index into them; `checked`: whether place 9 holds ISO 3779's check digit.
    """
    count = len(serial)
    letters = np.frombuffer(_VIN_LETTERS.encode(), dtype=np.uint8)
    text = np.empty((count, 17), dtype=np.uint8)
    codes = np.frombuffer("".join(makers).encode(), dtype=np.uint8).reshape(-1, 3)
    text[:, :3] = codes[maker]
    text[:, 3:8] = letters[rng.integers(0, len(letters), (count, 5))]
    text[:, 8] = ord("0")
    text[:, 9] = np.frombuffer(_MODEL_YEARS.encode(), dtype=np.uint8)[(model_year - 1980) % 30]
    text[:, 10] = letters[serial // 1_000_000 % 10]
    for place in range(6):
        text[:, 11 + place] = ord("0") + serial // 10 ** (5 - place) % 10
    values = np.zeros(256, dtype=np.int64)
    for number in range(10):
        values[ord(str(number))] = number
    for letter, value in _VIN_VALUES.items():
        values[ord(letter)] = value
    check = (values[text] * np.array(_VIN_WEIGHTS)).sum(axis=1) % 11
    other = letters[rng.integers(0, len(letters), count)]
    text[:, 8] = np.where(checked, np.frombuffer(b"0123456789X", dtype=np.uint8)[check], other)
    return array(text.reshape(-1).view("S17").astype("U17"))
