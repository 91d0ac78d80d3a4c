"""The subject found, in one line: the registers that have it, and those that do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.spanish import words as spanish
from ronda.v1 import level_pb2, person_pb2, register_pb2, vehicle_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ronda.v1 import check_service_pb2

Subject = person_pb2.Person | vehicle_pb2.Vehicle
_LOADED = (register_pb2.REGISTER_STATE_FRESH, register_pb2.REGISTER_STATE_STALE)


def identity_text(answer: check_service_pb2.Answer, subject: Subject | None) -> str:
    """Returns the identity status; for a person in no register of identity, the other registers; "" if it adds
    nothing."""
    if answer.identity_status != level_pb2.IDENTITY_STATUS_FOUND or subject is None:
        return spanish.IDENTITY.get(answer.identity_status, "")
    names = {status.register_id: status.name for status in answer.registers}
    if isinstance(subject, vehicle_pb2.Vehicle):
        known = _named(names, (each.record.register_id for each in subject.registrations))
        return f"consta en {known}" if known else "consta"
    if subject.identity_claims:
        return spanish.IDENTITY[level_pb2.IDENTITY_STATUS_FOUND]
    # By a document, a licence or a NIT: the registers that give them out state them in these sections.
    stating = [each.record.register_id for each in subject.border_crossings]
    stating += [each.record.register_id for each in subject.licences]
    stating += [each.record.register_id for each in subject.tax_registrations]
    known = _named(names, stating) or "otro registro"
    if subject.kind == person_pb2.SUBJECT_KIND_ORGANISATION:
        return f"consta en {known}"
    lacking = [
        status.register_id
        for status in answer.registers
        if register_pb2.REGISTER_ROLE_IDENTITY in status.roles
        and status.state in _LOADED
        and status.register_id not in stating
    ]
    return f"consta en {known}; no consta en {_named(names, lacking) or 'el registro de identidad'}"


def _named(names: dict[str, str], register_ids: Iterable[str]) -> str:
    """The registers' names, each once; its id for one that the answer does not list."""
    return ", ".join(dict.fromkeys(names.get(each, each) for each in register_ids))
