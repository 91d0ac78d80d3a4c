"""Checks what an officer reads: Spanish, level first, and nothing unknown ever shown as clear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console, RenderableType

from clients.client.connection import CallFailure, FieldViolation
from clients.officer_view.answer import answer_head, nothing_found, registers_line, tried_line
from clients.officer_view.candidates import (
    candidates_table,
    narrowing_line,
    too_broad_line,
)
from clients.officer_view.hits import hit_lines
from clients.officer_view.identity import identity_text
from clients.officer_view.person import person_lines
from clients.officer_view.records import records_table
from clients.officer_view.words import time_text
from clients.spanish import words as spanish
from clients.spanish.places import municipality_name
from ronda.v1 import alert_pb2, check_service_pb2, level_pb2, person_pb2, register_pb2, section_pb2, vehicle_pb2
from ronda.v1.value_pb2 import CodedText, PartialDate, PersonName, RecordReference

ROOT = Path(__file__).parents[2]


def printed(renderable: RenderableType, width: int = 160) -> str:
    """Plain text on so wide a screen."""
    console = Console(width=width, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(renderable, crop=False)
    return capture.get()


def test_every_level_of_the_contract_has_its_colour() -> None:
    words = {level: spanish.level_words(level)[0] for level in level_pb2.Level.values()}
    assert words == {0: "SIN NIVEL", 1: "VERDE", 2: "NEGRO", 3: "GRIS", 4: "AMARILLO", 5: "ROJO"}


def test_a_level_from_the_future_is_not_clear() -> None:
    colour, meaning = spanish.level_words(77)
    assert colour != "VERDE"
    assert "no es un visto bueno" in meaning


def test_every_enum_that_an_officer_sees_has_spanish_words() -> None:
    tables: dict[Any, dict[Any, str]] = {
        level_pb2.Criterion: spanish.CRITERIA,
        level_pb2.Agreement: spanish.AGREEMENTS,
        check_service_pb2.IdentifierKind: spanish.KINDS,
        level_pb2.CautionFlag: spanish.CAUTIONS,
        level_pb2.IdentityStatus: spanish.IDENTITY,
        alert_pb2.AlertKind: spanish.ALERTS,
        alert_pb2.AlertState: spanish.STATES,
        alert_pb2.HitSubjectKind: spanish.SUBJECTS,
        register_pb2.RegisterState: spanish.REGISTER_STATES,
        section_pb2.Section: spanish.SECTIONS,
    }
    for enum, table in tables.items():
        assert {number for number in enum.values() if number} == set(table), enum.DESCRIPTOR.name


def test_a_hit_shows_action_sources_as_of_and_what_disagrees() -> None:
    hit = alert_pb2.Hit(
        kind=alert_pb2.ALERT_KIND_WARRANT,
        level=level_pb2.LEVEL_POSSIBLE,
        record=RecordReference(register_id="oj", record_id="C-1"),
        agrees=[level_pb2.CRITERION_NAMES],
        disagrees=[level_pb2.CRITERION_BIRTH_DATE],
        sources=[
            alert_pb2.HitSource(
                record=RecordReference(register_id="sapo", record_id="9"), state=alert_pb2.ALERT_STATE_PENDING
            )
        ],
        action=CodedText(code="ARREST", text="Detener"),
        source_state=register_pb2.REGISTER_STATE_STALE,
        notes=[CodedText(code="NOT_LISTED", text="no consta en OJ: confirme")],
    )
    hit.subject.kind = alert_pb2.HIT_SUBJECT_KIND_OWNER
    hit.subject.ordinal = 2
    hit.source_as_of.seconds = 1_790_000_000
    text = printed(hit_lines(hit))
    for said in (
        "AMARILLO Orden de captura (propietario 2)",
        "Acción: confirme primero la identidad (DPI). Solo si se confirma: detener",
        "oj C-1",
        "sapo 9 (vigente)",
        "ATRASADO",
        "El registro le corresponde por: nombres",
        "El registro difiere en: fecha de nacimiento",
        "no consta en OJ: confirme",
        "Nota: sin confirmar: verifique",
    ):
        assert said in text
    hit.confirmation.text = "confirmada por OJ 26/11 14:40"
    assert "sin confirmar" not in printed(hit_lines(hit)), "what was said stands among the notes"
    hit.level = level_pb2.LEVEL_HIT
    sapo = Timestamp(seconds=1_790_000_000 - 86_400)
    text = printed(hit_lines(hit, {"oj": hit.source_as_of, "sapo": sapo}))
    assert "Acción: Detener" in text
    assert f"sapo 9 (vigente, datos al {time_text(sapo)})" in text
    hit.level, hit.kind = level_pb2.LEVEL_POSSIBLE, alert_pb2.ALERT_KIND_STOLEN_VEHICLE
    assert "confirme primero placa y VIN" in printed(hit_lines(hit))


def test_the_head_names_what_was_given_and_how_it_compares() -> None:
    answer = check_service_pb2.Answer(level=level_pb2.LEVEL_CLEAR, identity_status=level_pb2.IDENTITY_STATUS_FOUND)
    answer.comparisons.add(criterion=level_pb2.CRITERION_CUI, agreement=level_pb2.AGREEMENT_AGREES)
    answer.comparisons.add(criterion=level_pb2.CRITERION_SEX, agreement=level_pb2.AGREEMENT_DISAGREES)
    text = printed(answer_head(answer))
    assert "VERDE: SIN ALERTAS" in text
    assert "CUI: coincide, sexo: NO coincide" in text


@pytest.mark.parametrize(
    ("names", "besides", "said"),
    [
        (level_pb2.AGREEMENT_NEAR, {}, "que coincide en parte: otras personas pueden llevarlo"),
        (level_pb2.AGREEMENT_AGREES, {}, "Se halló solo por el nombre: otras personas pueden llevarlo"),
        (level_pb2.AGREEMENT_AGREES, {level_pb2.CRITERION_SEX: level_pb2.AGREEMENT_AGREES}, "otras personas"),
        (level_pb2.AGREEMENT_AGREES, {level_pb2.CRITERION_BIRTH_DATE: level_pb2.AGREEMENT_AGREES}, ""),
        (level_pb2.AGREEMENT_NEAR, {level_pb2.CRITERION_CUI: level_pb2.AGREEMENT_AGREES}, ""),
    ],
)
def test_one_person_found_by_a_name_alone_is_not_taken_for_certain(
    names: level_pb2.Agreement, besides: dict[level_pb2.Criterion, level_pb2.Agreement], said: str
) -> None:
    answer = check_service_pb2.Answer(level=level_pb2.LEVEL_CLEAR)
    for criterion, agreement in {level_pb2.CRITERION_NAMES: names, **besides}.items():
        answer.comparisons.add(criterion=criterion, agreement=agreement)
    text = printed(answer_head(answer, person_pb2.Person()))
    assert (said in text) if said else "Se halló" not in text
    assert "Se halló" not in printed(answer_head(answer))


def test_what_was_not_looked_up_is_not_said_to_be_nowhere() -> None:
    answer = check_service_pb2.Answer(level=level_pb2.LEVEL_INSUFFICIENT)
    assert nothing_found(answer).startswith("Nada consta")
    answer.comparisons.add(criterion=level_pb2.CRITERION_COLOUR)
    assert nothing_found(answer).startswith("Con eso solo no se busca")
    answer.comparisons.add(criterion=level_pb2.CRITERION_VIN)
    assert nothing_found(answer).startswith("Nada consta")


def test_the_head_of_candidates_leaves_the_comparing_to_each() -> None:
    answer = check_service_pb2.Answer(level=level_pb2.LEVEL_POSSIBLE)
    answer.comparisons.add(criterion=level_pb2.CRITERION_NAMES, agreement=level_pb2.AGREEMENT_AGREES)
    assert "coincide" not in printed(answer_head(answer, of_candidates=True))


def test_an_identity_in_conflict_blames_nobody_the_note_says_what_differs() -> None:
    answer = check_service_pb2.Answer(identity_status=level_pb2.IDENTITY_STATUS_CONFLICT)
    answer.notes.add(code="NAME_DIFFERS", text="el nombre dado no es el que consta con este documento")
    text = printed(answer_head(answer))
    assert "discrepan" not in text
    assert "Identidad: contradictoria" in text


def test_late_registers_are_named_with_their_as_of() -> None:
    answer = check_service_pb2.Answer(coverage=level_pb2.COVERAGE_INCOMPLETE)
    answer.registers.add(register_id="oj", name="Organismo Judicial", state=register_pb2.REGISTER_STATE_MISSING)
    answer.registers.add(register_id="mp", name="Ministerio Público", state=register_pb2.REGISTER_STATE_FRESH)
    text = printed(registers_line(answer))
    assert "Organismo Judicial: AUSENTE (sin datos cargados)" in text
    assert "Ministerio Público" not in text


def test_dates_cuis_and_names_read_as_on_a_document() -> None:
    assert spanish.date_text(PartialDate(year=1985, month=3)) == "??/03/1985"
    assert spanish.date_text(PartialDate()) == ""
    assert spanish.cui_text("1234567890101") == "1234 56789 0101"
    name = PersonName(first_given="ANA", first_surname="CAAL", second_surname="POP", married_surname="CHOC")
    assert spanish.name_text(name) == "ANA CAAL POP de CHOC"
    assert spanish.name_text(PersonName(full="JUAN SIN PARTES")) == "JUAN SIN PARTES"


def test_candidates_by_name_show_how_like_they_are_and_the_spelling_on_file() -> None:
    likely = check_service_pb2.Candidate(name="JOSÉ HERNÁNDEZ", score=0.873, matched_name="CHEPE ERNANDEZ")
    likely.matched_register_id = "sipol"
    likely.comparisons.add(criterion=level_pb2.CRITERION_NAMES, agreement=level_pb2.AGREEMENT_AGREES)
    likely.comparisons.add(criterion=level_pb2.CRITERION_BIRTH_DATE, agreement=level_pb2.AGREEMENT_UNKNOWN)
    unlikely = check_service_pb2.Candidate(name="JOSÉ FERNÁNDEZ", score=0.0004)
    unlikely.comparisons.add(criterion=level_pb2.CRITERION_PARENTS, agreement=level_pb2.AGREEMENT_DISAGREES)
    text = printed(candidates_table([likely, unlikely], 2))
    for said in ("CHEPE ERNANDEZ", "[sipol]", "87 %", "< 1 %", "nombres", "nacimiento", "padres", "sin dato"):
        assert said in text


def test_who_is_in_no_register_of_identity_is_said_to_be_on_file_where_she_is() -> None:
    found = level_pb2.IDENTITY_STATUS_FOUND
    answer = check_service_pb2.Answer(level=level_pb2.LEVEL_CLEAR, identity_status=found)
    states = register_pb2.REGISTER_STATE_FRESH, register_pb2.REGISTER_STATE_MISSING
    for register_id, name, state in (("renap", "RENAP", states[0]), ("sat", "SAT", states[1])):
        answer.registers.add(
            register_id=register_id, name=name, state=state, roles=[register_pb2.REGISTER_ROLE_IDENTITY]
        )
    answer.registers.add(register_id="migracion", name="Migración", state=states[0])
    foreigner = person_pb2.Person(kind=person_pb2.SUBJECT_KIND_PERSON)
    foreigner.border_crossings.add().record.register_id = "migracion"
    assert identity_text(answer, foreigner) == "consta en Migración; no consta en RENAP"
    company = person_pb2.Person(kind=person_pb2.SUBJECT_KIND_ORGANISATION)
    company.tax_registrations.add().record.register_id = "sat"
    assert identity_text(answer, company) == "consta en SAT"
    citizen = person_pb2.Person()
    citizen.identity_claims.add()
    assert identity_text(answer, citizen) == "consta en el registro de identidad"
    vehicle = vehicle_pb2.Vehicle()
    vehicle.registrations.add().record.register_id = "sat"
    assert identity_text(answer, vehicle) == "consta en SAT"
    answer.identity_status = level_pb2.IDENTITY_STATUS_NOT_FOUND
    assert identity_text(answer, foreigner) == "no consta"


def test_what_a_note_says_no_caution_says_again() -> None:
    answer = check_service_pb2.Answer(cautions=[level_pb2.CAUTION_FLAG_ARMED])
    answer.cautions.append(level_pb2.CAUTION_FLAG_IDENTIFIERS_DISAGREE)
    answer.notes.add(code="IDENTIFIERS_DISAGREE", text="los datos dados se contradicen")
    text = printed(answer_head(answer))
    assert text.count("los datos dados se contradicen") == 1
    assert "Precaución: puede estar armado" in text


def test_departments_and_municipalities_have_their_names() -> None:
    address = person_pb2.Address(street="3 CALLE", department=1, municipality=8)
    unknown = person_pb2.Address(department=77, municipality=99)
    text = printed(records_table(section_pb2.SECTION_ADDRESS, [address, unknown], 2, Timestamp()))
    for said in ("Guatemala", "Mixco", "código 77", "código 99"):
        assert said in text
    assert municipality_name(0, 1601) == "Cobán"
    lines = (ROOT / "nation" / "data" / "municipalities.tsv").read_text(encoding="utf-8").splitlines()[1:]
    assert len(lines) == 340
    for department, number, name in (line.split("\t") for line in lines):
        assert municipality_name(int(department), int(number)) == name


def test_the_kinds_tried_are_named() -> None:
    plate = check_service_pb2.DetectedKind(kind=check_service_pb2.IDENTIFIER_KIND_PLATE, canonical="P-123BCD")
    named = check_service_pb2.DetectedKind(kind=check_service_pb2.IDENTIFIER_KIND_NAME, canonical="JUAN", found=True)
    assert printed(tried_line([plate, named])).strip() == "Se buscó como: placa P-123BCD (no consta), nombre (consta)"


def test_a_name_that_nobody_bears_with_that_birth_date_may_be_on_file() -> None:
    named = check_service_pb2.DetectedKind(kind=check_service_pb2.IDENTIFIER_KIND_NAME)
    answer = check_service_pb2.Answer()
    assert printed(tried_line([named], answer)).strip() == "Se buscó como: nombre (no consta)"
    answer.comparisons.add(criterion=level_pb2.CRITERION_BIRTH_DATE, agreement=level_pb2.AGREEMENT_UNKNOWN)
    assert printed(tried_line([named], answer)).strip() == (
        "Se buscó como: nombre con esa fecha de nacimiento (nadie se identifica)"
    )


def test_who_is_known_from_a_warrant_alone_has_its_name() -> None:
    text = printed(person_lines(person_pb2.Person(name="RAMIRO ZACHRISSON", name_register_id="oj")))
    assert "RAMIRO ZACHRISSON" in text
    assert "[oj]" in text


def test_a_search_that_found_many_says_what_narrows_it() -> None:
    response = check_service_pb2.SearchPersonsResponse(candidates_total=522, narrow_by="birth_date")
    assert narrowing_line(response) == "Son 522: para acotar, agregue fecha o año de nacimiento."
    assert narrowing_line(check_service_pb2.SearchPersonsResponse(candidates_total=3)) == ""


@pytest.mark.parametrize(
    ("field", "rule", "metadata", "said"),
    [
        (
            "birth_date",
            "too many persons may fit: 31000",
            {"may_fit": "31000"},
            "Demasiadas personas pueden coincidir (31,000 o más): agregue fecha o año de nacimiento.",
        ),
        (
            "name",
            "too many persons may fit",
            {},
            "Demasiadas personas pueden coincidir: agregue otro nombre o apellido.",
        ),
        ("new_field", "", {"may_fit": "many"}, "Demasiadas personas pueden coincidir: agregue más datos."),
        (
            "query",
            "too many vehicles fit",
            {},
            "Demasiados vehículos pueden coincidir: agregue más caracteres de la placa.",
        ),
    ],
)
def test_a_question_that_is_too_broad_says_so_in_spanish(
    field: str, rule: str, metadata: dict[str, str], said: str
) -> None:
    violations = (FieldViolation(field, rule),)
    failure = CallFailure("INVALID_ARGUMENT", f"{field}: {rule}", "QUERY_TOO_BROAD", violations, metadata=metadata)
    assert too_broad_line(failure) == said
