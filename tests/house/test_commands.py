"""A command stands in the folder of those who use it, and imports no other command: what they share lies above them."""

from __future__ import annotations

from pathlib import Path

from ronda.command import PLACES
from tests.house.imports import ROOT, dotted, imports

COMMANDS = ROOT / "ronda" / "commands"
USERS = ("auditor", "institution", "officer", "operator")


def _modules(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")


def test_every_command_stands_in_a_folder_of_its_users() -> None:
    folders = {path.name for path in COMMANDS.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(USERS)
    assert {module.partition(".")[0] for module, _ in PLACES.values()} == set(USERS)


def test_no_command_imports_another() -> None:
    """A command may consist of several modules of its folder; none of them is a command itself."""
    commands = {f"ronda.commands.{module}" for module, _ in PLACES.values()}
    wrong = []
    for path in (path for user in USERS for path in _modules(COMMANDS / user)):
        own = dotted(path)
        for name in imports(path):
            elsewhere = (
                name.startswith("ronda.commands.")
                and name.count(".") == 3
                and not name.startswith(own.rpartition(".")[0] + ".")
            )
            if elsewhere or (name in commands - {own} and own in commands):
                wrong.append(f"{own} imports {name}")
    assert wrong == []


def test_what_commands_share_knows_no_command() -> None:
    wrong = [
        f"{dotted(path)} imports {name}"
        for path in _modules(COMMANDS)
        for name in imports(path)
        if name.startswith(tuple(f"ronda.commands.{user}" for user in USERS))
    ]
    assert wrong == []
