"""The answer to a question as parts of 160 septets: the first has the reason to act and the action, MAS the others.

Each part begins with the level's colour word, VERDE only if the answer's level is CLEAR. If the subject is not certain
(AMARILLO, NEGRO) no personal datum is sent: neither name nor number, nor a register's words about a case.
clients.sms.shown_names decides about the data of other persons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clients.sms import shown_names, wording
from clients.sms.septets import SEGMENT, cut_at_words, gsm_text, septets
from clients.spanish import words as spanish
from ronda.v1 import alert_pb2, level_pb2, register_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clients.client.failures import CallFailure
    from ronda.v1 import check_service_pb2, vehicle_pb2

MOST_PARTS = 9
_DOCUMENTS = (
    level_pb2.CRITERION_CUI,
    level_pb2.CRITERION_DOCUMENT,
    level_pb2.CRITERION_NIT,
    level_pb2.CRITERION_LICENCE,
    level_pb2.CRITERION_CEDULA,
    level_pb2.CRITERION_PLATE,
    level_pb2.CRITERION_VIN,
)
_FRESH = register_pb2.REGISTER_STATE_FRESH
_VEHICLES = (alert_pb2.HIT_SUBJECT_KIND_VEHICLE, alert_pb2.HIT_SUBJECT_KIND_PLATE)
_DANGERS = {
    level_pb2.CAUTION_FLAG_ARMED: "CUIDADO: puede estar armado",
    level_pb2.CAUTION_FLAG_VIOLENT: "CUIDADO: delito violento",
    level_pb2.CAUTION_FLAG_ESCAPE_RISK: "CUIDADO: riesgo de fuga",
}
_CAUTIONS = {
    **_DANGERS,
    level_pb2.CAUTION_FLAG_MINOR: "MENOR DE EDAD",
    level_pb2.CAUTION_FLAG_MISUSED_IDENTITY: "puede ser victima de suplantacion",
}


@dataclass(frozen=True, repr=False)
class Reply:
    """The reply: parts of one SMS each, the first at once. No repr: it may hold personal data."""

    level: int
    parts: tuple[str, ...]


def answer_reply(response: Any, reference: int, *, of_vehicle: bool, asked_by_name: bool = False) -> Reply:
    """A CheckPersonResponse or CheckVehicleResponse as parts. reference: the number to ask MAS by, shown in each."""
    level = _level(response, of_vehicle=of_vehicle)
    colour = wording.UNKNOWN_LEVEL if level == level_pb2.LEVEL_UNSPECIFIED else spanish.LEVELS[level][0]
    facts = _facts(response, level, of_vehicle=of_vehicle, asked_by_name=asked_by_name)
    return Reply(level, _parts(colour, gsm_text(". ".join(fact for fact in facts if fact)), reference))


def _level(response: Any, *, of_vehicle: bool) -> level_pb2.Level:
    """The answer's level; UNSPECIFIED of one that is unknown, or that is CLEAR and contradicts itself."""
    answer: check_service_pb2.Answer = response.answer
    if answer.level not in spanish.LEVELS:
        return level_pb2.LEVEL_UNSPECIFIED
    found = response.HasField("vehicle" if of_vehicle else "person")
    if answer.level == level_pb2.LEVEL_CLEAR and (not found or answer.hits or answer.hits_total):
        return level_pb2.LEVEL_UNSPECIFIED
    return answer.level


def _is_certain(answer: check_service_pb2.Answer, level: int) -> bool:
    """Returns whether the answer is certainly about the meant subject: then it may name it."""
    if level == level_pb2.LEVEL_INCOMPLETE:  # may be of a name alone too
        agrees = level_pb2.AGREEMENT_AGREES
        return any(each.agreement == agrees and each.criterion in _DOCUMENTS for each in answer.comparisons)
    return level in (level_pb2.LEVEL_HIT, level_pb2.LEVEL_CLEAR)


def failure_reply(failure: CallFailure | None, reference: int) -> Reply:
    """Returns the reply for no answer, with the reason if the officer can do something about it."""
    why = wording.WHY_UNKNOWN
    if failure is not None:
        why = wording.REASONS.get(failure.reason, wording.WHY_UNKNOWN)
        if failure.violations:
            broken = failure.violations[0]
            field, rule = spanish.FIELDS.get(broken.field, ""), spanish.RULES.get(broken.rule, "")
            why = f"{field}: {rule}" if field and rule else why
    return notice(f"{wording.NO_ANSWER}. {why}" if why else wording.NO_ANSWER, reference)


def notice(text: str, reference: int = 0) -> Reply:
    """A text that answers nothing, in one part. reference: 0 = none."""
    tail = f" R{reference}" if reference else ""
    whole = cut_at_words(gsm_text(text), [SEGMENT - septets(tail)], SEGMENT)[0]
    return Reply(level_pb2.LEVEL_UNSPECIFIED, (whole + tail,))


def _parts(colour: str, text: str, reference: int) -> tuple[str, ...]:
    tail = f" R{reference}"
    head, more = f"{colour} ", f"{tail} MAS"
    alone = head + text + tail
    if len(alone) <= SEGMENT:  # letters of gsm_text
        return (alone,)
    # Of the last part too the room for MAS is left: how many there are is known only when all are cut.
    first = SEGMENT - septets(head + more)
    later = SEGMENT - septets(f"{colour} 9/9 " + more)
    pieces = cut_at_words(text, [first], later)
    if len(pieces) > MOST_PARTS:
        pieces = [*pieces[: MOST_PARTS - 1], "..y mas: consulte por otro medio"]
    last = len(pieces)
    return tuple(
        f"{colour} {f'{number}/{last} ' if number > 1 else ''}{piece}{more if number < last else tail}"
        for number, piece in enumerate(pieces, 1)
    )


def _facts(response: Any, level: int, *, of_vehicle: bool, asked_by_name: bool) -> list[str]:
    """Sentences, what to act on first: danger, alert and action, court; then identity, notes, registers, the rest."""
    answer: check_service_pb2.Answer = response.answer
    certain = _is_certain(answer, level)
    found = response.HasField("vehicle" if of_vehicle else "person")
    seen = _seen_text(response.vehicle) if of_vehicle and found else ""
    if of_vehicle:
        who = _vehicle_text(response.vehicle) if found else "VEHICULO"
    else:
        shown = shown_names.name_of(response.person, asked_by_name=asked_by_name) if found and certain else ""
        who = shown or "PERSONA"
    in_danger = any(flag in _DANGERS for hit in answer.hits[:1] for flag in (*hit.cautions, *answer.cautions))
    # Danger and what to do must stand in the first part: what the vehicle looks like gives way.
    facts = [who if in_danger else " ".join(filter(None, (who, seen)))]
    facts += _of_level(response, level, of_vehicle=of_vehicle)
    minor = found and not of_vehicle and shown_names.is_minor(response.person)
    if answer.hits:
        facts += _hit_facts(answer.hits[0], answer, certain=certain, minor=minor)
    else:
        facts += [_CAUTIONS[caution] for caution in answer.cautions if caution in _CAUTIONS]
    facts += [seen] if in_danger else []
    facts += _identity_facts(answer, of_vehicle=of_vehicle)
    for hit in answer.hits[1:]:
        facts += _hit_facts(hit, answer, certain=certain, minor=minor)
    if (unsent := answer.hits_total - len(answer.hits)) > 0:
        facts.append(f"Y {unsent} alertas mas")
    # What is a danger was said above, of the first alert or of nobody's.
    facts += [spanish.CAUTIONS.get(caution, "") for caution in answer.cautions if caution not in _CAUTIONS]
    facts += _register_facts(answer)
    if found and certain:
        born = "" if of_vehicle else shown_names.birth_date_of(response.person, asked_by_name=asked_by_name)
        facts += _owner_facts(response.vehicle, answer.hits) if of_vehicle else [f"nac. {born}" if born else ""]
    return list(dict.fromkeys(facts))


def _of_level(response: Any, level: int, *, of_vehicle: bool) -> list[str]:
    answer: check_service_pb2.Answer = response.answer
    confirm = wording.CONFIRM_VEHICLE if of_vehicle else wording.CONFIRM_PERSON
    # Persons only a little alike are in the answer's note, which names nobody.
    possible = response.candidates_total - sum(candidate.weak for candidate in response.candidates)
    several = f"{possible} posibles" if possible > 1 else ""
    match level:
        case level_pb2.LEVEL_CLEAR:
            return ["Sin alertas"]
        case level_pb2.LEVEL_INCOMPLETE:
            return [f"Sin alertas pero faltan registros: {wording.NOT_GREEN}"]
        case level_pb2.LEVEL_INSUFFICIENT:
            return [f"La consulta no identifica con certeza: {wording.NOT_GREEN}, {confirm}", several]
        case level_pb2.LEVEL_POSSIBLE if not answer.hits:
            return [f"Posible: {confirm} antes de actuar", several]
        case level_pb2.LEVEL_POSSIBLE:
            return [several]
        case level_pb2.LEVEL_HIT:
            return []
    return [f"Nivel desconocido: {wording.NOT_GREEN}, repita"]


def _hit_facts(hit: alert_pb2.Hit, answer: check_service_pb2.Answer, *, certain: bool, minor: bool) -> list[str]:
    """Returns the facts of one alert: dangers, kind, subject, action; its court and cause if it is certain.

    minor: the person is one; no register's words about the case are sent.
    """
    sure = certain and hit.level == level_pb2.LEVEL_HIT
    kind = spanish.ALERTS.get(hit.kind, "Alerta")
    if hit.subject.kind == alert_pb2.HIT_SUBJECT_KIND_OWNER:
        kind = f"Propietario: {kind}"
    action = wording.ACTIONS.get(hit.action.code, hit.action.text if sure else "")
    if hit.subject.kind == alert_pb2.HIT_SUBJECT_KIND_OWNER and action and hit.action.code not in wording.HARMLESS:
        action = f"si es quien conduce, {action}"
    if sure or hit.action.code in wording.HARMLESS:
        said = f"{kind}: {action}" if action else kind
        if sure and hit.subject.kind == alert_pb2.HIT_SUBJECT_KIND_PERSON and _dead(answer):
            said = f"{kind}. Consta fallecida: identifique a quien lo porta"
    else:
        confirm = wording.CONFIRM_VEHICLE if hit.subject.kind in _VEHICLES else wording.CONFIRM_PERSON
        said = f"Posible {kind[:1].lower()}{kind[1:]}: {confirm} antes de actuar"
    flags = dict.fromkeys([*hit.cautions, *answer.cautions])
    facts = [*(_DANGERS[flag] for flag in flags if flag in _DANGERS), said]
    facts += [_CAUTIONS[flag] for flag in flags if flag in _CAUTIONS]  # of dangers again, which are said once
    if sure:
        cause = "causa" if hit.kind == alert_pb2.ALERT_KIND_WARRANT else "ref"
        facts.append(hit.authority)
        facts += [f"{cause} {hit.record.record_id}" if hit.record.record_id else "", "" if minor else hit.offence.text]
    else:  # the manifest's name of the register, nothing of its row
        facts += [f"segun {each.name}" for each in answer.registers if each.register_id == hit.record.register_id]
    facts += [note.text for note in hit.notes]
    if hit.source_state not in (register_pb2.REGISTER_STATE_FRESH, register_pb2.REGISTER_STATE_UNSPECIFIED):
        facts.append("dato de registro atrasado: confirme")
    return facts


def _dead(answer: check_service_pb2.Answer) -> bool:
    return answer.identity_status == level_pb2.IDENTITY_STATUS_DECEASED


def _identity_facts(answer: check_service_pb2.Answer, *, of_vehicle: bool) -> list[str]:
    facts = [note.text for note in answer.notes]
    if answer.identity_status not in (level_pb2.IDENTITY_STATUS_FOUND, level_pb2.IDENTITY_STATUS_UNSPECIFIED):
        subject = "Placa o VIN" if of_vehicle else "Identidad"
        facts.append(f"{subject}: {spanish.IDENTITY.get(answer.identity_status, 'desconocida')}")
    return facts


def _register_facts(answer: check_service_pb2.Answer) -> list[str]:
    late = [each for each in answer.registers if each.state != _FRESH]
    if not late:
        return []
    said = (f"{each.name} {spanish.REGISTER_STATES.get(each.state, 'desconocido').lower()}" for each in late)
    return [f"Registros: {', '.join(said)}"]


def _vehicle_text(vehicle: vehicle_pb2.Vehicle) -> str:
    """VEHICULO and its plate of today."""
    plates = [each.plate for each in vehicle.plate_assignments if not each.valid_to.year]
    return " ".join(part for part in ["VEHICULO", *plates[:1]] if part)


def _seen_text(vehicle: vehicle_pb2.Vehicle) -> str:
    """Returns how the vehicle looks, which the officer compares; of a person nothing."""
    seen = []
    for registration in vehicle.registrations[:1]:
        year = str(registration.model_year) if registration.model_year else ""
        colour = f"color {registration.colour}" if registration.colour else ""  # the first word alone is a level
        seen = [registration.make, registration.line, colour, year]
    return " ".join(part for part in seen if part)


def _owner_facts(vehicle: vehicle_pb2.Vehicle, hits: Iterable[alert_pb2.Hit]) -> list[str]:
    """The owners of today that the vehicle register names; none where an owner's alert is not certain."""
    if any(hit.subject.kind == alert_pb2.HIT_SUBJECT_KIND_OWNER and hit.level != level_pb2.LEVEL_HIT for hit in hits):
        return []
    names = [shown_names.owner_name(owner) for owner in vehicle.owners if owner.name and not owner.valid_to.year]
    return [f"Propietario: {', '.join(names[:3])}"] if names else []
