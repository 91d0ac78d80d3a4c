"""Readers of text: identifiers, names, name keys, called as other compiled modules call them."""

from __future__ import annotations

import csv
import ctypes
from pathlib import Path

from core.free_text import detection as compiled_detection
from core.identifiers import api
from core.identifiers import canonical as compiled_identifiers
from core.identifiers.kinds import IdentifierKind
from core.names import comparison as compiled_match
from core.names import keys as compiled_names
from core.names import pairing as compiled_pairing
from tests.fuzz.c_functions import c_function, exact, room

_KINDS = list(IdentifierKind)
CANONICAL_MAX = 44
CANONICAL_BYTES = CANONICAL_MAX + 2  # struct Canonical
DETECTED_MAX = 12
SUGGESTIONS_MAX = 96
MISREADS_MAX = 48
FOLDED_MAX = 12_352
NAME_KEY_MAX = 4160

_int, _size, _address = ctypes.c_int, ctypes.c_size_t, ctypes.c_void_p

canonical_into = c_function(
    compiled_identifiers, "canonical_into", _int, _int, _address, _size, _address, _size, ctypes.POINTER(_size)
)
detect_into = c_function(compiled_detection, "detect_into", _int, _address, _size, _address, _size, _address)
suggest_into = c_function(compiled_identifiers, "suggest_into", _int, _int, _address, _size, _address)
plate_misreads_into = c_function(compiled_identifiers, "plate_misreads_into", _int, _address, _size, _address)
fold_into = c_function(compiled_names, "fold_into", _int, _address, _size, _address, _size)
name_key_into = c_function(compiled_names, "name_key_into", _int, _address, _size, _address, _size)
tokens_into = c_function(compiled_names, "tokens_into", _int, _address, _size, _address, _size)
compare_name_texts = c_function(
    compiled_pairing, "compare_name_texts", ctypes.c_uint8, _address, _size, _address, _size
)


def canonical_text(kind: int, text: int, size: int) -> bytes | None:
    length = _size()
    with room(CANONICAL_MAX) as out:
        if canonical_into(kind, text, size, out, CANONICAL_MAX, ctypes.byref(length)):
            return None
        return ctypes.string_at(out, length.value)


def identifiers(data: bytes) -> None:
    """First byte: a kind, and the length of the country; the rest: the country and the text."""
    head, rest = data[0] if data else 0, data[1:]
    kind = _KINDS[head // 4 % len(_KINDS)]
    said = rest[: head % 4]
    with exact(said) as country, exact(rest[len(said) :]) as text, room(CANONICAL_BYTES * SUGGESTIONS_MAX) as found:
        size = len(rest) - len(said)
        canonical = canonical_text(kind, text, size)
        if canonical is not None:
            assert canonical == api.canonical(kind, canonical).encode()
        assert 0 <= suggest_into(kind, text, size, found) <= SUGGESTIONS_MAX
        assert -6 <= detect_into(text, size, country, len(said), found) <= DETECTED_MAX
        assert 0 <= plate_misreads_into(text, size, found) <= MISREADS_MAX


def identifiers_seeds() -> list[bytes]:
    path = Path(__file__).parents[1] / "data" / "id_vectors.tsv"
    with path.open(encoding="utf-8", newline="") as lines:
        texts = [row["input"] for row in csv.DictReader(lines, delimiter="\t")]
    texts += [
        "+502 5555-1234",
        "P0-720GVH",
        "SLV:A123456",
        "Ana Pérez 1985",
        "KP042788",
        "\u00a0N\u0303-15 1",
        "?-12O B0D",
    ]
    plain = [bytes([4 * i]) + text.encode() for text in texts for i in range(len(_KINDS))]
    return plain + [b"\3SLV" + text.encode() for text in texts]


def names(data: bytes) -> None:
    """The whole input is one name; outputs go to memory of the promised and of too small a size."""
    with exact(data) as text, room(FOLDED_MAX) as out, room(NAME_KEY_MAX) as key, room(len(data) + 1) as tight:
        folded = fold_into(text, len(data), out, FOLDED_MAX)
        assert 0 <= folded <= FOLDED_MAX
        again = compiled_names.fold(ctypes.string_at(out, folded))
        assert again.encode() == ctypes.string_at(out, folded)
        assert 0 <= tokens_into(text, len(data), out, FOLDED_MAX) <= folded
        length = name_key_into(text, len(data), key, NAME_KEY_MAX)
        assert 0 <= length <= NAME_KEY_MAX
        assert name_key_into(text, len(data), tight, len(data) + 1) == length
        for small in (0, 1, 7, 60):
            with room(small) as narrow:
                assert -1 <= fold_into(text, len(data), narrow, small) <= small
                assert -1 <= name_key_into(text, len(data), narrow, small) <= small


def names_seeds() -> list[bytes]:
    full = [
        "José María de los Ángeles Pérez López",
        "Q’eqchi' Tz'oc Xicay Quej Coj",
        "Guadalupe Agüero Ñusta Ximena Huitz Guanche",
        "N\u0303ust\u0301a phillipe munioz leonel ambrosio",
        "ĲSSELMEER ǅ ß Ⓐ 😀 1985",
        "A " * 70,
        "Ñ" * 70,
    ]
    return [name.encode() for name in full] + [full[0].encode("latin-1")]


def names_compared(data: bytes) -> None:
    """Two names, stored or plain, parted by the first zero byte."""
    left, _, right = data.partition(b"\0")
    with exact(left) as a, exact(right) as b:
        one = compare_name_texts(a, len(left), b, len(right))
        assert one in (1, 2, 3)
        # Of equally good pairs the first stands, so turned around it may say otherwise (docs/names.md, "Pairs").
        assert compare_name_texts(b, len(right), a, len(left)) in (1, 2, 3)
        assert compare_name_texts(a, len(left), a, len(left)) == (1 if compiled_names.tokens(left) else 3)
    assert 0 <= compiled_match.similarity(left, right) <= 1
    stored = compiled_match.name_text(left, right, left)
    assert compiled_match.name_text(full=stored).count(b"\x1f") == 0


def names_compared_seeds() -> list[bytes]:
    return [
        "Chepe Ernandez Kej\0José Hernández Quej".encode(),
        "Mariajosé de la Cruz\0María José Delacruz de Pérez".encode(),
        b"Ma. L0pez Hdz.\0MARIA LOPEZ\x1fHERNANDEZ\x1fGARCIA",
        b"Mohamed Wong Schmidt\0Muhammad Huang Schmitt",
        b"PEREZ LOPEZ, JUAN\0J. PEREZ",
        b"A " * 40 + b"\0" + b"A B " * 20,
        b"DE LA\0DE",
    ]
