"""The records behind a count of an answer: which sections can be listed, and every page of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ronda.v1 import check_service_pb2 as contract
from ronda.v1.alert_pb2 import HIT_SUBJECT_KIND_PLATE
from ronda.v1.section_pb2 import SECTION_VEHICLE_ALERT

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from ronda.v1.context_pb2 import RequestContext
    from ronda.v1.section_pb2 import Section

PAGE = 100  # the most that the contract allows


class Listable:
    """The records that can be listed, of an answer's subject and of the plates with alerts."""

    def __init__(self, found: Any) -> None:
        """found: a CheckResponse, CheckPersonResponse or CheckVehicleResponse."""
        kinds = [kind for kind in ("person", "vehicle") if kind in type(found).DESCRIPTOR.fields_by_name]
        self._subject = next((getattr(found, kind) for kind in kinds if found.HasField(kind)), None)
        self._plates = _plates(found)
        self.totals = {total.section: total.total for total in self._subject.totals} if self._subject else {}

    def __bool__(self) -> bool:
        return self._subject is not None or bool(self._plates)

    @property
    def sections(self) -> list[Section]:
        """Sections that hold something."""
        more = [SECTION_VEHICLE_ALERT] if self._plates and SECTION_VEHICLE_ALERT not in self.totals else []
        return [*self.totals, *more]

    def subject_ids(self, section: int) -> list[str]:
        """Returns the subjects with records in a section: the answer's subject, and an alert's plates."""
        own = [self._subject.subject_id] if self._subject is not None and section in self.totals else []
        return own + (self._plates if section == SECTION_VEHICLE_ALERT else [])


def _plates(found: Any) -> list[str]:
    """Ids of the plates themselves that an alert is about: it is theirs, and in no vehicle's count."""
    closed = found.vehicle.closed_alerts if "vehicle" in type(found).DESCRIPTOR.fields_by_name else []
    alerts = [*found.answer.hits, *closed]
    return list(dict.fromkeys(a.subject.subject_id for a in alerts if a.subject.kind == HIT_SUBJECT_KIND_PLATE))


def every_page(
    ask: Callable[[contract.ListRecordsRequest], Any],
    context: Callable[[], RequestContext],
    subject_ids: Sequence[str],
    section: int,
) -> tuple[list[Message], Any]:
    """All records of a section, page by page, and one response that holds them all, its `total` too.

    ask: sends a request; context: a new one for each. subject_ids: one at least.
    """
    rows: list[Message] = []
    whole: Any = None
    for subject_id in subject_ids:
        token, first = "", True
        while first or token:
            page = ask(
                contract.ListRecordsRequest(
                    context=context(),
                    subject_id=subject_id,
                    section=section,  # type: ignore[arg-type]
                    page_size=PAGE,
                    page_token=token,
                )
            )
            kind = page.WhichOneof("subject")
            rows += rows_of(getattr(page, kind))
            token = page.next_page_token
            if whole is None:
                whole = page
            else:
                getattr(whole, kind).MergeFrom(getattr(page, kind))
                whole.total += page.total if first else 0
            first = False
    whole.ClearField("next_page_token")
    return rows, whole


def rows_of(dossier: Message) -> list[Message]:
    """The records of a dossier that holds one section."""
    return [
        row
        for field, rows in dossier.ListFields()
        if isinstance(rows, Sequence)
        and field.message_type is not None
        and "record" in field.message_type.fields_by_name
        for row in rows
    ]
