"""A server's data about one person for a certificate: the identity by the register, and the result of Clear.

Two questions with purpose CLEARANCE: CheckPerson, for the section of identity alone, and Clear, of one row. Both are
answered from one generation. Clear is not asked about a child, or about a person of unknown age by the register. A
child's acts are reserved (Decreto 27-2003), and "nothing" and "hidden" would read alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from clients.certificate.validity import GUATEMALA
from clients.client.connection import CallFailure, FieldViolation, request_context
from clients.spanish.words import name_text
from ronda.v1 import check_service_pb2, clearance_service_pb2, level_pb2, register_pb2
from ronda.v1.context_pb2 import PURPOSE_CLEARANCE
from ronda.v1.section_pb2 import SECTION_IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clients.client.connection import Connection
    from ronda.v1.register_pb2 import RegisterStatus
    from ronda.v1.value_pb2 import PartialDate

FULL_AGE = 18  # Código Civil, article 8
_TRIES = 4  # to have both answers of one generation
_CUI_DIGITS = 13
MOST_RECORDS = 5  # that the server names behind one row


class Standard(StrEnum):
    """The certified statement, as typed on the command line."""

    WANTED = "wanted"
    POLICE = "police"
    CRIMINAL = "criminal"
    RENAS = "renas"


class Outcome(StrEnum):
    """The result of the question. An unknown result of a newer server is REVIEW."""

    NO_RECORD = "NO_RECORD"
    WITH_RECORD = "WITH_RECORD"
    REVIEW = "REVIEW"
    INCOMPLETE = "INCOMPLETE"
    MINOR = "MINOR"


# Reasons of ours beside those of the contract's ClearanceReason.
MINOR = "MINOR"
AGE_UNKNOWN = "AGE_UNKNOWN"
NAME_UNKNOWN = "NAME_UNKNOWN"
_CONTRACT_STANDARDS = {
    Standard.WANTED: clearance_service_pb2.CLEARANCE_STANDARD_WANTED,
    Standard.POLICE: clearance_service_pb2.CLEARANCE_STANDARD_POLICE_RECORD,
    Standard.CRIMINAL: clearance_service_pb2.CLEARANCE_STANDARD_CRIMINAL_RECORD,
    Standard.RENAS: clearance_service_pb2.CLEARANCE_STANDARD_RENAS,
}
_OUTCOMES = {
    clearance_service_pb2.CLEARANCE_RESULT_NO_RECORD: Outcome.NO_RECORD,
    clearance_service_pb2.CLEARANCE_RESULT_WITH_RECORD: Outcome.WITH_RECORD,
    clearance_service_pb2.CLEARANCE_RESULT_REVIEW: Outcome.REVIEW,
    clearance_service_pb2.CLEARANCE_RESULT_INCOMPLETE: Outcome.INCOMPLETE,
}
# Reasons that do not belong to the NO_RECORD of a question by CUI.
_CLEAN_REASONS = (clearance_service_pb2.CLEARANCE_REASON_NOTHING_ON_FILE,)


class GenerationMoved(Exception):
    """The server's data were replaced between the two questions, each time that both were asked."""


@dataclass(frozen=True)
class RegisterRead:
    """A register that the result rests on. as_of: the time for which its extract speaks, UTC; None = never loaded."""

    name: str
    as_of: datetime | None
    fresh: bool


@dataclass(frozen=True)
class Record:
    """A record behind a result: register, id and version, for the reviewer."""

    register_id: str
    record_id: str
    version: int


@dataclass(frozen=True)
class Clearance:
    """An answer about one person. cui: 13 digits. name: as the identity register writes it, "" = none says.

    sample: the server says that what is made of it certifies nothing.
    """

    cui: str
    name: str
    standard: Standard
    outcome: Outcome
    reason: str
    generation: str
    answer_id: str
    answered_at: datetime
    registers: tuple[RegisterRead, ...]
    records: tuple[Record, ...]
    sample: bool = False


def read_cui(text: str) -> str:
    """Thirteen digits, of what may hold blanks or hyphens. Raises CallFailure as the server does for other texts."""
    digits = "".join(text.split()).replace("-", "")
    if len(digits) != _CUI_DIGITS or not (digits.isascii() and digits.isdecimal()):
        rule = "length" if digits.isascii() and digits.isdecimal() else "characters"
        raise CallFailure("INVALID_ARGUMENT", "cui", "FIELD_INVALID", (FieldViolation("cui", rule),))
    return digits


def ask_clearance(connection: Connection, cui: str, standard: Standard, deadline_s: float) -> Clearance:
    """Asks both questions. `cui`: thirteen digits. Raises grpc.RpcError, CallFailure, GenerationMoved."""
    for _ in range(_TRIES):
        request = check_service_pb2.CheckPersonRequest(context=request_context(PURPOSE_CLEARANCE), cui=cui)
        request.context.sections.append(SECTION_IDENTITY)
        seen = connection.checks.CheckPerson(request, timeout=deadline_s)
        name, too_young = _name(seen, cui), _too_young(seen, cui)
        if too_young:
            outcome = Outcome.MINOR if too_young == MINOR else Outcome.REVIEW
            return _of_check(seen, cui, name, standard, outcome, too_young)
        cleared = _clear(connection, cui, standard, deadline_s)
        if cleared.generation_id == seen.answer.generation_id:
            return _of_clear(cleared, cui, name, standard)
    raise GenerationMoved


def _clear(connection: Connection, cui: str, standard: Standard, deadline_s: float) -> Any:
    def messages() -> Iterator[clearance_service_pb2.ClearRequest]:
        yield clearance_service_pb2.ClearRequest(
            context=request_context(PURPOSE_CLEARANCE),
            standard=_CONTRACT_STANDARDS[standard],
            row_ids=[0],
            cuis=[cui],
        )

    answers = list(connection.clearance.Clear(messages(), timeout=deadline_s))
    if len(answers) != 1 or len(answers[0].results) != 1 or len(answers[0].reasons) != 1:
        raise CallFailure("INTERNAL", "an answer of another form", "INTERNAL")
    answer = answers[0]
    if answer.row_errors:
        broken = answer.row_errors[0]
        raise CallFailure("INVALID_ARGUMENT", "cui", "FIELD_INVALID", (FieldViolation(broken.field, broken.rule),))
    return answer


def _of_clear(answer: Any, cui: str, name: str, standard: Standard) -> Clearance:
    outcome = _OUTCOMES.get(answer.results[0], Outcome.REVIEW)
    number = answer.reasons[0]
    known = clearance_service_pb2.ClearanceReason.DESCRIPTOR.values_by_number.get(number)
    reason = known.name.removeprefix("CLEARANCE_REASON_") if known is not None else str(number)
    registers = tuple(_register(each) for each in answer.registers)
    if outcome is Outcome.NO_RECORD and number not in _CLEAN_REASONS:
        outcome = Outcome.REVIEW
    elif outcome is Outcome.NO_RECORD and (not registers or not all(each.fresh for each in registers)):
        # the server says the same; a certificate that names a register that is not fresh would not be one
        outcome, reason = Outcome.INCOMPLETE, "REGISTER_NOT_FRESH"
    elif outcome is Outcome.NO_RECORD and not name:
        outcome, reason = Outcome.REVIEW, NAME_UNKNOWN
    return Clearance(
        cui=cui,
        name=name,
        standard=standard,
        outcome=outcome,
        reason=reason,
        generation=answer.generation_id,
        answer_id=answer.answer_id,
        answered_at=answer.answered_at.ToDatetime(UTC),
        registers=registers,
        records=tuple(Record(each.register_id, each.record_id, each.version) for each in answer.references),
        sample=answer.sample,
    )


def _of_check(seen: Any, cui: str, name: str, standard: Standard, outcome: Outcome, reason: str) -> Clearance:
    answer = seen.answer
    at = answer.answered_at.ToDatetime(UTC)
    return Clearance(cui, name, standard, outcome, reason, answer.generation_id, answer.answer_id, at, (), ())


def _claims(seen: Any, cui: str) -> list[Any]:
    """Returns the claims about this CUI by registers of role identity."""
    roles = {each.register_id: each.roles for each in seen.answer.registers}
    return [
        claim
        for claim in seen.person.identity_claims
        if claim.cui == cui and register_pb2.REGISTER_ROLE_IDENTITY in roles.get(claim.record.register_id, ())
    ]


def _name(seen: Any, cui: str) -> str:
    """Returns the name as written by the identity register in the answer, else by the first one."""
    claims = _claims(seen, cui)
    shown = [claim for claim in claims if claim.record.register_id == seen.person.name_register_id]
    return next((text for claim in (*shown, *claims) if (text := " ".join(name_text(claim.name).split()))), "")


def _too_young(seen: Any, cui: str) -> str:
    """Returns MINOR, AGE_UNKNOWN, or "" for an adult, a dead or an unknown person: Clear gives the reason for these."""
    claims = _claims(seen, cui)
    if not claims or seen.answer.identity_status == level_pb2.IDENTITY_STATUS_DECEASED:
        return ""
    if seen.person.HasField("age"):
        return MINOR if seen.person.age < FULL_AGE else ""
    today = seen.answer.answered_at.ToDatetime(UTC).astimezone(GUATEMALA).date()
    of_age = all(claim.birth_date.year and _of_age_at_latest(claim.birth_date, today) for claim in claims)
    return "" if of_age else AGE_UNKNOWN


def _of_age_at_latest(born: PartialDate, today: date) -> bool:
    """Returns whether the person is of age even if born on the latest day that the known parts of the date allow."""
    latest = (born.year + FULL_AGE, born.month or 12, born.day or 31)
    return latest <= (today.year, today.month, today.day)


def _register(status: RegisterStatus) -> RegisterRead:
    as_of = status.as_of.ToDatetime(UTC) if status.HasField("as_of") else None
    return RegisterRead(status.name, as_of, status.state == register_pb2.REGISTER_STATE_FRESH)
