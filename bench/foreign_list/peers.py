"""The peers against the same list: rapidfuzz and pg_trgm search it, LogicV2 weighs the results of rapidfuzz.

Only LogicV2 weighs a birth date beside a name in a search; for the others an equal one counts as in
bench.foreign_list.trigrams. LogicV2 alone has a score of its own that triggers an alert.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from bench.foreign_list import files, verdict
from bench.foreign_list.trigrams import with_birth
from bench.foreign_list.verdict import FIRST, Asked
from bench.names.peers import environment, pg_trgm

FOLDER = files.DEFAULT / "peers"
LOGIC_V2_ALERTS = 0.7  # SCORE_THRESHOLD of yente, which serves LogicV2
EVERY = 10  # one person and stranger of so many is asked about: a scan of the list takes milliseconds

_Found = dict[str, list[tuple[int, float]]]  # asked text -> (place of a name, score), best first


class Named:
    """Every name on the list by its place, and its bearer."""

    def __init__(self) -> None:
        listed = files.read(files.DEFAULT, "listed", "AB")
        self.people = {row["id"]: row for row in listed}
        named = [(row, text) for row in listed for text in (row["name"], *(alias["name"] for alias in row["aliases"]))]
        self.texts = [text for _, text in named]
        self.ids = [str(row["id"]) for row, _ in named]

    def names_of(self, person: str) -> list[str]:
        """As listed, then the aliases."""
        row = self.people[person]
        return [row["name"], *(alias["name"] for alias in row["aliases"])]

    def best(self, rows: Sequence[tuple[int, float]], asked: Asked) -> list[tuple[str, float]]:
        """Persons by their best name and the birth date, at most FIRST."""
        found: dict[str, float] = {}
        for place, score in rows:
            person = self.ids[place]
            found[person] = max(found.get(person, 0.0), with_birth(score, asked.birth, self.people[person]["birth"]))
        return sorted(found.items(), key=lambda item: -item[1])[:FIRST]


def _asked(half: str, every: int) -> list[Asked]:
    """Everything that verdict.on_questions will ask of one in `every`."""
    names = ("questions", "strangers", "guatemalans", "relatives")
    rows = [row for name in names for row in files.read(files.DEFAULT, name, half)]
    some = [row for row in rows if int(row.get("person", "")[1:] or row["id"][1:]) % every == 0]
    return list(dict.fromkeys(Asked(r["asked"], birth, r["sex"]) for r in some for birth in ("", r["birth"])))


def _lines(name: str, rows: Sequence[Any]) -> None:
    with (FOLDER / f"{name}.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def _write_pairs(name: str, pairs: list[dict[str, Any]]) -> None:
    blank = {"given": "", "asked_birth": None, "birth": None}
    _lines(f"pairs-{name}", [blank | {"asked": pair["name_1"], "surnames": pair["name_2"]} for pair in pairs])


def _read(peer: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{peer}.json").read_text(encoding="utf-8"))
    return found


def _rows(
    search: Callable[[Asked], list[tuple[str, float]]],
    alerts: float | None,
    alike: dict[str, float],
    half: str,
    every: int,
) -> dict[str, float | None]:
    def alerted(asked: Asked) -> list[str]:
        return [who for who, score in search(asked) if alerts is not None and score >= alerts]

    questions = verdict.on_questions(search, alerted if alerts is not None else None, half=half, every=every)
    pairs = verdict.on_pairs(lambda row: alike[row["id"]], half=half)
    # no JSON has what a tenth is off by of which nothing was expected
    return {row.name: row.value if math.isfinite(row.value) else None for row in questions.rows + pairs.rows}


def figures(half: str = "B", every: int = EVERY) -> dict[str, dict[str, float | None]]:
    """Peer -> row of a verdict -> value. Raises CalledProcessError, PeersUnavailable, and as pg_trgm.run does."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    named, asked = Named(), _asked(half, every)
    texts = list(dict.fromkeys(one.name for one in asked))
    halves = {"tuning": files.read(files.DEFAULT, "pairs", "A"), "held": files.read(files.DEFAULT, "pairs", half)}
    for name, pairs in halves.items():
        _write_pairs(name, pairs)
    _lines("list", [[place, text, "", ""] for place, text in enumerate(named.texts)])
    _lines("list-questions", [{"text": text} for text in texts])
    environment.run("rapidfuzz_scan", FOLDER)
    pg_trgm.run(FOLDER)
    found: dict[str, dict[str, float | None]] = {}
    searches: dict[str, Callable[[Asked], list[tuple[str, float]]]] = {}
    for peer in ("rapidfuzz", "pg_trgm"):
        rows: _Found = dict(zip(texts, _read(peer)["list"]["found"], strict=True))
        searches[peer] = lambda one, rows=rows: named.best(rows[one.name], one)  # type: ignore[misc]
    searches["logic_v2"] = _weighed_by_logic_v2(named, asked, searches["rapidfuzz"])
    for peer, search in searches.items():
        scores = _read(peer)["pairs"]
        alike = {
            row["id"]: score for name, pairs in halves.items() for row, score in zip(pairs, scores[name], strict=True)
        }
        found[peer] = _rows(search, LOGIC_V2_ALERTS if peer == "logic_v2" else None, alike, half, every)
    return found


def _weighed_by_logic_v2(
    named: Named, asked: list[Asked], search: Callable[[Asked], list[tuple[str, float]]]
) -> Callable[[Asked], list[tuple[str, float]]]:
    """Returns the persons that a search finds, in LogicV2's order, which knows all their names and the birth date."""
    groups = [(one, [person for person, _ in search(one)]) for one in asked]
    _lines("weighed", [
        {"asked": one.name, "birth": one.birth,
         "others": [[named.names_of(person), named.people[person]["birth"]] for person in people]}
        for one, people in groups
    ])  # fmt: skip
    environment.run("logic_v2", FOLDER)
    weighed = {
        one: sorted(zip(people, scores, strict=True), key=lambda item: -item[1])
        for (one, people), scores in zip(groups, _read("logic_v2")["weighed"], strict=True)
    }
    return weighed.__getitem__
