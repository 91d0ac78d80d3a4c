"""docs/manifests.md, "Courts", in plain Python: the twin of core.standardise.courts, with the same table of words."""

from __future__ import annotations

from core.standardise.courts import court_words
from tests.core.names.naive_names import LOST, PARTICLES, fold

WORDS = court_words()


TENS = {"DECIMO": "1", "DECIMA": "1", "VIGESIMO": "2", "VIGESIMA": "2"}


def court_name(text: str) -> str:
    words = [word[:64] for word in fold(text).split()[:64]]
    forms = [(place, WORDS.get(word, word)) for place, word in enumerate(words) if word not in PARTICLES]
    found: list[tuple[int, str]] = []
    for place, form in [(p, f) for p, f in forms if f]:
        if form == "INST" and found and _is_unit(found[-1][1]):
            found[-1] = (-1, found[-1][1] + form)
        else:
            found.append((place, form))
    joined: list[str] = []
    while found:
        place, form = found.pop(0)
        ten = TENS.get(words[place], "") if place >= 0 else ""
        if ten and found and found[0][0] == place + 1 and _is_unit(found[0][1]):
            form = ten + found.pop(0)[1]
        joined.append(form.replace("Ñ", "N").replace(LOST, "?"))
    return " ".join(sorted(joined))


def _is_unit(form: str) -> bool:
    return form in set("123456789")
