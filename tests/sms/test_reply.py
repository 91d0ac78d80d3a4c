"""An answer as parts of one SMS each: never longer, always GSM-7, never greener, nobody named without certainty."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpplib.gsm import gsm_encode  # a table of GSM-7 that is not aiosmpplib's

from clients.client.failures import CallFailure, FieldViolation
from clients.sms import wording
from clients.sms.reply import MOST_PARTS, Reply, answer_reply, failure_reply, notice
from clients.sms.septets import cut_at_words, gsm_text, septets
from clients.sms.shown_names import short_name
from clients.spanish import words as spanish
from ronda.v1 import alert_pb2, check_service_pb2, level_pb2, person_pb2, register_pb2

TEXTS = st.text(max_size=60) | st.text(alphabet="aáñÑéü[]{}|\\^~€😀 ‘–", max_size=300)
LEVELS = st.sampled_from([*level_pb2.Level.values(), 6, 99, -1])
REFERENCES = st.integers(1, 999_999_999)


@st.composite
def hits(draw: Any) -> alert_pb2.Hit:
    hit = alert_pb2.Hit(
        kind=draw(st.sampled_from([*alert_pb2.AlertKind.values(), 77])),
        level=draw(LEVELS),
        authority=draw(TEXTS),
        source_state=draw(st.sampled_from(register_pb2.RegisterState.values())),
        cautions=draw(st.lists(st.sampled_from(level_pb2.CautionFlag.values()), max_size=3)),
    )
    hit.action.code, hit.action.text = draw(st.sampled_from([*wording.ACTIONS, "NEW"])), draw(TEXTS)
    hit.subject.kind = draw(st.sampled_from(alert_pb2.HitSubjectKind.values()))
    hit.record.record_id, hit.offence.text = draw(TEXTS), draw(TEXTS)
    return hit


@st.composite
def responses(draw: Any) -> tuple[Any, bool]:
    """A response with anything in it, and whether it is of a vehicle."""
    of_vehicle = draw(st.booleans())
    response: Any = check_service_pb2.CheckVehicleResponse() if of_vehicle else check_service_pb2.CheckPersonResponse()
    answer = response.answer
    answer.level = draw(LEVELS)
    answer.identity_status = draw(st.sampled_from([*level_pb2.IdentityStatus.values(), 50]))
    answer.hits.extend(draw(st.lists(hits(), max_size=4)))
    answer.hits_total = len(answer.hits) + draw(st.integers(0, 30))
    answer.cautions.extend(draw(st.lists(st.sampled_from(level_pb2.CautionFlag.values()), max_size=3)))
    for text in draw(st.lists(TEXTS, max_size=3)):
        answer.notes.add(code="X", text=text)
    for text in draw(st.lists(TEXTS, max_size=3)):
        answer.registers.add(register_id="r", name=text, state=draw(st.sampled_from([0, 1, 2, 3, 4])))
    if draw(st.booleans()):
        if of_vehicle:
            response.vehicle.registrations.add(make=draw(TEXTS), line=draw(TEXTS), colour=draw(TEXTS))
            response.vehicle.owners.add(name=draw(TEXTS))
        else:
            response.person.name = draw(TEXTS)
    response.candidates_total = draw(st.integers(0, 200))
    return response, of_vehicle


def check_parts(reply: Reply) -> None:
    assert 1 <= len(reply.parts) <= MOST_PARTS
    for part in reply.parts:
        assert septets(part) == len(gsm_encode(part)) <= 160


@given(responses(), REFERENCES)
def test_every_part_is_one_sms_and_never_greener_than_the_answer(given_: tuple[Any, bool], reference: int) -> None:
    response, of_vehicle = given_
    reply = answer_reply(response, reference, of_vehicle=of_vehicle)
    check_parts(reply)
    colours = {part.split(" ")[0] for part in reply.parts}
    assert len(colours) == 1
    colour = colours.pop()
    known = {level: words[0] for level, words in spanish.LEVELS.items() if level != level_pb2.LEVEL_UNSPECIFIED}
    assert colour in known.values()
    if colour == "VERDE":
        assert response.answer.level == level_pb2.LEVEL_CLEAR
    elif response.answer.level != level_pb2.LEVEL_CLEAR:
        assert colour == known.get(response.answer.level, "NEGRO")
    ends = [part.removesuffix(" MAS") for part in reply.parts]
    assert all(end.endswith(f"R{reference}") for end in ends)
    assert [part.endswith(" MAS") for part in reply.parts] == [True] * (len(reply.parts) - 1) + [False]


def person(level: level_pb2.Level, name: str = "Juana Xicay Tzul") -> check_service_pb2.CheckPersonResponse:
    response = check_service_pb2.CheckPersonResponse()
    response.answer.level, response.answer.identity_status = level, level_pb2.IDENTITY_STATUS_FOUND
    response.person.name = name
    response.person.identity_claims.add(cui="2357111360101").birth_date.year = 1985
    return response


def add_warrant(response: Any, level: level_pb2.Level) -> alert_pb2.Hit:
    hit: alert_pb2.Hit = response.answer.hits.add(
        kind=alert_pb2.ALERT_KIND_WARRANT, level=level, authority="Juzgado Segundo Penal de Quetzaltenango"
    )
    hit.record.register_id, hit.record.record_id = "oj", "09012-2024-00123"
    hit.action.code, hit.offence.text = "ARREST", "Robo agravado contra Pedro Caal"
    hit.subject.kind = alert_pb2.HIT_SUBJECT_KIND_PERSON
    response.answer.hits_total += 1
    return hit


def test_a_wanted_person_reads_level_person_alert_action_court_and_cause() -> None:
    response = person(level_pb2.LEVEL_HIT)
    add_warrant(response, level_pb2.LEVEL_HIT)
    reply = answer_reply(response, 4711, of_vehicle=False)
    assert reply.parts[0].startswith(
        "ROJO Juana Xicay Tzul. Orden de captura: DETENER, confirme orden con juzgado. "
        "Juzgado Segundo Penal de Quetzaltenango. causa"
    )
    assert "09012-2024-00123" in " ".join(reply.parts)


def test_danger_stands_before_the_court() -> None:
    response = person(level_pb2.LEVEL_HIT)
    add_warrant(response, level_pb2.LEVEL_HIT).cautions.append(level_pb2.CAUTION_FLAG_ARMED)
    first = answer_reply(response, 4711, of_vehicle=False).parts[0]
    assert 0 < first.index("puede estar armado") < first.index("Juzgado")


@pytest.mark.parametrize("level", [level_pb2.LEVEL_POSSIBLE, level_pb2.LEVEL_INSUFFICIENT, 99])
def test_of_who_is_not_certain_nothing_personal_is_sent(level: Any) -> None:
    response = person(level)
    hit = add_warrant(response, level_pb2.LEVEL_POSSIBLE)
    response.answer.registers.add(register_id="oj", name="OJ", state=register_pb2.REGISTER_STATE_FRESH)
    response.suggestions.append("2357111360102")
    response.candidates.add(name="Juana Xicay Coj", cui="1111111110101")
    response.candidates_total = 2
    for owner_or_not in (alert_pb2.HIT_SUBJECT_KIND_PERSON, alert_pb2.HIT_SUBJECT_KIND_OWNER):
        hit.subject.kind = owner_or_not
        text = " ".join(answer_reply(response, 4711, of_vehicle=False).parts)
        assert "verifique DPI" in text
        for personal in ("Juana", "Xicay", "2357", "1111", "1985", "Pedro", "09012", "Robo", "Quetzaltenango"):
            assert personal not in text


def test_an_owner_who_is_not_certain_is_not_named() -> None:
    response = check_service_pb2.CheckVehicleResponse()
    response.answer.level = level_pb2.LEVEL_HIT
    response.vehicle.registrations.add(make="Toyota")
    response.vehicle.owners.add(name="Juana Xicay Tzul")
    add_warrant(response, level_pb2.LEVEL_HIT).subject.kind = alert_pb2.HIT_SUBJECT_KIND_VEHICLE
    assert "Propietario: Juana X" in " ".join(answer_reply(response, 1, of_vehicle=True).parts)
    add_warrant(response, level_pb2.LEVEL_POSSIBLE).subject.kind = alert_pb2.HIT_SUBJECT_KIND_OWNER
    text = " ".join(answer_reply(response, 1, of_vehicle=True).parts)
    assert "ROJO" in text and "verifique DPI" in text and "Juana" not in text


def test_names_that_an_sms_may_hold() -> None:
    """A person asked for by an identifier is named in full; by name, and owners, in short; a minor not at all."""
    asked = person(level_pb2.LEVEL_CLEAR, name="Juana María Xicay Tzul")
    whole = answer_reply(asked, 1, of_vehicle=False).parts[0]
    assert whole.startswith("VERDE Juana Maria Xicay Tzul. Sin alertas. nac. ") and "1985" in whole
    named = " ".join(answer_reply(asked, 1, of_vehicle=False, asked_by_name=True).parts)
    assert named.startswith("VERDE Juana X. Sin alertas") and "1985" not in named and "Tzul" not in named
    for levels in (level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_HIT):
        minor = person(levels, name="Juana Xicay Tzul")
        minor.person.cautions.append(level_pb2.CAUTION_FLAG_MINOR)
        if levels == level_pb2.LEVEL_HIT:
            add_warrant(minor, levels)
        text = " ".join(answer_reply(minor, 1, of_vehicle=False).parts)
        assert not any(word in text for word in ("Juana", "Xicay", "Tzul", "1985", "Pedro"))
    young = person(level_pb2.LEVEL_CLEAR)
    young.person.identity_claims[0].birth_date.year = datetime.now(UTC).year - 18  # a day of this year may be to come
    text = " ".join(answer_reply(young, 1, of_vehicle=False).parts)
    assert text.startswith("VERDE PERSONA. Sin alertas") and "nac." not in text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ana María Xicay Tzul", "Ana X"),
        ("Ana Xicay", "Ana X"),
        ("Ana Xicay Tzul", "Ana X"),
        ("XICAY TZUL, ANA MARIA", "ANA X"),
        ("Ana de León", "Ana L"),
        ("Ana Lucía María de León Coj", "Ana L"),
        ("Ana", "Ana"),
        ("TZUL,", "? T"),
        ("", ""),
    ],
)
def test_a_name_in_short(name: str, shown: str) -> None:
    assert short_name(name) == shown


def test_owners_in_short() -> None:
    response = check_service_pb2.CheckVehicleResponse()
    response.answer.level, response.answer.identity_status = level_pb2.LEVEL_CLEAR, level_pb2.IDENTITY_STATUS_FOUND
    owners = response.vehicle.owners
    owners.add(name="XICAY TZUL ANA", kind=person_pb2.SUBJECT_KIND_PERSON).person.name = "Ana Xicay Tzul"
    owners.add(name="TRANSPORTES DEL SUR, S.A.", kind=person_pb2.SUBJECT_KIND_ORGANISATION)
    minor = owners.add(name="CAAL POP PEDRO", kind=person_pb2.SUBJECT_KIND_PERSON)
    minor.person.cautions.append(level_pb2.CAUTION_FLAG_MINOR)
    text = " ".join(answer_reply(response, 1, of_vehicle=True).parts)
    assert "Propietario: Ana X, TRANSPORTES DEL SUR, S.A., menor de edad" in text


def test_what_to_do_with_an_owner_is_for_who_drives() -> None:
    response = check_service_pb2.CheckVehicleResponse()
    response.answer.level = level_pb2.LEVEL_HIT
    response.vehicle.registrations.add(make="Toyota")
    add_warrant(response, level_pb2.LEVEL_HIT).subject.kind = alert_pb2.HIT_SUBJECT_KIND_OWNER
    assert "si es quien conduce, DETENER" in answer_reply(response, 1, of_vehicle=True).parts[0]


@pytest.mark.parametrize("subject", [alert_pb2.HIT_SUBJECT_KIND_OWNER, alert_pb2.HIT_SUBJECT_KIND_VEHICLE])
def test_danger_and_what_to_do_stand_whole_in_the_first_part_about_a_vehicle(subject: Any) -> None:
    """An owner who is wanted and armed: "CUIDADO.. MAS" was all that the first part held of it."""
    response = check_service_pb2.CheckVehicleResponse()
    response.answer.level = level_pb2.LEVEL_HIT
    response.vehicle.plate_assignments.add(plate="P-138ZZB")
    response.vehicle.registrations.add(make="MITSUBISHI", line="L200 SPORTERO", colour="ROJO", model_year=2012)
    hit = add_warrant(response, level_pb2.LEVEL_HIT)
    hit.subject.kind = subject
    hit.cautions.append(level_pb2.CAUTION_FLAG_ARMED)
    reply = answer_reply(response, 4711, of_vehicle=True)
    assert "CUIDADO: puede estar armado. " in reply.parts[0]
    assert "DETENER, confirme orden con juzgado" in reply.parts[0]
    assert "color ROJO" in " ".join(reply.parts)


def test_of_a_name_alone_a_late_register_shows_nobody() -> None:
    response = person(level_pb2.LEVEL_INCOMPLETE)
    response.answer.comparisons.add(criterion=level_pb2.CRITERION_NAMES, agreement=level_pb2.AGREEMENT_AGREES)
    assert "Juana" not in " ".join(answer_reply(response, 1, of_vehicle=False).parts)
    response.answer.comparisons.add(criterion=level_pb2.CRITERION_CUI, agreement=level_pb2.AGREEMENT_AGREES)
    assert "GRIS Juana Xicay Tzul" in " ".join(answer_reply(response, 1, of_vehicle=False).parts)


def test_a_clear_answer_that_contradicts_itself_is_not_green() -> None:
    with_a_hit = person(level_pb2.LEVEL_CLEAR)
    add_warrant(with_a_hit, level_pb2.LEVEL_HIT)
    of_nobody = person(level_pb2.LEVEL_CLEAR)
    of_nobody.ClearField("person")
    for response in (with_a_hit, of_nobody):
        assert answer_reply(response, 1, of_vehicle=False).parts[0].startswith("NEGRO ")
    assert answer_reply(person(level_pb2.LEVEL_CLEAR), 1, of_vehicle=False).parts[0].startswith("VERDE Juana")


@given(st.builds(CallFailure, TEXTS, TEXTS, st.sampled_from([*wording.REASONS, "NEW", ""])), REFERENCES)
def test_a_failure_is_never_green_and_says_to_repeat(failure: CallFailure, reference: int) -> None:
    reply = failure_reply(failure, reference)
    check_parts(reply)
    assert reply.parts[0].startswith("SIN RESPUESTA: no es verde, repita")
    assert reply.parts[0].endswith(f" R{reference}")


def test_a_refused_question_names_field_and_rule() -> None:
    failure = CallFailure("INVALID_ARGUMENT", "", "FIELD_INVALID", (FieldViolation("cui", "checksum"),))
    assert "CUI: digito verificador incorrecto" in failure_reply(failure, 7).parts[0]


def test_every_notice_is_one_sms_that_is_whole() -> None:
    texts = [value for name, value in vars(wording).items() if name.isupper() and isinstance(value, str)]
    assert len(texts) > 12
    for text in texts:
        check_parts(notice(text))
        assert notice(text).parts == (text,), text
    actions = [text for text in wording.ACTIONS.values() if gsm_text(text) != text]
    assert actions == []


@given(TEXTS, st.integers(40, 160), st.integers(40, 160))
def test_what_is_cut_is_cut_at_words_and_whole_together(text: str, first: int, later: int) -> None:
    text = gsm_text(text)
    pieces = cut_at_words(text, [first], later)
    assert all(septets(piece) <= (later if number else first) for number, piece in enumerate(pieces))
    marks = [piece.endswith("..") for piece in pieces[:-1]] + [piece.startswith("..") for piece in pieces[1:]]
    assert all(marks)
    said = "".join(piece.removeprefix(".." if number else "").removesuffix("..") for number, piece in enumerate(pieces))
    assert said.translate(str.maketrans("", "", " .,;:")) == text.translate(str.maketrans("", "", " .,;:"))


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Ñandú, Güicho y José Ñáñez", "Ñandu, Güicho y José Ñañez"),
        ("¿Qué?  ¡No!\nfin", "¿Qué? ¡No! fin"),
        ("[causa] {1} a|b ~ 5 €", "(causa) (1) a/b - 5 EUR"),
        ("K’iche’ “Coj” — 😀", "K'iche' \"Coj\" - ?"),
        ("a\u200db\u0301", "ab"),
    ],
)
def test_letters_that_gsm_lacks(text: str, sent: str) -> None:
    assert gsm_text(text) == sent
