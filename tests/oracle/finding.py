"""Finding by an identifier or a name, with link and identity status (docs/answers.md sections 8 and 9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ronda.v1 import level_pb2
from tests.oracle import agreement
from tests.oracle.agreement import AGREES, DISAGREES
from tests.oracle.asked import Identifier, PersonQuestion
from tests.oracle.naming import Asked, Fit, is_meant, name_fits
from tests.oracle.record import PERSON, Record, Subject
from tests.oracle.showing import hides_whereabouts

if TYPE_CHECKING:
    from tests.oracle.view import View

HIT, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_POSSIBLE
FOUND = level_pb2.IDENTITY_STATUS_FOUND
NOT_FOUND = level_pb2.IDENTITY_STATUS_NOT_FOUND
CONFLICT = level_pb2.IDENTITY_STATUS_CONFLICT
UNVERIFIED = level_pb2.IDENTITY_STATUS_UNVERIFIED
UNSPECIFIED = level_pb2.IDENTITY_STATUS_UNSPECIFIED


@dataclass
class Finding:
    """The finds of one asked thing. `subject` when it is one; `others` are candidates, in order."""

    subject: Subject | None = None
    others: list[Subject] = field(default_factory=list)
    link: int = POSSIBLE
    certain: bool = False
    status: int = UNSPECIFIED
    former: list[Subject] = field(default_factory=list)  # vehicles that bore the plate
    plates: list[tuple[Subject, int]] = field(default_factory=list)  # plate subjects and their links
    several_bear: bool = False
    bears: bool = False  # the vehicle bears the asked plate today
    by_name: dict[Subject, Fit] = field(default_factory=dict)  # whom the name fits

    @property
    def found(self) -> bool:
        return self.subject is not None or bool(self.others) or bool(self.former) or bool(self.plates)

    @property
    def on_file(self) -> bool:
        """Returns whether it finds what was asked: not only somebody of a similar name who has an alert."""
        alone = bool(self.by_name) and all(fit.unsure for fit in self.by_name.values())
        return self.found and not alone


def person_holds(view: View, subject: Subject, asked: Identifier) -> bool:
    if asked.kind == "telephone" and hides_whereabouts(view, subject):
        return False
    return any(asked.is_of(link.record) for link in view.links(subject))


def persons_with(view: View, asked: Identifier) -> list[Subject]:
    """Persons that visibly hold an identifier, in subject order."""
    return [s for s in view.oracle.persons_carrying(asked) if s.about == PERSON and person_holds(view, s, asked)]


def is_identified(view: View, subject: Subject, asked: Identifier) -> bool:
    def states(kind: str) -> Callable[[Record], bool]:
        """A NIT that is a CUI is identified as either by the record that carries it so."""
        return lambda r: asked.is_of(r) and (asked.kind != "nit" or bool(getattr(r, kind) == asked.value))

    return any(view.identified(subject, kind, states(kind)) for kind in asked.identified_as)


def by_identifier(view: View, asked: Identifier, question: PersonQuestion) -> Finding:
    fits = persons_with(view, asked)
    identified = [s for s in fits if is_identified(view, s, asked)] if asked.kind != "telephone" else []
    if asked.kind == "document_number":
        identified = []
    counted = identified or fits
    finding = Finding(others=fits, certain=asked.certain)
    if len(counted) == 1:
        finding.subject = counted[0]
        finding.others = [s for s in fits if s is not finding.subject]
        finding.link = HIT if asked.kind in ("cui", "document", "nit", "licence") else POSSIBLE
        if asked.kind == "cedula" and supports(view, counted[0], question):
            finding.link = HIT
    elif counted:
        finding.others = fits
        finding.certain = False
    finding.status = status(view, asked, finding.subject, counted, bool(identified))
    return finding


def supports(view: View, subject: Subject, question: PersonQuestion) -> bool:
    """Returns whether names, parents or birth date given agree."""
    claims = view.comparable(subject)
    return AGREES in (
        agreement.names(question.name_text, claims),
        agreement.parents(question.father, question.mother, claims),
        agreement.birth_dates(question.birth, claims),
    )


def status(view: View, asked: Identifier, subject: Subject | None, fits: list[Subject], identified: bool) -> int:
    """Identity status of what was asked by an identifier."""
    if asked.kind in ("telephone", "document_number"):
        if asked.kind == "document_number" and not fits:
            return UNVERIFIED
        return view.status_by_name(subject) if subject is not None else UNSPECIFIED
    if not asked.foreign and not any(view.identifiers_loaded(kind) for kind in asked.identified_as):
        return UNVERIFIED
    if subject is None and fits:
        if asked.national:
            return CONFLICT if identified else NOT_FOUND
        return UNSPECIFIED
    if subject is None or not is_identified(view, subject, asked):
        return UNVERIFIED if asked.foreign else NOT_FOUND
    return view.status_as_person(subject) if subject.about == PERSON else FOUND


def by_name(view: View, question: PersonQuestion, field_name: str) -> Finding:
    fits = name_fits(view, Asked(question, checked=True, field=field_name))
    finding = Finding(others=[f.subject for f in fits], by_name={f.subject: f for f in fits})
    certain = certain_fit(view, question, fits)
    if certain is not None:
        finding.subject, finding.link, finding.certain = certain.subject, HIT, True
        fits = like(fits, by_parents=certain.parents == AGREES)
    elif len(fits) == 1 and not fits[0].weak and not fits[0].contradicted:
        finding.subject = fits[0].subject
    if finding.subject is not None:
        finding.others = [f.subject for f in fits if f.subject is not finding.subject]
        finding.status = view.status_by_name(finding.subject)
    return finding


def certain_fit(view: View, question: PersonQuestion, fits: list[Fit]) -> Fit | None:
    """The only one who is meant, if that is certain."""
    meant = [f for f in fits if is_meant(view, f)]
    dead = any(view.is_dead(f.subject) and f.comparable == AGREES and f.birth == AGREES for f in fits)
    certain = len(meant) == 1 and not dead and meant[0].comparable == AGREES and not _by_new_year(question, meant[0])
    return meant[0] if certain else None


def like(fits: list[Fit], *, by_parents: bool = False) -> list[Fit]:
    """Returns fits beside a certain one: not there for an alert alone, nor another by names, birth date or parents.

    by_parents: those of the certain one AGREE.
    """
    alike = [f for f in fits if not (f.unsure or f.contradicted)]
    return [f for f in alike if not by_parents or f.parents != DISAGREES]


def _by_new_year(question: PersonQuestion, fit: Fit) -> bool:
    """By 1 January alone, which stands for a day that is not known."""
    return question.birth[1:] == (1, 1) and fit.parents != AGREES
