"""Several who fit, as an officer reads them: how like each is, by what, and what would tell them apart."""

from __future__ import annotations

from clients.officer_view.candidates import candidates_table, likeness_line, shared_plate_line
from ronda.v1 import check_service_pb2, level_pb2
from tests.clients.test_officer_view import printed


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
    assert "parecido: > 99 %" in text
    assert "100 %" not in text
    assert "dudoso" not in text


def test_two_who_are_very_alike_are_not_both_said_to_be_the_one_asked_for() -> None:
    found = [check_service_pb2.Candidate(name=name, score=0.99) for name in ("ANA CAAL", "ANA CAAL", "ANA KAAL")]
    found[2].score = 0.4
    assert "probabilidad" not in printed(candidates_table(found, 3))
    assert "Son 2 los muy parecidos y a lo sumo uno es: pida otro dato." in likeness_line(found)
    assert "muy parecidos" not in likeness_line(found[1:])
    assert likeness_line([check_service_pb2.Candidate(plate="P-123BCD")]) == ""


def compared_vehicle(**agreements: level_pb2.Agreement) -> str:
    found = check_service_pb2.Candidate(plate="P-582ZZB")
    for name, agreement in agreements.items():
        found.comparisons.add(criterion=level_pb2.Criterion.Value(f"CRITERION_{name}"), agreement=agreement)
    return printed(candidates_table([found], 1))


def test_who_bore_the_plate_before_is_not_said_to_contradict_it() -> None:
    differs, agrees = level_pb2.AGREEMENT_DISAGREES, level_pb2.AGREEMENT_AGREES
    former = compared_vehicle(PLATE=differs, COLOUR=differs)
    assert "placa: la portó en otra fecha" in former
    assert "NO coincide: color" in former
    assert "NO coincide: placa" in compared_vehicle(PLATE=differs, VIN=agrees)  # found by its VIN: another plate
    assert "coincide: placa" in compared_vehicle(PLATE=agrees)


def test_a_plate_that_two_vehicles_bear_is_said_to_be_so() -> None:
    found = [check_service_pb2.Candidate(plate="P-619ZZB") for _ in range(3)]
    for candidate, agreement in zip(found, (1, 1, 2), strict=True):
        candidate.comparisons.add(criterion=level_pb2.CRITERION_PLATE, agreement=agreement)
    assert level_pb2.AGREEMENT_AGREES == 1
    assert shared_plate_line(found) == "2 vehículos llevan hoy esa placa: compare VIN, marca y color."
    assert shared_plate_line(found[1:]) == ""


def test_candidates_are_whole_on_a_narrow_terminal() -> None:
    name, written = "MARÍA GUADALUPE HERNÁNDEZ QUEJ", "GUADALUPE ERNANDES KEJ"
    found = check_service_pb2.Candidate(name=name, score=0.5, matched_name=written, cui="1234567890101", alerts=2)
    text = printed(candidates_table([found], 1), width=80)
    for said in (name, "CUI 1234 56789 0101", "alertas: 2", "parecido: 50 %"):
        assert any(said in line for line in text.splitlines())


def test_who_gives_no_colour_is_shown_with_the_reason_and_with_what_would() -> None:
    """A likeness of 88 % beside NEGRO was read as the colour that the screen had forgotten."""
    weak = check_service_pb2.Candidate(name="ANA CAAL", score=0.88, weak=True, alerts=1)
    weak.comparisons.add(criterion=level_pb2.CRITERION_NAMES, agreement=level_pb2.AGREEMENT_NEAR)
    text = " ".join(printed(candidates_table([weak], 1), width=160).split())
    assert "88 %" not in text
    assert "sus alertas no dan color; pida la fecha de nacimiento o el DPI" in text
    weak.comparisons.add(criterion=level_pb2.CRITERION_BIRTH_DATE, agreement=level_pb2.AGREEMENT_DISAGREES)
    dated = " ".join(printed(candidates_table([weak], 1), width=160).split())
    assert "sus alertas no dan color; pida el DPI" in dated
    weak.alerts = 0
    assert "no dan color" not in printed(candidates_table([weak], 1), width=160)
