"""Levels of a real server with a Judiciary that seeks everybody on the list of the kinds: HIT and POSSIBLE by
CheckPerson."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.foreign_list.product import birth_of
from bench.names import nations, tables
from bench.names.kinds import people, truth
from bench.names.kinds.people import Person
from bench.names.kinds.truth import Question
from bench.names.noise import Name
from bench.names.questions import Question as Checked
from bench.names.searching import Server

_OTHERS = 1_000  # persons of the nation beside those who are sought
_SEED = 3206
EACH = 400  # questions, and as many strangers, of each kind


def _tags(person: Person) -> dict[str, str]:
    """The Judiciary's fields: Spanish names by the word, others as far as they have parts."""
    shown = [word for word in person.words if word.shown]
    if person.lineage.of.shape == "hispanic":
        given = [word.text() for word in shown if word.role in ("given", "second", "third")]
        surnames = [word.text() for word in shown if word.role in ("surname", "maternal")]
        married = [word.text() for word in shown if word.role == "married"]
    else:
        parts, texts = person.parts, [word.text() for word in shown]
        given = [" ".join(filter(None, (parts.get("given"), parts.get("patronymic"))))] if parts else texts[:-1]
        given, surnames, married = [" ".join(given)], [parts.get("surname", "") if parts else texts[-1]], []
    tags = {f"NOMBRE{n}": text for n, text in enumerate(given[:3], 1)}
    tags |= {f"APELLIDO{n}": text for n, text in enumerate(surnames[:2], 1)} | dict.fromkeys(("CASADA",), "")
    tags["CASADA"] = married[0] if married else ""
    return {tag: tables.plain(text) for tag, text in tags.items()}


def _seek(nation: Path) -> list[str]:
    listed = (people.listed(number) for number in range(people.count()))
    nations.write_warrants(nation, (nations.Warrant(_tags(one), one.born, one.lineage.sex == "F") for one in listed))
    return []


def _shares(server: Server, questions: Sequence[Question], *, dated: bool) -> dict[str, float]:
    """Level -> share of the questions."""
    levels: Counter[str] = Counter()
    for one in questions:
        birth = birth_of(one.birth) if dated else None
        asked = Name((), (), text=one.asked)
        levels[server.level(Checked(one.kind, -1, asked, asked.length(), birth))] += 1
    return {level: count / max(1, len(questions)) for level, count in sorted(levels.items())}


def _first(questions: Iterable[Question], count: int) -> list[Question]:
    """So many, spread over all."""
    every = list(questions)
    return every[:: max(1, len(every) // count)][:count]


def measure(kinds: Sequence[str], half: str, each: int = EACH) -> dict[str, Any]:
    """Kind -> shares of the levels of listed persons and strangers; the same of relatives; HIT of each apart."""
    nation = nations.prepare("kinds", _OTHERS, _SEED, warrants=_seek, damage=0.0, any_day=True)
    report: dict[str, Any] = {"kinds": {}, "relatives": {}}
    with Server(nation.data, nations.WORK / "server-kinds.log") as server:
        for kind in kinds:
            asked = {
                "listed": _first(truth.questions(kind, half), each),
                "strangers": list(truth.strangers(kind, each, half)),
            }
            report["kinds"][kind] = {
                f"{who}, {'dated' if dated else 'by name'}": _shares(server, some, dated=dated)
                for who, some in asked.items()
                for dated in (False, True)
            }
        for relation in people.RELATIONS:
            some = list(truth.relatives(relation, each * 2, half))
            levels = {dated: _shares(server, some, dated=dated) for dated in (False, True)}
            report["relatives"][relation] = {
                "by name": levels[False],
                "dated": levels[True],
                "HIT dated": levels[True].get("HIT", 0.0),
            }
    return report
