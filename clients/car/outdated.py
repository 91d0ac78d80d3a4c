"""Answers that a later word on one of their alerts contradicts: their level is shown no more, only that it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clients.car.stop import Shown
    from ronda.v1.alert_service_pb2 import Recall

CHANGED = "Cambió después de esta respuesta: consulte de nuevo (Enter)"
_BADGE = " CAMBIÓ "


class Outdated:
    """Keeps which answers of one session (screen, stop, history) are older than a change."""

    def __init__(self) -> None:
        self._answers: set[str] = set()

    def take(self, recalls: Iterable[Recall], shown: Iterable[Shown]) -> None:
        """Notes which of the shown answers say otherwise than a recall."""
        known = list(shown)
        for recall in recalls:
            self._answers |= {each.response.answer.answer_id for each in known if _contradicts(recall, each.response)}

    def holds(self, shown: Shown) -> bool:
        """Returns whether this answer is older than a change."""
        return bool(answer_id := shown.response.answer.answer_id) and answer_id in self._answers

    def badge(self, shown: Shown) -> Text:
        """The level of an answer, small; of an outdated one that it changed."""
        from clients.officer_view.styles import level_badge

        return Text(_BADGE, style="bold reverse") if self.holds(shown) else level_badge(shown.layers.level)

    def forget(self) -> None:
        """Forgets the answers when another session begins."""
        self._answers.clear()


def _contradicts(recall: Recall, response: Any) -> bool:
    """Returns whether an answer about the recall's subject lists an alert that is over, or lacks a new one."""
    from ronda.v1.alert_service_pb2 import RECALL_KIND_NEW

    asked = recall.answer_id and recall.answer_id == response.answer.answer_id  # a list's entries have no ids
    if not asked and recall.subject_id not in _subjects(response):
        return False
    record = (recall.record.register_id, recall.record.record_id)
    listed = any(record in _records(hit) for hit in response.answer.hits)
    return not listed if recall.kind == RECALL_KIND_NEW else listed


def _subjects(response: Any) -> set[str]:
    """Returns the ids of the subjects in the answer."""
    found = {hit.subject.subject_id for hit in response.answer.hits}
    for kind in ("person", "vehicle"):
        if kind in type(response).DESCRIPTOR.fields_by_name and response.HasField(kind):
            subject = getattr(response, kind)
            found.add(subject.subject_id)
            found.update(owner.person.subject_id for owner in getattr(subject, "owners", ()))
    found.update(candidate.subject_id for candidate in response.candidates)
    return found - {""}


def _records(hit: Any) -> set[tuple[str, str]]:
    stated = [hit.record, *(source.record for source in hit.sources)]
    return {(record.register_id, record.record_id) for record in stated}
