"""Countries beside a document's number, in plain Python (docs/answers.md section 4); the table alone is shared."""

from __future__ import annotations

import re
from pathlib import Path

from core.identifiers.kinds import IdentifierKind as Kind

_TABLE = (Path(__file__).parents[3] / "core" / "identifiers" / "countries.pxi").read_text("utf-8")
COUNTRIES: dict[str, str] = {
    word: code
    for code, words in re.findall(r"\|([A-Z]{3})=([A-Z ]+)", "".join(re.findall(r'"(\|.*)"', _TABLE)))
    for word in words.split()
}
_PASSPORT = ("PASAPORTE", "PASS", "PAS", "PASSPORT")
_LICENCE = ("LICENCIA", "LIC")


def _words(text: str) -> list[str]:
    from tests.core.identifiers import naive_written

    if naive_written.doubtful(text):
        return []
    try:
        return naive_written.words_of(text)
    except naive_written.Unread:
        return []


def known(text: str) -> str:
    """The code of a country said by name, adjective or code; "" for none that the table knows."""
    return COUNTRIES.get("".join(_words(text)), "")


def split(text: str) -> tuple[str, str, bool] | None:
    """Country and number of "HONDURAS E123456", and whether two letters alone said it."""
    from tests.core.identifiers import naive_written

    words = naive_written.without_labels(_words(text), Kind.DOCUMENT_NUMBER)
    said: list[str] = []
    for at_end in (False, True):
        for k in (2, 1):
            name = "".join(words[-k:] if at_end else words[:k])
            if len(words) > k and name in COUNTRIES:
                said.append(name)
                words = words[:-k] if at_end else words[k:]
                break
    codes = {COUNTRIES[name] for name in said}
    number = "".join(words)
    short = bool(said) and all(len(name) == 2 for name in said)
    if len(codes) != 1 or not re.search("[0-9]", number) or (short and number.isdigit()):
        return None
    return codes.pop(), number, short


def labelled(text: str) -> tuple[Kind, str] | None:
    """The kind that the first word says, and the rest."""
    from tests.core.identifiers import naive_written

    words = _words(text)
    if len(words) < 2 or words[0] not in _PASSPORT + _LICENCE:
        return None
    kind = Kind.DOCUMENT_NUMBER if words[0] in _PASSPORT else Kind.LICENCE
    rest = words
    if kind is Kind.LICENCE:
        left = [w for w in words if w not in ("LICENCIA", "LIC", "CONDUCIR", "NO", "NRO", "NUM", "NUMERO", "DE")]
        rest = [re.sub("^(LICENCIA|LIC|CONDUCIR|NRO|NUM|NUMERO)(?=[0-9])", "", word) for word in left]
    else:
        rest = naive_written.without_labels(words, kind)
    return (kind, " ".join(rest)) if rest else None
