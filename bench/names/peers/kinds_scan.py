"""rapidfuzz's token ratios against a whole list, and LogicV2 over their results: the peers of the kinds of noise.

FOLDER/kinds-list.jsonl: [name, "YYYY-MM-DD"]; kinds-questions.jsonl: {"text", "birth", "weighed"}. Writes
kinds_scan.json: scorer -> for each question [[place, score]...], best first. LogicV2 weighs the first WEIGHED results
of token_set_ratio, without and with birth.
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
from followthemoney import model
from followthemoney.proxy import EntityProxy
from nomenklatura.matching import LogicV2
from rapidfuzz import fuzz, process, utils

from bench.names.peers import exchange

FIRST = 50
WEIGHED = 20
AT_ONCE = 256  # questions of one block of scores


def _plain(text: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return str(utils.default_process(bare))


def _scan(questions: list[str], names: list[str], scorer: Any) -> list[list[list[float]]]:
    found: list[list[list[float]]] = []
    for start in range(0, len(questions), AT_ONCE):
        scores = process.cdist(questions[start : start + AT_ONCE], names, scorer=scorer, dtype=np.float32, workers=1)
        best = np.argpartition(-scores, FIRST, axis=1)[:, :FIRST]
        for row, places in zip(scores, best, strict=True):
            ranked = sorted(((float(row[place]), int(place)) for place in places), key=lambda one: (-one[0], one[1]))
            found.append([[place, score / 100] for score, place in ranked])
    return found


def _entity(number: str, name: str, birth: str) -> EntityProxy:
    proxy = model.make_entity("Person")
    proxy.id = number
    proxy.add("name", name)
    proxy.add("birthDate", birth or None)
    return proxy


def _weighed(
    questions: list[dict[str, Any]], listed: list[list[str]], found: list[list[list[float]]], *, dated: bool
) -> list[list[list[float]]]:
    config = LogicV2.default_config()
    entities = [_entity(f"l{place}", name, birth if dated else "") for place, (name, birth) in enumerate(listed)]
    report = []
    for question, rows in zip(questions, found, strict=True):
        asked = _entity("asked", question["text"], question["birth"] if dated else "")
        scored = [
            [int(place), LogicV2.compare(asked, entities[int(place)], config).score] for place, _ in rows[:WEIGHED]
        ]
        report.append(sorted(scored, key=lambda one: -one[1]))
    return report


def main() -> None:
    """Scans, weighs what is to be weighed, writes."""
    folder = Path(sys.argv[1])
    listed = exchange.lines(folder / "kinds-list.jsonl")
    questions = exchange.lines(folder / "kinds-questions.jsonl")
    names, texts = [_plain(name) for name, _ in listed], [_plain(question["text"]) for question in questions]
    report: dict[str, Any] = {"token_set_ratio": _scan(texts, names, fuzz.token_set_ratio)}
    report["token_sort_ratio"] = _scan(
        [" ".join(sorted(text.split())) for text in texts],
        [" ".join(sorted(name.split())) for name in names],
        fuzz.ratio,
    )
    some = [question for question in questions if question["weighed"]]
    found = [rows for question, rows in zip(questions, report["token_set_ratio"], strict=True) if question["weighed"]]
    report["logic_v2"] = _weighed(some, listed, found, dated=False)
    report["logic_v2 dated"] = _weighed(some, listed, found, dated=True)
    exchange.write(folder, "kinds_scan", report)


if __name__ == "__main__":
    main()
