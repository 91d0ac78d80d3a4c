"""Checks how names of the second alert list are written otherwise: by clerks, by other alphabets, with particles."""

from __future__ import annotations

import pytest

from bench.foreign_list import clerk
from bench.foreign_list.draws import Draws
from bench.foreign_list.entries import read
from bench.foreign_list.particles import has_particle, varied, without_sign
from bench.foreign_list.scripts import feminine, greek_father, patronymic, romanised, serbian_cyrillic
from bench.foreign_list.short_forms import short_form


def outcomes(kind: str, text: str) -> set[str]:
    """All that a few hundred draws make of it."""
    found = {clerk.slipped(text, kind, Draws(1, kind, number)) for number in range(400)}
    return {text for text in found if text is not None}


@pytest.mark.parametrize(
    ("kind", "name", "one"),
    [
        ("heard_b_v", "Vargas", "Bargas"),
        ("heard_s_c_z", "Zamora", "Samora"),
        ("heard_s_c_z", "Cifuentes", "Sifuentes"),
        ("heard_ll_y", "Castillo", "Castiyo"),
        ("heard_h", "Hernández", "Ernández"),
        ("heard_g_j", "Gerardo", "Jerardo"),
        ("heard_qu_k", "Quej", "Kej"),
        ("heard_w_gu", "Wagner", "Guagner"),
        ("heard_cluster", "Smith", "Esmith"),
        ("key_swapped", "Marco", "Macro"),
        ("key_missing", "Marco", "Maro"),
        ("double_letter", "Rossi", "Rosi"),
        ("word_lost", "Ana Luz Cruz", "Ana Cruz"),
        ("word_order", "Ana Luz Cruz", "Cruz Ana Luz"),
        ("words_joined", "Ana Luz Cruz", "Analuz Cruz"),
    ],
)
def test_a_slip_is_what_a_clerk_makes(kind: str, name: str, one: str) -> None:
    assert one in outcomes(kind, name)
    assert name not in outcomes(kind, name)


def test_every_kind_of_slip_has_an_outcome() -> None:
    for kind in clerk.WEIGHTS:
        assert outcomes(kind, "Hugo Wilfredo Gerardo Elena Quevedo Castillo Schmidt"), kind


def test_accents_are_lost_in_most_texts_and_the_rest_is_kept() -> None:
    asked = [clerk.as_asked("José Ángel Núñez", Draws(2, number)) for number in range(300)]
    lost = sum("accents_lost" in kinds for _, kinds in asked) / len(asked)
    assert 0.65 < lost < 0.85
    assert any("Ñ" in text.upper() and "É" not in text.upper() for text, _ in asked)


def test_cyrillic_is_written_by_system() -> None:
    forms = romanised("Хрущёв", "russian")
    assert forms[0] == "Khrushchev"
    assert {"Chruschtschow", "Khrouchtchiov"} & set(forms) or "Chruschtschjow" in forms
    assert romanised("Юлия", "russian")[:2] == ("Iuliia", "Yuliya")
    assert romanised("Григорій", "ukrainian")[0] == "Hryhorii"
    assert romanised("Γεώργιος", "greek")[0] == "Georgios"
    assert romanised("Μπουζιάνης", "greek")[0] == "Bouzianis"


def test_names_are_bent_as_their_languages_bend_them() -> None:
    assert feminine("Иванов", "russian") == "Иванова"
    assert feminine("Достоевский", "russian") == "Достоевская"
    assert feminine("Kowalski", "polish") == "Kowalska"
    assert feminine("Παπαδόπουλος", "greek") == "Παπαδοπούλου"
    assert feminine("Шевченко", "ukrainian") == "Шевченко"
    assert patronymic("Иван", "M", "russian") == "Иванович"
    assert patronymic("Сергей", "F", "russian") == "Сергеевна"
    assert patronymic("Илья", "M", "russian") == "Ильич"
    assert patronymic("Андрій", "F", "ukrainian") == "Андріївна"
    assert greek_father("Ιωάννης") == "Ιωάννη"
    assert serbian_cyrillic("Đorđević") == "Ђорђевић"


@pytest.mark.parametrize(
    ("text", "among"),
    [
        ("Ana de la Cruz", {"Ana Cruz", "Ana Delacruz"}),
        ("Omar al-Masri", {"Omar Masri", "Omar al Masri", "Omar Almasri", "Omar el-Masri"}),
        ("Sean O'Brien", {"Sean Brien", "Sean O Brien", "Sean Obrien"}),
        ("Jan van der Berg", {"Jan Berg", "Jan Vanderberg", "Jan van de Berg"}),
    ],
)
def test_particles_are_written_in_every_way(text: str, among: set[str]) -> None:
    found = {varied(text, Draws(4, number)) for number in range(200)}
    assert among <= found
    assert text not in found
    assert not has_particle("Juan Pérez")


def test_signs_go() -> None:
    assert {without_sign("Jean-Claude Ba", Draws(1, n)) for n in range(40)} == {"Jean Claude Ba", "Jeanclaude Ba"}


def test_short_forms_are_of_the_name() -> None:
    found = {short_form(read("Francisco"), "spanish", Draws(6, n)) for n in range(60)}
    assert found == {"Paco", "Pancho", "Chico", "Kiko"}
    assert short_form(read("Александр", "russian"), "russian", Draws(6, 1)) is not None
    assert short_form(read("Xyz"), "english", Draws(6, 1)) is None
