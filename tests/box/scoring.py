"""`python -m tests.box.scoring`: how many lines are read as their writer meant, and what was said of the others."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import QuestionError
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.box.cast import Cast, Line, lines

_SHOWN = 3  # candidates that an officer sees without turning a page


@dataclass(frozen=True)
class Read:
    """The box's reading of a line."""

    line: Line
    said: str  # level, kinds and what was found, or the refusal
    as_meant: bool
    is_green: bool  # the level says that nothing is known, of somebody who is listed


def read_all(cast: Cast, name: str = "lines") -> Iterator[Read]:
    """Every line of a list, asked."""
    listed = {each["id"] for each in (*cast.persons, *cast.vehicles) if each["listed"]}
    names = cast.names
    for line in lines(name):
        try:
            answer = cast.check(line.text)
        except QuestionError as error:
            yield Read(line, f"{error.reason} {error.field} {error.rule}", line.reach == "refuse", is_green=False)
            continue
        one = answer.person.subject_id or answer.vehicle.subject_id
        shown = [one] if one else [each.subject_id for each in answer.candidates]
        level = level_pb2.Level.Name(answer.answer.level).removeprefix("LEVEL_")
        kinds = [checks.IdentifierKind.Name(each.kind).removeprefix("IDENTIFIER_KIND_") for each in answer.detected]
        found = [names.get(each, "another") for each in shown]
        said = f"{level} {'+'.join(kinds)} -> {'one ' if one else ''}{' '.join(found) or 'nobody'}"
        is_green = level == "CLEAR" and line.reach in listed
        yield Read(line, said, _is_as_meant(line, bool(one), found, level), is_green)


def _is_as_meant(line: Line, is_one: bool, found: list[str], level: str) -> bool:
    if line.reach == "refuse":
        return not is_one and level != "CLEAR"
    if line.reach == "none":
        return not is_one or found == ["another"]
    if line.kind == "name":
        return line.reach in found[:_SHOWN]
    return set(found) == {line.reach}


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        cast = Cast(Path(directory) / "box")
        read = [each for name in ("lines", "more_lines") for each in read_all(cast, name)]
    otherwise = [each for each in read if not each.as_meant]
    for each in otherwise:
        told = f"{each.line.text}\t{each.line.reach} {each.line.kind} {each.line.also} {each.line.seen}\t{each.said}\n"
        sys.stdout.write(told)
    green = [each.line.text for each in read if each.is_green]
    sys.stdout.write(f"{len(read)} lines, {len(otherwise)} not as meant, {len(green)} green: {green}\n")
    return 1 if green else 0


if __name__ == "__main__":
    sys.exit(main())
