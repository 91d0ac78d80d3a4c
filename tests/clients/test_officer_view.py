"""What an officer reads: Spanish, level first, and nothing unknown ever shown as clear."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console, RenderableType

from clients import spanish
from clients.connection import CallFailure, FieldViolation
from clients.officer_view.answer import answer_head, registers_line, tried_line
from clients.officer_view.candidates import candidates_table, narrowing_line, too_broad_line
from clients.officer_view.hits import hit_lines
from clients.officer_view.person import person_lines
from clients.officer_view.words import time_text
from ronda.v1 import alert_pb2, check_service_pb2, level_pb2, person_pb2, register_pb2, section_pb2
from ronda.v1.value_pb2 import CodedText, PartialDate, PersonName, RecordReference


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
    ):
        assert said in text
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


def test_likeness_and_the_words_for_names_do_not_contradict_each_other() -> None:
    common = check_service_pb2.Candidate(name="JUAN LÓPEZ", score=0.004)
    common.comparisons.add(criterion=level_pb2.CRITERION_NAMES, agreement=level_pb2.AGREEMENT_AGREES)
    rare = check_service_pb2.Candidate(name="RAMIRO ZACHRISSON", score=0.9999)
    rare.comparisons.add(criterion=level_pb2.CRITERION_NAMES, agreement=level_pb2.AGREEMENT_NEAR)
    rare.comparisons.add(criterion=level_pb2.CRITERION_BIRTH_DATE, agreement=level_pb2.AGREEMENT_PARTLY)
    text = printed(candidates_table([common, rare], 2), width=160)
    assert "< 1 % (nombre común" in text
    assert "se parece: nombres" in text
    assert "coincide en lo que se sabe: fecha de nacimiento" in text
    assert "probabilidad: > 99 %" in text
    assert "100 %" not in text
    assert "dudoso" not in text


def test_the_kinds_tried_are_named() -> None:
    plate = check_service_pb2.DetectedKind(kind=check_service_pb2.IDENTIFIER_KIND_PLATE, canonical="P-123BCD")
    named = check_service_pb2.DetectedKind(kind=check_service_pb2.IDENTIFIER_KIND_NAME, canonical="JUAN", found=True)
    assert printed(tried_line([plate, named])).strip() == "Se buscó como: placa P-123BCD (no consta), nombre (consta)"


def test_who_is_known_from_a_warrant_alone_has_its_name() -> None:
    text = printed(person_lines(person_pb2.Person(name="RAMIRO ZACHRISSON", name_register_id="oj")))
    assert "RAMIRO ZACHRISSON" in text
    assert "[oj]" in text


def test_candidates_are_whole_on_a_narrow_terminal() -> None:
    name, written = "MARÍA GUADALUPE HERNÁNDEZ QUEJ", "GUADALUPE ERNANDES KEJ"
    found = check_service_pb2.Candidate(name=name, score=0.5, matched_name=written, cui="1234567890101", alerts=2)
    text = printed(candidates_table([found], 1), width=80)
    for said in (name, "CUI 1234 56789 0101", "alertas: 2", "probabilidad: 50 %"):
        assert any(said in line for line in text.splitlines())


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
