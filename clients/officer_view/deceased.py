"""Persons on file as dead: the meaning depends on a given document, or a name alone.

A bearer of a dead person's document is somebody else: the file's action for its owner comes second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ronda.v1 import level_pb2

if TYPE_CHECKING:
    from ronda.v1 import check_service_pb2
    from ronda.v1.value_pb2 import CodedText

DOCUMENTS = (
    level_pb2.CRITERION_CUI,
    level_pb2.CRITERION_DOCUMENT,
    level_pb2.CRITERION_DOCUMENT_WITHOUT_COUNTRY,
    level_pb2.CRITERION_NIT,
    level_pb2.CRITERION_LICENCE,
    level_pb2.CRITERION_CEDULA,
)
_NOTE = "DECEASED"  # the contract's code: docs/answers.md section 11
_ON_FILE_AS_DEAD = "consta como fallecida"


def _document_given(answer: check_service_pb2.Answer) -> bool:
    return any(comparison.criterion in DOCUMENTS for comparison in answer.comparisons)


def note_text(note: CodedText, answer: check_service_pb2.Answer) -> str:
    """A note of the answer, none about a document where none was given."""
    return _ON_FILE_AS_DEAD if note.code == _NOTE and not _document_given(answer) else note.text


def before_acting(answer: check_service_pb2.Answer) -> str:
    """Returns the first step before any action about a person on file as dead; "" for all others."""
    if answer.identity_status != level_pb2.IDENTITY_STATUS_DECEASED:
        return ""
    if _document_given(answer):
        return "el documento es de persona fallecida: identifique a quien lo porta"
    return f"la persona {_ON_FILE_AS_DEAD}: identifique a quien tiene delante"
