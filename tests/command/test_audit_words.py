"""Words for auditors are Spanish: every code of a record, every rule of the report, all that verifying finds."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest

from ronda.commands.audit_words import OUTCOMES, PURPOSES, RULES, finding_text
from ronda.commands.auditor.audit import read_moment
from ronda.commands.method_words import METHODS
from ronda.v1 import context_pb2, error_pb2
from server.audit import misuse
from server.audit.issuer_acts import IssuerAct
from server.audit.looking import Tool
from server.audit.methods import METHODS as ALL_METHODS
from tests.command.test_help import ENGLISH

AUDIT = Path(__file__).parents[2] / "server" / "audit"
# What ends in a sentence for the auditor: strings of these calls, placeholders filled.
SAID = re.compile(
    r"(?:(?:Problem|NotProvable|CheckpointError|KeyChainError|SegmentDamaged|HeaderAltered|RecordWrong|RestorationError|NotDeclared|Altered)\(\s*"
    r'|what = )f?"([^"]+)"'
)
FILLED = {
    "segment": "worker-0/7",
    "missing": "checkpoint 5 follows 3",
    "claim.by": "keeper 1: checkpoint 3",
    "name": "checkpoint",
    "whose": "keeper 1",
    "follows": "key 80b4ed076042bfd9 signs from checkpoint 8 on",
    "', '.join(chain.ids)": "80b4ed076042bfd9, 1c9a55e07f0be2d4",
    "error": "no checkpoint",
    "why": "check: checkpoint 5 says 20 records",
    "goes_on": "the log goes on from checkpoint 3",
    "known": "the restoration knows none above 9",
    "todo": "put the file `keys` of the second keeper into /audit/c and name the newest private key in "
    "audit_signing_key",
}


def test_every_code_of_a_record_has_its_word() -> None:
    reasons = {
        name.removeprefix("ERROR_REASON_")
        for name in error_pb2.ErrorReason.DESCRIPTOR.values_by_name
        if "UNSPEC" not in name
    }
    assert set(OUTCOMES) == reasons | {"OK"}
    assert set(PURPOSES) == {name.removeprefix("PURPOSE_") for name in context_pb2.Purpose.DESCRIPTOR.values_by_name}
    assert set(METHODS) == {each.name for each in (*ALL_METHODS.values(), *Tool, *IssuerAct)}
    assert set(RULES) == set(re.findall(r"^\| ([a-z-]+) \| (?!reported)", misuse.__doc__ or "", re.MULTILINE))


def sentences() -> set[str]:
    found = set()
    for path in AUDIT.glob("*.py"):
        for text in SAID.findall(path.read_text(encoding="utf-8")):
            found.add(re.sub(r"\{([^}]*)\}", lambda place: FILLED.get(place[1], "7"), text))
    return found


def test_everything_that_is_found_is_told_in_spanish() -> None:
    told = sentences()
    assert len(told) > 15
    for text in told:
        for placed in (text, f"segment worker-0/7, record 4: {text}", f"keeper 1: checkpoint (text 2): {text}"):
            assert not ENGLISH.findall(finding_text(placed)), placed
            assert "segment " not in finding_text(placed)
            assert "checkpoint" not in finding_text(placed)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            "segment worker-0/3, record 17: wrong (check: checkpoint 5 says 20 records)",
            "segmento worker-0/3, registro 17: mal (su suma no cuadra: según el punto de control 5 son 20 registros)",
        ),
        ("indique --record, --since o --check", "indique --record, --since o --check"),
        ("segment worker-0/3, record 2: wrong (check)", "segmento worker-0/3, registro 2: mal (su suma no cuadra)"),
        ("segment worker-0/3: the segment is gone", "segmento worker-0/3: falta el segmento"),
        (
            "altered: records 3 to 9 are not those of keeper 1: checkpoint 8",
            "alterado: los registros 3 a 9 no son los que dice el punto de control 8 del custodio 1",
        ),
    ],
)
def test_what_is_found_keeps_its_place(found: str, said: str) -> None:
    assert finding_text(found) == said


def test_times_are_guatemalas_as_they_are_shown() -> None:
    midnight = datetime.datetime(2026, 11, 24, 6, tzinfo=datetime.UTC).timestamp() * 1000
    assert read_moment("2026-11-24") == midnight
    assert read_moment("2026-11-24T00:30") == midnight + 30 * 60_000
    assert read_moment("2026-11-24T06:00Z") == midnight
    assert read_moment("2026-11-24", to_its_end=True) == midnight + 86_400_000 - 1
    assert read_moment("") is None
