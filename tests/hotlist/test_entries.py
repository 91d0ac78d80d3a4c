"""Checks what is listed of a number that several bear, of a hit that was denied, and of a dossier that is damaged."""

from __future__ import annotations

import csv
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.call.confirmations import Confirmations
from core.generation.store import Generation
from core.identifiers.kinds import IdentifierKind
from indexer.generations.publishing import current_generation
from indexer.pipeline import build
from ronda.v1 import alert_pb2
from server.hotlist.entries import ADOLESCENTS, MASK, Listing
from tests.indexer.small_registers import MANIFESTS, SmallRegisters, cui_of

DOCUMENT = 'document_country = "PAIS"\ndocument_number = "PASAPORTE"\n'
PASSPORT = "SLV:A1234567"
CLOCK_MS = 1_780_000_000_000
TODAY = date(2026, 6, 1)


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Generation:
    """One passport on the orders of two adults and of a child; a fourth person has a number of his own."""
    registers = SmallRegisters(tmp_path_factory.mktemp("entries"))
    oj = MANIFESTS["oj"].replace('cui = "CUI"\n', 'cui = "CUI"\n' + DOCUMENT)
    (registers.manifests / "oj.toml").write_text(oj, encoding="utf-8")
    born = {1: "1980-05-17", 2: "1971-02-03", 3: "2015-02-03", 4: "1990-01-01"}
    names = {1: "ANA ABAC COY", 2: "BERTA BATZ QUEJ", 3: "CARLA CHIROY SOLIS", 4: "DORA DUBON"}
    people: list[dict[str, Any]] = []
    orders: list[dict[str, Any]] = []
    for number, name in names.items():
        person = {"CUI": cui_of(number), "NOMBRE": name, "NACIMIENTO": born[number]}
        people.append({"ID": number, "SEXO": "F", **person})
        passport = {} if number == 4 else {"PAIS": "SLV", "PASAPORTE": "A1234567"}
        orders.append({"ORDEN": f"O-{number}", "ESTADO": "PENDIENTE", "FECHA": "2024-01-05", **person, **passport})
    for register, rows in (("renap", people), ("oj", orders)):
        with (registers.sources / f"{register}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), restval="")
            writer.writeheader()
            writer.writerows(rows)
    build(registers.options())
    return Generation.open(registers.data / "generations" / str(current_generation(registers.data)))


def _listed(listing: Listing) -> dict[str, dict[str, Any]]:
    """Key -> record id -> entry."""
    found: dict[str, dict[str, Any]] = {}
    for each in listing.entries():
        found.setdefault(each.entry.key, {})[each.entry.record.record_id] = each.entry
    return found


def test_a_number_of_several_lists_each_as_possible_and_names_nobody(generation: Generation) -> None:
    listing = Listing(generation, MASK, CLOCK_MS, TODAY)
    listed = _listed(listing)
    assert set(listed) == {PASSPORT, *map(cui_of, (1, 2, 3, 4))}
    assert set(listed[PASSPORT]) == {"O-1", "O-2"}, (
        "of each adult: the record of the child, and the number it states, are hidden"
    )
    assert all(entry.record.possible and not entry.name for entry in listed[PASSPORT].values())
    assert listed[cui_of(4)]["O-4"].name == "DORA DUBON" and not listed[cui_of(4)]["O-4"].record.possible
    assert listing.left_out == 0


def test_an_adolescents_order_is_listed_for_a_purpose_to_act_alone(generation: Generation) -> None:
    entry = _listed(Listing(generation, MASK, CLOCK_MS, TODAY))[cui_of(3)]["O-3"]
    assert entry.action.text == "Orden de juzgado de adolescentes: conducir ante juez"
    listed = _listed(Listing(generation, MASK & ~ADOLESCENTS, CLOCK_MS, TODAY))
    assert cui_of(3) not in listed and set(listed[PASSPORT]) == {"O-1", "O-2"}


def test_a_hit_that_was_denied_is_possible(generation: Generation) -> None:
    fields = alert_pb2.Hit(confirmation=alert_pb2.HitConfirmation(text="x")).SerializeToString()
    said = Confirmations([(bytes(16) + b"oj\0O-4", True, fields)])
    listed = _listed(Listing(generation, MASK, CLOCK_MS, TODAY, said))
    assert listed[cui_of(4)]["O-4"].record.possible and not listed[cui_of(1)]["O-1"].record.possible


def test_a_damaged_dossier_is_counted(generation: Generation, tmp_path: Path) -> None:
    directory = Path(shutil.copytree(generation.directory, tmp_path / generation.directory.name))
    (entity, *_) = generation.lookup(IdentifierKind.CUI, cui_of(4).encode())
    content = generation.dossier(entity)
    with (directory / "dossiers.bin").open("r+b") as file:
        start = file.read().index(content) + 200
        file.seek(start)
        byte = file.read(1)
        file.seek(start)
        file.write(bytes([byte[0] ^ 1]))
    listing = Listing(Generation.open(directory), MASK, CLOCK_MS, TODAY)
    assert set(_listed(listing)) == {PASSPORT, *map(cui_of, (1, 2, 3))} and listing.left_out == 1
