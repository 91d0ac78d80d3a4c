"""Files that root's commands write in a service's directory stay the service's; what is refused changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ronda.command import app
from tests.audit.answers import append
from tests.audit.kit import House

SERVICE = (4711, 4712)  # an account that is not ours

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root writes for another account")


@pytest.fixture
def strict_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def give(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        os.chown(path, *SERVICE)


def owners(tree: Path) -> set[tuple[int, int]]:
    return {(found.st_uid, found.st_gid) for path in (tree, *tree.rglob("*")) if (found := path.stat())}


def run(*arguments: object, status: int = 0) -> str:
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert done.exit_code == status, done.output
    return done.output


def enrol(trust: Path, made: Path, identity: str, domain: str, status: int = 0) -> str:
    if not made.exists():
        run("keys", "institution", made, "--id", identity, "--trust-domain", domain)
    public = ("--ca", made / "ca.pem", "--jwks", made / "officers.jwks.json")
    named = ("--id", identity, "--name", identity, "--trust-domain", domain)
    return run("keys", "enrol", trust, *named, *public, status=status)


@as_root
@pytest.mark.usefixtures("strict_umask")
def test_a_second_institution_leaves_the_trust_to_its_owner(tmp_path: Path) -> None:
    trust = tmp_path / "trust"
    trust.mkdir()
    enrol(trust, tmp_path / "one", "one", "one.gob.gt")
    table = trust / "institutions.toml"
    table.chmod(0o640)
    give(trust)
    enrol(trust, tmp_path / "two", "two", "two.gob.gt")
    assert owners(trust) == {SERVICE}
    assert table.stat().st_mode & 0o777 == 0o640
    assert {path.stat().st_mode & 0o777 for path in (trust / "two").iterdir()} == {0o644}


@pytest.mark.parametrize(
    ("identity", "domain", "ca", "said"),
    [
        ("two", "one.gob.gt", None, "belong to one institution each"),
        ("two", "two.gob.gt", b"no certificate", "no PEM certificates"),
        ("../two", "two.gob.gt", None, "lower-case letters"),
        ("one", "two.gob.gt", None, "is there already"),
    ],
)
def test_an_enrolment_that_is_refused_changes_nothing(
    tmp_path: Path, identity: str, domain: str, ca: bytes | None, said: str
) -> None:
    trust = tmp_path / "trust"
    enrol(trust, tmp_path / "one", "one", "one.gob.gt")
    before = {path: path.read_bytes() for path in trust.rglob("*") if path.is_file()}
    run("keys", "institution", tmp_path / "other", "--id", "other", "--trust-domain", domain)
    if ca is not None:
        (tmp_path / "other" / "ca.pem").write_bytes(ca)
    assert said in enrol(trust, tmp_path / "other", identity, domain, status=2)
    assert {path: path.read_bytes() for path in trust.rglob("*") if path.is_file()} == before
    assert sorted(path.name for path in trust.iterdir()) == ["institutions.toml", "one"]


@pytest.mark.parametrize("there", ["unit.pem", "unit.key"])
def test_a_device_is_not_written_over_another(tmp_path: Path, there: str) -> None:
    firemen = tmp_path / "bomberos"
    run("keys", "institution", firemen, "--id", "bomberos", "--trust-domain", "bomberos.gob.gt")
    (tmp_path / there).write_bytes(b"of another device")
    device = ("keys", "device", firemen, "--unit", "central", "--device", "7", "--out", tmp_path / "unit")
    assert "nothing is overwritten" in run(*device, status=2)
    assert (tmp_path / there).read_bytes() == b"of another device"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bomberos", there]


@as_root
@pytest.mark.usefixtures("strict_umask")
def test_a_look_by_root_leaves_the_log_to_who_signs_it(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.checkpointer() as checkpointer, house.writer() as writer:
        append(writer.log, 1)
        checkpointer.tick()
    (house.audit / "hash.key").unlink()
    give(house.audit)
    with house.writer("console") as writer:
        append(writer.log, 2)
    assert owners(house.audit) == {SERVICE}


@as_root
def test_a_build_by_root_in_a_services_directory_is_refused(tmp_path: Path) -> None:
    data, sources = tmp_path / "data", tmp_path / "sources"
    data.mkdir()
    sources.mkdir()
    give(data)
    assert "run this as that account" in run("index", "--data", data, "--sources", sources, status=2)
    assert list(data.iterdir()) == []
