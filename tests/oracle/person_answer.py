"""CheckPerson: the answer about a person (docs/answers.md sections 8 to 11)."""

# The oracle keeps enum values as plain numbers; the stubs want their enum types.
# mypy: disable-error-code="assignment,no-any-return"

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ronda.v1 import alert_pb2, check_service_pb2, error_pb2, level_pb2
from tests.oracle import agreement, comparing, heading, showing
from tests.oracle.agreement import AGREES, DISAGREES
from tests.oracle.alerts import Alert, open_hits, stored_alerts
from tests.oracle.asked import PersonQuestion, QuestionError, person_question
from tests.oracle.candidates import add_comparisons, gather, shown_level, similar_alerts
from tests.oracle.chosen import doubted, is_chosen
from tests.oracle.finding import CONFLICT, HIT, POSSIBLE, Finding, by_identifier, by_name, persons_with
from tests.oracle.naming import Asked, found_beside, has_alert, name_fits
from tests.oracle.record import Subject
from tests.oracle.suggesting import suggestions

if TYPE_CHECKING:
    from tests.oracle.view import View

CRITERION_1 = ("cui", "document", "nit", "licence")


def check_person(view: View, request: Any) -> check_service_pb2.CheckPersonResponse:
    from tests.oracle.one_box import check_person_box

    typed = [f.name for f in request.DESCRIPTOR.fields if f.name not in ("context", "query", "subject_found")]
    given = [name for name in typed if _is_given(request, name)]
    if request.query and given:
        raise QuestionError(error_pb2.ERROR_REASON_QUESTION_AMBIGUOUS, "query")
    if request.query:
        return check_person_box(view, request)
    question = person_question(request)
    if not question.anything:
        raise QuestionError(error_pb2.ERROR_REASON_QUESTION_EMPTY, "query")
    finding = find(view, question)
    return heading.trimmed(lambda limit: doubted(request, answer(view, request, question, finding, limit)))


def _is_given(request: Any, name: str) -> bool:
    field = request.DESCRIPTOR.fields_by_name[name]
    return request.HasField(name) if field.message_type is not None else bool(getattr(request, name))


def find(view: View, question: PersonQuestion) -> Finding:
    principal = question.principal
    if principal is not None:
        return by_identifier(view, principal, question)
    return by_name(view, question, "name") if question.name_key else Finding()


def answer(view: View, request: Any, question: PersonQuestion, finding: Finding, limit: int) -> Any:
    response = check_service_pb2.CheckPersonResponse()
    principal = question.principal
    view.presented = [asked for asked in question.identifiers if asked.kind in ("document", "licence")]
    subject, link, status = finding.subject, finding.link, finding.status
    found = subject is not None or bool(finding.others)
    on_file = finding.on_file
    comparisons = comparing.person(view, question, subject, on_file)
    disagree = comparing.disagree(comparisons)
    nobodys = _further_one_is_nobodys(view, question)
    notes = {"DOCUMENT_NOT_ON_FILE"} if nobodys else set()
    if subject is not None and principal is not None and principal.kind in CRITERION_1 and _is_conflict(comparisons):
        link = POSSIBLE
        notes |= {"NAME_DIFFERS", "CONFLICT"} if view.claims_contradict(subject) else {"NAME_DIFFERS"}
        if status == level_pb2.IDENTITY_STATUS_FOUND:
            status = CONFLICT
    foreign = principal is not None and principal.kind == "document" and principal.foreign
    if subject is not None and view.identity_lost and not foreign:
        if status == level_pb2.IDENTITY_STATUS_FOUND and principal is not None and not principal.foreign:
            status = level_pb2.IDENTITY_STATUS_UNVERIFIED
        if status == level_pb2.IDENTITY_STATUS_UNVERIFIED:
            notes.add("UNVERIFIED")
    if is_chosen(request) or _names_another(view, question, subject):
        link = min(link, POSSIBLE)
    hits = []
    if subject is not None:
        where = showing.hit_subject(alert_pb2.HIT_SUBJECT_KIND_PERSON, subject)
        hits = open_hits(view, subject, link, where)
        if view.claims_contradict(subject):
            in_force = [alert for alert in stored_alerts(view, subject) if alert.in_force(view.today)]
            for alert, hit in zip(in_force, hits, strict=True):
                if not _names_asked_bearer(view, alert, question):
                    hit.level = min(hit.level, POSSIBLE)
        showing.fill_person(view, response.person, subject, request, hits, limit)
    people = [(s, POSSIBLE) for s in finding.others] + further(view, question, finding)
    if not found and principal is not None and question.name_key and question.birth[0]:
        people += _named(view, question, finding, {s for s, _ in people})
    elif subject is not None and principal is not None and _bears_another_name(comparisons):
        people += _wanted_by_name(view, question, finding, {subject, *(s for s, _ in people)})
    if subject is not None or is_chosen(request):
        people = [(s, POSSIBLE) for s, _ in people]
    hits += _candidates(view, response, question, people, finding)
    head = response.answer
    national = principal is not None and principal.national
    withheld = subject is not None and view.adolescents_hidden(subject)
    notes |= {"ADOLESCENTS_HIDDEN"} if withheld else set()
    disagree_or_nobodys = disagree or nobodys
    head.level = heading.level(
        view, hits, status, finding.certain, national, disagree_or_nobodys, "person", withheld=withheld
    )
    meant = view.may_be_meant(subject) if subject is not None else ""
    if meant:
        head.level = max(head.level, level_pb2.LEVEL_INSUFFICIENT)
    head.level = max(head.level, shown_level(view, people, finding.by_name, beside=subject is not None))
    head.identity_status = status
    heading.fill_registers(view, head, persons_only=True)
    heading.fill_hits(head, hits)
    add_comparisons(head.comparisons, comparisons)
    if disagree:
        response.answer.cautions.append(level_pb2.CAUTION_FLAG_IDENTIFIERS_DISAGREE)
    head.cautions.extend(response.person.cautions)
    head.cautions.sort()
    asked = [principal] if principal is not None else []
    named = principal is None and bool(question.name_key)
    more = notes | ({meant} if meant else set())
    similar = similar_alerts(view, people, finding.by_name)
    heading.fill_notes(view, head, asked, status, disagree, named, not on_file, more, similar, bool(question.birth[0]))
    if not found and principal is not None:
        found_near, response.suggestions_on_file = suggestions(view, [principal])
        response.suggestions.extend(found_near)
    return response


def _names_asked_bearer(view: View, alert: Alert, question: PersonQuestion) -> bool:
    """Returns whether the alert's register names the one asked for, of two who bear the number."""
    stated = [
        link.record
        for link in view.links(alert.subject)
        if link.record.register == alert.known.record.register
        and (link.section, link.sensitivity) == (alert.first.section, alert.first.sensitivity)
        and not view.is_identity_claim(link)
        and link.record.name_key
    ]
    names = agreement.names(question.name_text, stated)
    birth = agreement.birth_dates(question.birth, stated)
    return names == AGREES or (birth == AGREES and names != DISAGREES)


def _is_conflict(comparisons: comparing.Comparisons) -> bool:
    """Names that disagree, and no birth date, parents or other identifier that agrees."""
    outcomes = dict(comparisons)
    if outcomes.get(level_pb2.CRITERION_NAMES) != DISAGREES:
        return False
    support = (level_pb2.CRITERION_BIRTH_DATE, level_pb2.CRITERION_PARENTS)
    identifiers = [
        outcome
        for criterion, outcome in comparisons
        if criterion < level_pb2.CRITERION_NAMES
        or criterion in (level_pb2.CRITERION_TELEPHONE, level_pb2.CRITERION_DOCUMENT_WITHOUT_COUNTRY)
    ]
    return identifiers.count(AGREES) <= 1 and AGREES not in [outcomes.get(c) for c in support]


def _further_one_is_nobodys(view: View, question: PersonQuestion) -> bool:
    """Returns whether a further national identifier is held by nobody, though its register could tell."""
    return any(
        asked.national
        and any(view.identifiers_loaded(k) for k in asked.identified_as)
        and not persons_with(view, asked)
        for asked in question.identifiers
        if asked is not question.principal
    )


def _names_another(view: View, question: PersonQuestion, subject: Subject | None) -> bool:
    """Returns whether others, and not those found by the principal, have a further identifier of criterion 1."""
    held = [
        persons_with(view, asked)
        for asked in question.identifiers
        if asked is not question.principal and asked.kind in CRITERION_1
    ]
    return any(holders and subject not in holders for holders in held)


def further(view: View, question: PersonQuestion, finding: Finding) -> list[tuple[Subject, int]]:
    """Subjects found by the further identifiers, in subject order, each with its strongest link."""
    links: dict[Subject, int] = {}
    for asked in question.identifiers:
        if asked is question.principal:
            continue
        for subject in persons_with(view, asked):
            if subject is finding.subject or subject in finding.others:
                continue
            link = HIT if asked.kind in CRITERION_1 else POSSIBLE
            links[subject] = max(links.get(subject, 0), link)
    return sorted(links.items(), key=lambda item: item[0].place)


def _named(view: View, question: PersonQuestion, finding: Finding, known: set[Subject]) -> list[tuple[Subject, int]]:
    """Returns those found by the names when the identifier finds nobody."""
    try:
        fits = [fit for fit in name_fits(view, Asked(question, field="name")) if fit.subject not in known]
    except QuestionError:
        return []
    finding.by_name = {fit.subject: fit for fit in fits}
    return [(fit.subject, POSSIBLE) for fit in fits]


def _bears_another_name(comparisons: comparing.Comparisons) -> bool:
    return dict(comparisons).get(level_pb2.CRITERION_NAMES) in (DISAGREES, level_pb2.AGREEMENT_NEAR)


def _wanted_by_name(
    view: View, question: PersonQuestion, finding: Finding, known: set[Subject]
) -> list[tuple[Subject, int]]:
    """Returns those with an alert in force found by the names, where the identifier's bearer has others."""
    try:
        fits = [fit for fit in found_beside(view, Asked(question, field="name")) if fit.subject not in known]
    except QuestionError:
        return []
    finding.by_name = {fit.subject: fit for fit in fits if has_alert(view, fit.subject)}
    return [(subject, POSSIBLE) for subject in finding.by_name]


def _candidates(
    view: View, response: Any, question: PersonQuestion, people: list[tuple[Subject, int]], finding: Finding
) -> list[Any]:
    """Adds the candidates; returns their hits, none when there is a person."""
    beside = finding.subject is not None
    hits = gather(
        view, response, people, lambda s: comparing.person(view, question, s, True), finding.by_name, beside=beside
    )
    return [] if beside else hits
