"""The peers of the kinds of noise: rapidfuzz's ratios, LogicV2, pg_trgm; each asked everything that Ronda is asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from bench.foreign_list.short_forms import bare
from bench.foreign_list.trigrams import with_birth
from bench.names.kinds.people import Person
from bench.names.kinds.truth import Question
from bench.names.nations import WORK
from bench.names.peers import environment, pg_trgm
from ronda.demo.postgres_cluster import PostgresCluster

FOLDER = WORK / "kinds"
PEERS = ("token_set_ratio", "token_sort_ratio", "pg_trgm", "logic_v2")
_SCAN = Path(environment.__file__).parent / "kinds_scan.py"
_KEPT, _KEPT_OF_STRANGERS = 50, 10  # of an answer: a date moves whom it agrees with up, within these
_LEAST_SIMILAR = 0.2  # pg_trgm: an alias may share little

Answers = dict[str, list[tuple[str, float]]]  # question -> (person, score), best first
_Rows = Sequence[Sequence[float]]


def _lines(name: str, rows: Sequence[Any]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    Path(FOLDER / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _trigrams(questions: Sequence[Question], listed: Sequence[Person]) -> list[_Rows]:
    """pg_trgm on a real server, accents taken off on both sides."""
    rows = [(place, "", bare(person.text), "") for place, person in enumerate(listed)]
    with PostgresCluster() as cluster, psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute(f"SET pg_trgm.similarity_threshold = {_LEAST_SIMILAR}")
        pg_trgm.load(connection, rows)
        found: list[_Rows] = pg_trgm.ask(connection, [{"text": bare(one.asked)} for one in questions])["found"]
        return found


def _answers(questions: Sequence[Question], listed: Sequence[Person], rows: Sequence[_Rows]) -> Answers:
    return {
        one.id: [(listed[int(place)].id, float(score)) for place, score in found]
        for one, found in zip(questions, rows, strict=True)
    }


def _dated(answers: Answers, questions: Sequence[Question], listed: Sequence[Person]) -> Answers:
    """A peer that knows no dates, with what an equal one adds (bench.foreign_list.trigrams)."""
    births = {person.id: person.born.isoformat() for person in listed}
    return {
        one.id: sorted(
            ((person, with_birth(score, one.birth, births[person])) for person, score in answers[one.id]),
            key=lambda found: -found[1],
        )
        for one in questions
    }


def _made_of() -> str:
    """Returns a digest of the peers' questions and versions."""
    state = hashlib.sha256()
    for path in (FOLDER / "kinds-list.jsonl", FOLDER / "kinds-questions.jsonl", _SCAN, environment.LOCK):
        state.update(path.read_bytes())
    return f"{state.hexdigest()[:16]}-{_LEAST_SIMILAR}"


def _kept(questions: Sequence[Question], listed: Sequence[Person]) -> dict[str, list[_Rows]]:
    """Returns the peers' answers, asked once: Ronda changes, they and their questions seldom do."""
    kept = FOLDER / f"answers-{_made_of()}.json"
    if kept.exists():
        return dict(json.loads(kept.read_text(encoding="utf-8")))
    environment.run("kinds_scan", FOLDER)
    read: dict[str, list[_Rows]] = json.loads((FOLDER / "kinds_scan.json").read_text(encoding="utf-8"))
    (FOLDER / "kinds_scan.json").unlink()
    read["pg_trgm"] = _trigrams(questions, listed)
    for peer in PEERS[:3]:
        read[peer] = [
            found[: _KEPT if one.person else _KEPT_OF_STRANGERS]
            for one, found in zip(questions, read[peer], strict=True)
        ]
    kept.write_text(json.dumps(read), encoding="utf-8")
    return read


def asked(
    questions: Sequence[Question], listed: Sequence[Person], weighed_of: int = 1
) -> dict[str, tuple[Answers, Answers]]:
    """Peer -> answers by names only, and with the birth date.

    weighed_of: LogicV2 weighs one question in so many. Raises CalledProcessError, PeersUnavailable.
    """
    _lines("kinds-list", [[person.text, person.born.isoformat()] for person in listed])
    weighed = [number % weighed_of == 0 for number in range(len(questions))]
    _lines("kinds-questions", [
        {"text": one.asked, "birth": one.birth, "weighed": also}
        for one, also in zip(questions, weighed, strict=True)
    ])  # fmt: skip
    read = _kept(questions, listed)
    found: dict[str, tuple[Answers, Answers]] = {}
    for peer in PEERS[:3]:
        answers = _answers(questions, listed, read[peer])
        found[peer] = (answers, _dated(answers, questions, listed))
    some = [one for one, also in zip(questions, weighed, strict=True) if also]
    found["logic_v2"] = (_answers(some, listed, read["logic_v2"]), _answers(some, listed, read["logic_v2 dated"]))
    return found
