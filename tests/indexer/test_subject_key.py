"""The key of subject ids: a lost or another one is refused by name, and a change of it is an act of its own."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from core.errors import GenerationDamaged
from core.generation.manifest import sealed
from core.generation.store import Generation
from core.generation.subject_key import SUBJECT_KEY
from indexer.build.errors import BuildRefused
from indexer.generations.rollback import rollback
from indexer.generations.subject_key import SubjectKeyRefused
from indexer.live.writer import LiveWriter
from indexer.manifest.loading import load_manifests
from indexer.pipeline import build
from server.audit.subjects import wanted
from server.calls.generations import GenerationKeeper
from tests.indexer.small_registers import SmallRegisters, cui_of

KEY_CUI = 1


@pytest.fixture
def built(registers: SmallRegisters) -> str:
    """Id of a published generation that live changes can be applied to."""
    return build(registers.options(live=True)).generation_id


def lose(registers: SmallRegisters) -> None:
    (registers.data / SUBJECT_KEY).unlink()


def exchange(registers: SmallRegisters) -> None:
    (registers.data / SUBJECT_KEY).write_bytes(os.urandom(32))


def subject_of(registers: SmallRegisters, generation_id: str) -> bytes:
    generation = Generation.open(registers.data / "generations" / generation_id)
    (entity,) = generation.lookup(KEY_CUI, cui_of(5))
    subject = bytes(generation.dossier(entity)[16:32])
    generation.close()
    return subject


def served(data: Path) -> GenerationKeeper:
    keeper = GenerationKeeper(data, 1.0, page_key=bytes(16), named_s=1.0)
    asyncio.run(keeper.start())
    return keeper


def state_nothing(registers: SmallRegisters, generation_id: str) -> None:
    """As an earlier release built it."""
    path = registers.data / "generations" / generation_id / "MANIFEST.json"
    document = json.loads(path.read_text())
    del document["subject_key"]
    path.write_text(json.dumps(sealed(document)))


@pytest.mark.parametrize(
    ("change", "said"), [(lose, "is not there"), (exchange, "is not the key that the published generation was built")]
)
def test_a_build_refuses_it_by_name_unless_it_is_meant(
    registers: SmallRegisters, built: str, change: object, said: str
) -> None:
    before = subject_of(registers, built)
    assert callable(change)
    change(registers)
    with pytest.raises(SubjectKeyRefused, match=said):
        build(registers.options())
    after = build(registers.options(new_subject_key=True)).generation_id
    assert subject_of(registers, after) != before
    lines = [json.loads(line) for line in (registers.data / "publish.log").read_text().splitlines()]
    assert "subject_key_changed" in {line["event"] for line in lines}
    assert subject_of(registers, build(registers.options()).generation_id) == subject_of(registers, after)
    with pytest.raises(BuildRefused, match="would not be served"):
        rollback(registers.data, built, confirmed=True)


@pytest.mark.parametrize(("change", "said"), [(lose, "is not in the data"), (exchange, "is not the key")])
def test_live_changes_refuse_it_by_name(registers: SmallRegisters, built: str, change: object, said: str) -> None:
    assert callable(change)
    change(registers)
    with pytest.raises(GenerationDamaged, match=rf"subject\.key: {said}"):
        LiveWriter(registers.data, built, load_manifests(registers.manifests))
    assert (registers.data / SUBJECT_KEY).exists() == (change is exchange), "none is made"


def test_a_server_refuses_a_generation_of_another_key(registers: SmallRegisters, built: str) -> None:
    assert served(registers.data).current_id == built
    key = (registers.data / SUBJECT_KEY).read_bytes()
    exchange(registers)
    keeper = served(registers.data)
    assert (keeper.current_id, keeper.refused) == ("", built)
    assert "subject.key" in keeper.refused_why
    (registers.data / SUBJECT_KEY).write_bytes(key)
    assert served(registers.data).current_id == built


def test_an_earlier_releases_generation_serves_with_any_key(registers: SmallRegisters, built: str) -> None:
    state_nothing(registers, built)
    exchange(registers)
    assert served(registers.data).current_id == built
    build(registers.options())


def test_looks_under_a_replaced_key_are_found(registers: SmallRegisters, built: str) -> None:
    before = subject_of(registers, built)
    after = subject_of(registers, build(registers.options(new_subject_key=True)).generation_id)
    assert before != after
    assert {before, after} <= set(wanted(registers.data, cui=cui_of(5)).subject_ids)
