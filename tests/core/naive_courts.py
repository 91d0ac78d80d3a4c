"""docs/manifests.md, "Courts", in plain Python: the twin of core.court_names, whose table of words it shares."""

from __future__ import annotations

from core.court_names import court_words
from tests.core.naive_names import LOST, PARTICLES, fold

WORDS = court_words()


def court_name(text: str) -> str:
    words = [WORDS.get(word, word) for word in fold(text).split()[:64] if word not in PARTICLES]
    return " ".join(word[:64] for word in words if word).replace("Ñ", "N").replace(LOST, "?")
