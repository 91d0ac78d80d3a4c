"""The newest answers of one session, so that a print shows the answer that was given and asks nothing anew."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clients.console.desk.asked import Asked
    from clients.console.desk.printout import Printout
    from ronda.v1.confirmation_service_pb2 import Confirmation

MOST_ANSWERS = 4
"""Answers that a session keeps, at most 64 KiB each: enough for several tabs."""
MOST_CONFIRMATIONS = 10
MOST_PRINTOUTS = 2


@dataclass(frozen=True)
class KeptAnswer:
    """An answer as the server gave it. typed: the officer gave what was asked by."""

    asked: Asked
    response: Any
    typed: bool


@dataclass
class Kept:
    """In memory alone; it ends with the session."""

    answers: OrderedDict[str, KeptAnswer] = field(default_factory=OrderedDict)
    printouts: OrderedDict[str, Printout] = field(default_factory=OrderedDict)
    confirmations: OrderedDict[str, Confirmation] = field(default_factory=OrderedDict)

    def keep_answer(self, answer: KeptAnswer) -> None:
        """Keeps an answer by its id; the oldest one goes."""
        _put(self.answers, answer.response.answer.answer_id, answer, MOST_ANSWERS)

    def keep_printout(self, printout: Printout) -> None:
        """Keeps what was prepared for print by its answer's id; the oldest one goes."""
        _put(self.printouts, printout.answer_id, printout, MOST_PRINTOUTS)

    def keep_confirmation(self, confirmation: Confirmation) -> None:
        """Keeps the state of a question that this session asked an institution; the oldest one goes."""
        _put(self.confirmations, confirmation.confirmation_id, confirmation, MOST_CONFIRMATIONS)

    def clear(self) -> None:
        """Forgets everything: the session ended."""
        self.answers.clear()
        self.printouts.clear()
        self.confirmations.clear()


def _put(held: OrderedDict[str, Any], key: str, value: Any, most: int) -> None:
    held.pop(key, None)
    held[key] = value
    while len(held) > most:
        held.popitem(last=False)
