"""The questions of both clients are written once: whoever adds one has it in both, with its fields and its words."""

from __future__ import annotations

import inspect

import pytest

from clients.client import methods
from clients.client.asynchronous import AsyncRonda
from clients.client.blocking import Ronda

QUESTIONS = [
    name for name, each in inspect.getmembers(methods, inspect.isfunction) if each.__module__ == methods.__name__
]


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_is_asked_by_both_clients(name: str) -> None:
    written = getattr(methods, name)
    for client in (Ronda, AsyncRonda):
        method = getattr(client, name)
        shown, asked = inspect.signature(method), inspect.signature(written)
        assert list(shown.parameters.values())[1:] == list(asked.parameters.values())[1:]
        assert str(shown).startswith("(self, ")
        assert asked.return_annotation == f"Asked[{shown.return_annotation}]"
        assert (method.__name__, method.__doc__) == (name, written.__doc__)
    assert inspect.iscoroutinefunction(getattr(AsyncRonda, name))
    assert not inspect.iscoroutinefunction(getattr(Ronda, name))


def test_a_client_has_no_other_questions() -> None:
    beside = {"ask", "clear", "close", "diagnose"}
    for client, more in ((Ronda, {"clearance", "hot_list", "recalls"}), (AsyncRonda, set[str]())):
        own = {name for name, _ in inspect.getmembers(client, inspect.isfunction) if not name.startswith("_")}
        assert own == {*QUESTIONS, *beside, *more}
