"""Letters that a question's name lost, in plain Python (docs/answers.md section 2, "Lost letters of a question")."""

from __future__ import annotations

import re

from tests.core.names.naive_names import LOST, phonetic_key, tokens
from tests.oracle.name_tokens import frequencies

_LETTER = "A-Za-zÀ-ÖØ-öø-ÿ"
_SIGNS = r"&#?_@$%^~\\|¡-§©¬®-³µ¶¸¹¼-¿"
_BETWEEN = re.compile(f"(?<=[{_LETTER}])[{_SIGNS}](?=[{_LETTER}])")
_RUN_MOST = 64


def _is_known(word: str) -> bool:
    return all(phonetic_key(token) in frequencies() for token in tokens(word))


def _replaced(match: re.Match[str]) -> str:
    text = match.string
    before = re.search(f"[{_LETTER}]*$", text[: match.start()])
    behind = re.match(f"[{_LETTER}]*", text[match.end() :])
    assert before and behind
    runs = before[0][-_RUN_MOST:], behind[0][:_RUN_MOST]
    two_names = all(len(run) > 2 and _is_known(run) for run in runs)
    if len(runs[0]) + len(runs[1]) <= 2 or len(runs[1]) > 6 or two_names:
        return match[0]
    return LOST


def mended(text: str) -> str:
    """A question's name with U+FFFD for each sign that stands where a letter was."""
    return _BETWEEN.sub(_replaced, text)
