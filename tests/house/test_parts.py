"""A service is one folder: its card says all that the others need of it, and nothing else names it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.audit.methods import METHODS
from server.host.supervised import kept_for
from server.part import Part
from server.parts import PARTS
from tests.house.imports import ROOT, dotted, imports, sources

LIST = "server.parts"
ANSWERED_BY_PYTHON = [part for part in PARTS if part.handlers]
# Modules that know a service's files, messages or rules, each with its reason.
KNOWN = {
    "ronda.copies.doubting": {"feed"},  # a ledger that was put back from a copy: its sources are doubted
    "ronda.copies.proving": {"recall"},  # a copy whose book of recalls is ahead of its ledger is refused
    "ronda.doctor.disk_checks": {"feed"},  # a ledger that is behind what its sources sent
    "ronda.feed.writer": {"feed"},  # the feed's own process, with the manifests that only the indexer can read
    "ronda.upgrade.formats": {"confirmation", "hotlist", "recall"},  # one table of all formats on disk
}


def _is_its_own(module: str, part: Part) -> bool:
    return module == LIST or module.startswith(f"server.{part.name}.") or module == f"server.{part.name}"


def _code_texts(path: Path) -> Iterator[str]:
    """The texts and names of a source without its docstrings and comments."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


@pytest.mark.parametrize("part", ANSWERED_BY_PYTHON, ids=lambda part: part.name)
def test_a_service_is_named_in_its_folder_and_on_the_list_alone(part: Part) -> None:
    short = part.service.rpartition(".")[2]
    word = re.compile(rf"\b{short}\b")
    wrong = []
    for path in (*sources("server"), *sources("ronda")):
        module = dotted(path)
        if _is_its_own(module, part):
            continue
        wrong += [
            f"{module} imports {name}"
            for name in imports(path)
            if _is_its_own(name, part) and name != LIST and part.name not in KNOWN.get(module, set())
        ]
        wrong += [f"{module} names {text!r}" for text in _code_texts(path) if word.search(text)]
        if module.startswith("server."):  # the commands of ronda/ call it, as any client does
            wrong += [f"{module} has its messages" for name in imports(path) if name == part.contract]
    assert wrong == []


def test_no_service_imports_another() -> None:
    names = {part.name for part in ANSWERED_BY_PYTHON}
    wrong = [
        f"{dotted(path)} imports {name}"
        for path in sources("server")
        for name in imports(path)
        for other in names - {dotted(path).split(".")[-2]}
        if path.parent.name in names and name.startswith(f"server.{other}.")
    ]
    assert wrong == []


def test_no_exception_is_kept_for_nothing() -> None:
    named = {
        dotted(path): {part.name for part in PARTS for name in imports(path) if name.startswith(f"server.{part.name}.")}
        for path in sources("ronda")
    }
    assert {module: found for module, found in named.items() if found} == KNOWN


def test_every_card_is_on_the_list() -> None:
    cards = {dotted(path) for path in sources("server") if path.name == "part.py" and path.parent != ROOT / "server"}
    assert {name for name in imports(ROOT / "server" / "parts.py") if name.endswith(".part")} - {"server.part"} == cards
    for each in ("name", "service", "handlers", "process"):
        given = [getattr(part, each) for part in PARTS if getattr(part, each)]
        assert len(given) == len(set(given)), each


def test_a_card_names_every_method_of_its_service() -> None:
    for part in PARTS:
        descriptor = __import__(part.contract, fromlist=["DESCRIPTOR"]).DESCRIPTOR
        methods = descriptor.services_by_name[part.service.rpartition(".")[2]].methods_by_name
        assert {method.rpc_name for method in part.methods if method.called} == set(methods), part.name


def test_the_numbers_are_those_of_the_page() -> None:
    """They stand in files on disk: a number that was given is never given again."""
    page = (ROOT / "docs" / "audit-format.md").read_text(encoding="utf-8")
    for number, method in METHODS.items():
        named = rf"(a \w+ of )?{method.rpc_name}\b" if method.called else r"a look-up"
        assert re.search(rf"[:,;] {number} {named}", page), f"{number} {method.rpc_name}"
    assert len(METHODS) == sum(len(part.methods) for part in PARTS)


def test_a_database_that_must_not_be_lost_is_copied() -> None:
    for part in PARTS:
        kept = kept_for(part)
        for file in kept.files() if kept is not None else ():
            if file.place.endswith(".db"):
                assert file.place in part.databases
        for database in part.databases:
            assert database in part.copied or database.partition("/")[0] in part.copied
