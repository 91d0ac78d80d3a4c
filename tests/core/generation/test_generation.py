"""Generations on disk: what opens, what is refused and named, and that damage never shows anybody else's data."""

from __future__ import annotations

import json
import random
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from core.errors import DossierDamaged, GenerationDamaged, StoredDataError
from core.generation.check import verify
from core.generation.store import Generation
from core.linking.index import NameIndex
from tests.core.generation.generation_kit import REGISTERS, build, entity, record, subject_id

(
    CUI,
    NIT,
    CEDULA,
    DOCUMENT,
    DOCUMENT_NUMBER,
    LICENCE,
    TELEPHONE,
    PLATE,
    VIN,
    CHASSIS_TAIL,
    ENGINE,
    ENGINE_TAIL,
    SUBJECT,
) = range(1, 14)
PERSONS = 40
FILES = ["MANIFEST.json", "keys.mdb", "entities.bin", "dossiers.bin", "names.bin", "plates.bin"]


def cui_of(number: int) -> str:
    return f"{number:013}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("generation")
    records: list[dict[str, Any]] = []
    for number in range(PERSONS):
        name = f"ANA SUJETO{number} PEREZ"
        shared: dict[str, Any] = {"cui": cui_of(number), "link_criterion": 1}
        records.append(
            record(number, f"r{number}", name=name, nit=f"{number}K", message={"cui": cui_of(number)}, **shared)
        )
        if number % 2:
            records.append(record(number, f"m{number}", register=3, section=17, telephone="55550000", **shared))
    for number in range(10):
        vin = f"1HGCM82633A0{number:05}"
        vehicle: dict[str, Any] = {
            "entity": PERSONS + number,
            "register": 1,
            "subject": 2,
            "vin": vin,
            "link_criterion": 13,
        }
        records.append(
            record(record_id=f"v{number}", section=32, make="TOYOTA", engine=f"ENGINE{number:04}", **vehicle)
        )
        records.append(
            record(
                record_id=f"v{number}",
                section=33,
                plate_type="P",
                plate=f"10{number}BCD",
                plate_country="GTM",
                **vehicle,
            )
        )
    entities = [entity(number) for number in range(PERSONS)] + [entity(PERSONS + number, 4) for number in range(10)]
    build(directory, entities, records)
    return directory


def copied(made: Path, target: Path) -> Path:
    shutil.copytree(made, target / "copy")
    return target / "copy"


def test_what_was_written_is_found(made: Path) -> None:
    generation = Generation.open(made)
    assert (generation.entities, generation.persons) == (PERSONS + 10, PERSONS)
    assert generation.manifest["registers"] == REGISTERS
    for number in range(PERSONS):
        assert generation.lookup(CUI, cui_of(number)) == [number]
        assert generation.lookup(NIT, f"{number}K") == [number]
        assert generation.lookup(SUBJECT, subject_id(f"entity {number}")) == [number]
        assert NameIndex(generation).token_entities(f"SUJETO{number}") == [number]
    assert generation.lookup(TELEPHONE, "55550000") == list(range(1, PERSONS, 2))
    assert NameIndex(generation).token_entities("PEREZ") == list(range(PERSONS))
    for number in range(10):
        holder = [PERSONS + number]
        assert generation.lookup(VIN, f"1HGCM82633A0{number:05}") == holder
        for length in (6, 7, 8):
            assert generation.lookup(CHASSIS_TAIL, f"1HGCM82633A0{number:05}"[-length:]) == holder
            assert generation.lookup(ENGINE_TAIL, f"ENGINE{number:04}"[-length:]) == holder
        assert generation.lookup(PLATE, f"GTM:10{number}BCD") == holder
        assert generation.plates(f"1?{number}*") == [(f"P-10{number}BCD|GTM", holder[0])]
    for kind, absent in (
        (CUI, cui_of(999)),
        (NIT, cui_of(1)),
        (PLATE, "SLV:100BCD"),
        (TELEPHONE, "55550001"),
        (VIN, "00001"),
    ):
        assert generation.lookup(kind, absent) == []
    verify(generation, deep=True)


def test_a_generation_outlives_its_directory(made: Path, tmp_path: Path) -> None:
    directory = copied(made, tmp_path)
    generation = Generation.open(directory)
    shutil.rmtree(directory)
    assert generation.lookup(CUI, cui_of(7)) == [7]
    assert generation.dossier(7)[:4] == b"RDOS"
    with pytest.raises(IndexError):
        generation.dossier(PERSONS + 10)
    generation.close()
    assert generation.lookup(CUI, cui_of(7)) == []


def test_several_threads_read_at_once(made: Path) -> None:
    generation = Generation.open(made)
    failures: list[BaseException] = []

    def read(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(2000):
                number = chance.randrange(PERSONS)
                assert generation.lookup(CUI, cui_of(number)) == [number]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_files_that_are_missing_or_of_another_size_are_named(made: Path, tmp_path: Path) -> None:
    for name in FILES:
        directory = copied(made, tmp_path / f"gone {name}")
        (directory / name).unlink()
        with pytest.raises(GenerationDamaged) as caught:
            Generation.open(directory)
        assert caught.value.file == name
        directory = copied(made, tmp_path / f"cut {name}")
        data = (directory / name).read_bytes()
        (directory / name).write_bytes(data[: len(data) // 2])
        with pytest.raises(GenerationDamaged) as caught:
            Generation.open(directory)
        assert caught.value.file == name


def test_another_format_or_generation_is_refused(made: Path, tmp_path: Path) -> None:
    directory = copied(made, tmp_path)
    manifest = json.loads((directory / "MANIFEST.json").read_text())
    (directory / "MANIFEST.json").write_text(json.dumps({**manifest, "format_version": 3}))
    with pytest.raises(GenerationDamaged, match="format 2"):
        Generation.open(directory)
    (directory / "MANIFEST.json").write_text(json.dumps({**manifest, "registers": [{"id": "x"}]}))
    with pytest.raises(GenerationDamaged, match=r"registers\.0"):
        Generation.open(directory)
    other = tmp_path / "other"
    build(other, [entity(0)], [])
    names = other / "names.bin"
    shutil.copy(names, directory / "names.bin")
    manifest["files"]["names.bin"]["bytes"] = names.stat().st_size
    (directory / "MANIFEST.json").write_text(json.dumps(manifest))
    with pytest.raises(GenerationDamaged, match="another generation"):
        Generation.open(directory)


def readings(generation: Generation) -> dict[str, Any]:
    """Everything an officer could be shown, each reading apart; damage shows as the error's class."""
    found: dict[str, Any] = {}
    questions: dict[str, Any] = {}
    for number in range(PERSONS):
        questions[f"cui {number}"] = lambda number=number: generation.lookup(CUI, cui_of(number))
        questions[f"dossier {number}"] = lambda number=number: generation.dossier(number)
        questions[f"name {number}"] = lambda number=number: NameIndex(generation).token_entities(f"SUJETO{number}")
    questions["telephone"] = lambda: generation.lookup(TELEPHONE, "55550000")
    questions["name"] = lambda: NameIndex(generation).token_entities("PEREZ")
    questions["plates"] = lambda: generation.plates("1*")
    for question, ask in questions.items():
        try:
            found[question] = ask()
        except (StoredDataError, IndexError) as error:
            found[question] = type(error)
    return found


def test_flipped_bytes_never_show_anybody_else(made: Path, tmp_path: Path) -> None:
    right = readings(Generation.open(made))
    chance = random.Random(11)
    refused = 0
    for round_ in range(250):
        name = FILES[1 + round_ % 5]
        directory = tmp_path / str(round_)
        directory.mkdir()
        for other in FILES:
            if other != name:
                (directory / other).symlink_to(made / other)
        data = bytearray((made / name).read_bytes())
        for _ in range(chance.choice([1, 3, 40])):
            at = chance.randrange(len(data))
            data[at] ^= 1 << chance.randrange(8)
        if bytes(data) == (made / name).read_bytes():
            continue
        (directory / name).write_bytes(data)
        try:
            generation = Generation.open(directory)
        except GenerationDamaged as error:
            assert error.file == name
            refused += 1
            continue
        with pytest.raises(GenerationDamaged) as caught:
            verify(generation)
        assert caught.value.file == name
        for question, answer in readings(generation).items():
            if answer == right[question] or isinstance(answer, type):
                continue
            # a damaged key may hide somebody, and is found by verify; what is shown is always right
            assert name == "keys.mdb"
            assert set(answer) <= set(right[question])
        shutil.rmtree(directory)
    assert refused > 20


def test_a_damaged_dossier_is_refused_and_the_others_stay(made: Path, tmp_path: Path) -> None:
    directory = copied(made, tmp_path)
    whole = Generation.open(made)
    start = (made / "dossiers.bin").read_bytes().index(whole.dossier(3))
    with (directory / "dossiers.bin").open("r+b") as file:
        file.seek(start + 200)
        byte = file.read(1)
        file.seek(start + 200)
        file.write(bytes([byte[0] ^ 1]))
    generation = Generation.open(directory)
    with pytest.raises(DossierDamaged) as caught:
        generation.dossier(3)
    assert (caught.value.entity, caught.value.why) == (3, "its checksum does not hold")
    assert generation.dossier(4) == whole.dossier(4)


def test_swapped_rows_of_the_entity_table_are_found_out(made: Path, tmp_path: Path) -> None:
    directory = copied(made, tmp_path)
    with (directory / "entities.bin").open("r+b") as file:
        file.seek(64)
        first, second = file.read(16), file.read(16)
        file.seek(64)
        file.write(second + first)
    generation = Generation.open(directory)
    for number in (0, 1):
        with pytest.raises(DossierDamaged, match=r"another entity|no dossier"):
            generation.dossier(number)


def test_an_empty_generation_opens(tmp_path: Path) -> None:
    build(tmp_path / "empty", [], [])
    generation = Generation.open(tmp_path / "empty")
    assert generation.entities == 0
    assert generation.lookup(CUI, cui_of(1)) == []
    assert generation.plates("*") == []
    verify(generation, deep=True)
