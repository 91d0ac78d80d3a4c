"""core.names.comparison: held against its naive twin, and the readings of docs/names.md by example."""

from __future__ import annotations

import inspect
import json
import sys
import types
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.foreign_list import score_curve
from bench.names import birth_grades
from core.names.bearing import points_of_names
from core.names.comparison import TOKEN_KINDS, Person, compare, compare_texts, name_text, similarity, terms, token_kind
from core.names.frequencies import NameFrequencies, built_in
from core.names.keys import phonetic_key, tokens
from tests.core.names import naive_names
from tests.core.names.noisy_names import pairs
from tests.kit.strategies import texts
from tests.oracle import linking, name_differences, name_match, name_tokens, naming

AGREES, DISAGREES, UNKNOWN = 1, 2, 3
BORN = (1985, 3, 21)
HOSTILE = [
    "",
    "A",
    "A " * 200,
    "1985",
    "😀 " * 40,
    "محمد علي",
    "n\u0303" * 300,
    "\0\0",
    "'; DROP TABLE--",
    "Z" * 10_000,
    "\x1f" * 20,
    "DE LA DE",
]


# Rules of docs/names.md that names drawn at random seldom meet.
SELDOM = [
    ("", "JUAN LOPEZ"),
    ("JUAN", ""),
    ("MARIA DELACRUZ", "MARIA CRUZ"),
    ("MARIAJOSE LOPEZ PEREZ", "MARIA JOSE LOPEZ PEREZ"),
    ("MARIA JOSE LOPEZ PEREZ", "MARIAJOSE LOPEZ PEREZ"),
    ("JUAN HRNZ", "JUAN HERNANDEZ"),
    ("ANA GTRZ LOPEZ", "ANA GUTIERREZ LOPEZ"),
    ("JUAN CHNK", "JUAN CHINIK"),
    ("FCO LOPEZ", "FRANCISCO LOPEZ"),
    ("LI WONG", "LI HUANG"),
    ("ANA PATI\ufffdO", "ANA PATIÑO"),
    ("ANA MU\ufffdOS", "ANA MUÑOZ"),
    ("JUAN M\ufffd\ufffdOZ", "JUAN MUÑOZ"),
    ("LUIS TO\ufffd CAAL", "LUIS TOT CAAL"),
    ("LUIS T\ufffd CAAL", "LUIS TO CAAL"),
    ("M0LINA RUIZ ANA", "ANA MOLINA RUIZ"),
    ("JAN VAN DEN BERG", "PIET VAN DEN BERG"),
    ("J C GARCIA", "J C GARCIA"),
    ("HORTENSIO LOPEZ", "HORTENSIA LOPEZ"),
    ("ANA MONTEDEOCA", "ANA MONTES DE OCA"),
    ("PEPO LOPEZ", "WILFREDO LOPEZ"),
    ("GADITO LOPEZ", "EDGARDO LOPEZ"),
    ("TANTO BRONTO", "SANTOS PABLO"),
]


def test_two_names_compare_as_the_naive_twin_says() -> None:
    for a, b in [*SELDOM, *pairs(1000, seed=7)]:
        found, naive = compare({"names": a}, {"names": b}), name_match.compare(a, b)
        assert (round(found.evidence * 100), found.names) == (naive.evidence, naive.agreement), (a, b)
        dated = compare({"names": a, "birth": BORN}, {"names": b, "birth": BORN}).evidence * 100
        assert round(dated) == naive.dated + name_tokens.WEIGHTS["BIRTH_EQUAL"], (a, b)
        assert tuple(round(bits * 100) for bits in found.told) == naive.told, (a, b)
        assert found.counts == {name: count for name, count in naive.counts.items() if count}, (a, b)
        assert [kind for *_, kind, _ in found.pairs] == [
            k for k, j in zip(naive.kinds, naive.partner, strict=True) if j >= 0
        ]


def test_how_far_a_name_bears_a_number_out() -> None:
    """The points of docs/answers.md section 4, as the naive twin counts them."""
    for a, b in [*SELDOM, *pairs(1000, seed=17)]:
        naive = name_match.compare(a, b)
        parted = bool({"EXTRA_GIVEN", "CONFLICT_GIVEN"} & naive.flags)
        assert points_of_names(a, b) == (linking.name_points(naive), parted), (a, b)


def _lines(code: types.CodeType) -> set[int]:
    """Numbers of the lines of a function and of those within it."""
    inner = (_lines(constant) for constant in code.co_consts if isinstance(constant, types.CodeType))
    return {number for *_, number in code.co_lines() if number}.union(*inner)


def _functions(module: types.ModuleType) -> set[int]:
    """Numbers of the lines of a module's own functions and methods."""
    values = [inspect.unwrap(value) for value in vars(module).values() if callable(value)]
    values += [inner.fget or inner for value in values if inspect.isclass(value) for inner in vars(value).values()
               if isinstance(inner, property)]  # fmt: skip
    codes = [code for value in values if (code := getattr(value, "__code__", None))]
    return {number for code in codes if code.co_filename == module.__file__ for number in _lines(code)}


def test_the_names_that_the_twin_is_asked_reach_every_line_of_it() -> None:
    """So that no rule of docs/names.md is left uncompared: the twin is that page in Python, a line a rule."""
    modules = (name_match, name_tokens, name_differences)
    reached: dict[str, set[int]] = {str(module.__file__): set() for module in modules}

    def trace(frame: types.FrameType, event: str, _argument: Any) -> Any:
        lines = reached.get(frame.f_code.co_filename)
        if lines is None:
            return None
        lines.add(frame.f_lineno)
        return trace

    for module in modules:
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        for a, b in [*SELDOM, *pairs(500, seed=7)]:
            name_match.compare(a, b)
    finally:
        sys.settrace(before)
    for module in modules:
        path = Path(str(module.__file__))
        source = path.read_text(encoding="utf-8").splitlines()
        assert len(_functions(module)) > 40
        assert not {number: source[number - 1].strip() for number in _functions(module) - reached[str(path)]}


def test_evidence_is_symmetric_but_for_equal_choices() -> None:
    """The names are as people bear them; a long name that repeats tokens has equal choices (found by fuzzing)."""
    for a, b in pairs(3000, seed=8):
        one, other = compare({"names": a}, {"names": b}), compare({"names": b}, {"names": a})
        assert (one.evidence, one.names) == (other.evidence, other.names), (a, b)


def test_tokens_that_go_together_share_a_term() -> None:
    covered = set(TOKEN_KINDS[1:]) - {
        "initial",
        "two edits",
        "a short",
        "b short",
        "alike",
        *(f"{x} {y}" for x in "ab" for y in ("begins", "ends")),
    }
    for a, b in pairs(3000, seed=9):
        for x in tokens(a):
            for y in tokens(b):
                kind = token_kind(x, y)
                outside_table = kind == "abbreviation" and not name_tokens.by_equivalence(x, y)
                if kind in covered and not outside_table:
                    assert terms(x) & terms(y), (x, y, kind)


@given(texts, texts)
@example("Ma.", "María")
def test_any_two_texts_have_a_score(a: str, b: str) -> None:
    assert 0 <= similarity(a, b) <= 1
    if tokens(a) and tokens(b):
        assert similarity(a, b) == compare({"names": a}, {"names": b}).score
    else:
        assert similarity(a, b) == 0, "what has no Latin letter scores nothing"


@pytest.mark.parametrize("a", HOSTILE)
@pytest.mark.parametrize("b", HOSTILE)
def test_hostile_texts_have_a_score(a: str, b: str) -> None:
    assert 0 <= similarity(a, b) <= 1
    assert similarity(a.encode("utf-8", "surrogatepass") + b"\xff\xc3", b) <= 1


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        ("LOPEZ", "LOPEZ", "exact"),
        ("ERNANDES", "HERNANDEZ", "phonetic"),
        ("KEJ", "QUEJ", "phonetic"),
        ("DELACRUZ", "CRUZ", "joined"),
        ("HDZ", "HERNANDEZ", "abbreviation"),
        ("HRNZ", "HERNANDEZ", "abbreviation"),
        ("MTZ", "MARITZA", "none"),
        ("CHEPE", "JOSE", "nickname"),
        ("CHEPE", "PEPITO", "nickname"),
        ("WICHO", "LUIS", "nickname"),
        ("JUANITO", "JUAN", "nickname"),
        ("LOLITA", "DOLORES", "nickname"),
        ("MOHAMED", "MUHAMMAD", "transliterated"),
        ("WONG", "HUANG", "transliterated"),
        ("SCHMITT", "SCHMIDT", "transliterated"),
        ("L0PE2", "LOPEZ", "ocr"),
        ("LOPZE", "LOPEZ", "edit"),
        ("EDWIR", "EDWIN", "edit"),
        ("EDWIN", "ERWIN", "none"),
        ("EDWIN", "EDVIN", "transliterated"),
        ("ELMER", "ELDER", "none"),
        ("MARIO", "MARCO", "none"),
        ("GOMEZ", "GAMEZ", "none"),
        ("BERNARDO", "LEONARDO", "none"),
        ("ROCIO", "ROMEO", "none"),
        ("STEPHANIE", "ESTEFANI", "transliterated"),
        ("YENIFER", "JENNIFER", "phonetic"),
        ("DELOSANTOS", "SANTOS", "joined"),
        ("MARIO", "MARIA", "ending"),
        ("JUANA", "JUAN", "ending"),
        ("HORTENSIO", "HORTENSIA", "ending"),
        ("HORTENCIO", "HORTENSIA", "ending"),
        ("ABDELGHANI", "ABDULGANI", "transliterated"),
        ("DINORA", "NORA", "b ends"),
        ("RODIRGEUZ", "RODRIGUEZ", "two edits"),
        ("OSE", "JOSE", "short edit"),
        ("TIYO", "ATILIO", "none"),
        ("PEPO", "WILFREDO", "pet name"),
        ("CHOCHE", "JOSE", "pet name"),
        ("GADO", "EDGARDO", "pet name"),
        ("TOT", "POT", "none"),
        ("J", "JUAN", "initial"),
        ("MARIAJOSE", "MARIA", "b short"),
        ("MARIANA", "MARIA", "b begins"),
        ("WLADI", "WLADISLAW", "a short"),
        ("SZCZEPANSKI", "SZEPANSZKY", "alike"),
        ("VANDERBOSCH", "BOSCH", "joined"),
    ],
)
def test_kind_of_two_tokens(a: str, b: str, kind: str) -> None:
    assert token_kind(a, b) == kind == name_tokens.kind(a, b)


@pytest.mark.parametrize(
    ("a", "b", "outcome"),
    [
        ("Juan Pérez López", "Perez Lopez Juan", AGREES),
        ("Chepe Ernandez Kej", "José Hernández Quej", AGREES),
        ("Juan Pérez López", "Juan Carlos Pérez López", AGREES),
        ("María López de García", "María López Pérez", AGREES),
        ("María José Caal", "Mariajosé Caal", AGREES),
        ("Juan de la Cruz Tot", "Juan Delacruz Tot", AGREES),
        ("Ana Montedeoca Paz", "Ana Montes de Oca Paz", AGREES),
        ("Montesdeoca Paz, Ana", "Ana Monte de Oca Paz", AGREES),
        ("Mariadelcarmen Tot Paz", "María del Carmen Tot Paz", AGREES),
        ("Juan Pérez", "Juan Carlos Pérez López", UNKNOWN),
        ("J. Pérez López", "Juan Pérez López", UNKNOWN),
        ("Mario Pérez López", "María Pérez López", UNKNOWN),
        ("Hortensio Pérez López", "Hortensia Pérez López", UNKNOWN),
        ("Dinora Pérez López", "Nora Pérez López", DISAGREES),
        ("Juan Pérez López", "Juan Pérez Gómez", UNKNOWN),
        ("Juan Carlos Pérez López", "Pedro Antonio Pérez López", DISAGREES),
        ("Juan Carlos Pérez López", "Juan Carlos Tzul Caal", DISAGREES),
        ("Ana Tot", "Ana Pot", DISAGREES),
        ("", "Ana Pot", UNKNOWN),
    ],
)
def test_agreement_of_two_names(a: str, b: str, outcome: int) -> None:
    assert compare_texts(a, b) == compare_texts(b, a) == outcome == name_match.compare(a, b).agreement


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Edwin Geovany Pérez López", "Erwin Geovany Pérez López"),
        ("Elmer Pérez López", "Elder Pérez López"),
        ("Mario René Caal Choc", "Marco René Caal Choc"),
        ("Juan Carlos Gómez Tzul", "Juan Carlos Gámez Tzul"),
    ],
)
def test_two_known_names_a_letter_apart_are_two_people(one: str, other: str) -> None:
    """Brothers, mostly; a letter wrong that makes no known name is a slip, as before."""
    assert similarity(one, other) < 0.5
    slip = one.replace("w", "v", 1).replace("lm", "ln", 1).replace("rio", "rjo", 1).replace("Góm", "Góp", 1)
    assert similarity(one, slip) > 0.85


def test_scores_of_names_by_themselves_are_in_order() -> None:
    name = "Juan Carlos Pérez López"
    assert similarity(name, name) > 0.99
    assert similarity("Juan López", "Juan López") > 0.4
    assert similarity("Jaun Carlos Peres Lopes", name) > 0.8
    assert similarity("Pedro Antonio Pérez López", name) < 0.05
    assert similarity("Juan Carlos Tzul Caal", name) < 0.2
    assert similarity("Pérez", name) < 0.2


@pytest.mark.parametrize(
    ("exchanged", "name", "like"),
    [
        ("Nicholas Joseph Northfields", "Nicholas Franklin Northfields", "Nicholas Northfields"),
        ("Adolfo Francisco Peralta Membreño", "Adolfo J. Peralta Membreño", "Adolfo Peralta Membreño"),
        ("Luis José Ramón Fuentes Ponce", "Luis José Ramón Ruano Ponce", "Luis Ponce"),
    ],
)
def test_an_exchanged_word_outweighs_all_that_relatives_share(exchanged: str, name: str, like: str) -> None:
    assert similarity(exchanged, name) < similarity(like, like)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Wilhelm van den Berg", "Wilhelm Berg"),
        ("Muhammad bin Qasim al Harbi", "Muhammad Qasim Harbi"),
        ("Hendrika van der Bosch", "Hendrika Vanderbosch"),
    ],
)
def test_particles_of_other_languages_are_particles(a: str, b: str) -> None:
    assert compare_texts(a, b) == AGREES
    assert similarity("Daan van der Brug", "Gerrit van der Brug") < 0.05


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Jan van den Berg", "Piet van den Berg"),  # JAN is no slip of VAN
        ("Ali Masri", "Hassan al Masri"),
        ("D. Brug", "Gerrit van der Brug"),
    ],
)
def test_a_particle_is_no_slip_or_initial_of_a_name(a: str, b: str) -> None:
    assert compare_texts(a, b) == compare_texts(b, a) == DISAGREES
    assert similarity(a, b) < 0.05


def test_equal_initials_tell_no_more_than_an_initial_and_its_word() -> None:
    """However seldom names on file are written so: with an index that holds one J. among 45,000."""
    rare = NameFrequencies({phonetic_key("J"): 1, phonetic_key("C"): 1, phonetic_key("GARCIA"): 2_000}, 45_000)
    garcia = {phonetic_key("GARCIA"): 2_000, phonetic_key("JUAN"): 5_000, phonetic_key("CARLOS"): 4_000}
    common = NameFrequencies(garcia, 45_000)
    initials = compare({"names": "J. C. Garcia"}, {"names": "J. C. Garcia"}, frequencies=rare, population=45_000)
    words = compare(
        {"names": "Juan Carlos Garcia"}, {"names": "Juan Carlos Garcia"}, frequencies=common, population=45_000
    )
    assert initials.names == AGREES
    assert initials.score < 0.5
    assert initials.evidence < words.evidence + 4
    assert similarity("J. P.", "J. P.") < 0.55
    assert similarity("Jesús de la O", "Jesús de la O") > similarity("Jesús O.", "Jesús P."), "a surname of one letter"


def test_an_initial_that_sounds_as_a_name_does_is_an_initial() -> None:
    """A and E sound as AJ and EJ, which are names of the built-in table."""
    told = {letter: compare({"names": f"{letter}. Pérez"}, {"names": f"{letter}. Pérez"}).evidence for letter in "ABEJ"}
    assert len(set(told.values())) == 1


@pytest.mark.parametrize(
    ("a", "b"), [("Ana López de Hdz", "Ana López de Hernández"), ("Nguyen Van Anh", "Van Anh"), ("J. C. Paz", "J. Paz")]
)
def test_evidence_is_the_same_turned_round(a: str, b: str) -> None:
    one, other = compare({"names": a}, {"names": b}), compare({"names": b}, {"names": a})
    assert (one.evidence, one.names) == (other.evidence, other.names)


@given(st.dictionaries(st.sampled_from(naive_names.PARTS), texts), texts)
def test_stored_name_equals_the_naive_one(parts: dict[str, str], full: str) -> None:
    given_names = " ".join(filter(None, (parts.get(p) for p in naive_names.PARTS[:3])))
    found = name_text(given_names, parts.get("first_surname", ""), parts.get("married_surname", ""), full)
    naive = naive_names.name_text(
        {
            "first_given": given_names,
            "first_surname": parts.get("first_surname"),
            "married_surname": parts.get("married_surname"),
        },
        full,
    )
    assert found == naive.encode("utf-8", "surrogatepass")


def test_stated_roles_are_kept() -> None:
    stored = name_text("Tomás", "Pascual Francisco")
    assert stored == "Tomás\x1fPascual Francisco".encode()
    assert compare_texts(stored, name_text("Francisco", "Pascual Tomás")) == AGREES  # the same keys
    assert compare({"names": stored}, {"names": "Tomás Pascual Francisco"}).names == AGREES


@pytest.mark.parametrize(
    ("mine", "theirs", "outcome", "better"),
    [
        (BORN, BORN, AGREES, True),
        (BORN, (1985, 0, 0), UNKNOWN, True),
        (BORN, (1986, 3, 21), UNKNOWN, True),
        ((1985, 3, 4), (1985, 4, 3), UNKNOWN, True),
        (BORN, None, UNKNOWN, None),
        (BORN, (1991, 7, 2), DISAGREES, False),
    ],
)
def test_birth_date_moves_the_score(mine: Any, theirs: Any, outcome: int, better: bool | None) -> None:
    plain = compare({"names": "Juan López"}, {"names": "Juan López"})
    found = compare({"names": "Juan López", "birth": mine}, {"names": "Juan López", "birth": theirs})
    assert found.birth == outcome
    assert (found.evidence > plain.evidence) is bool(better)
    assert (found.evidence == plain.evidence) is (better is None)


def test_a_pet_name_costs_little_where_the_birth_date_is_equal() -> None:
    """A twin bears the surnames, too, and another known name; a brother was born on another day."""
    mario = {"names": "Mario Tzul Caal", "birth": BORN}
    pet = compare({"names": "Tronki Tzul Caal", "birth": BORN}, mario)
    twin = compare({"names": "Pedro Tzul Caal", "birth": BORN}, mario)
    assert pet.score > 0.99
    assert pet.evidence > twin.evidence + 8
    assert pet.names == twin.names == DISAGREES, "nobody is meant for certain"
    another_day = {"names": "Tronki Tzul Caal", "birth": (1985, 3, 22)}
    assert compare(another_day, mario).evidence < pet.evidence - 15


def test_weights_of_birth_dates_are_those_estimated() -> None:
    estimated = json.loads(birth_grades.WRITTEN.read_text(encoding="utf-8"))
    weights = {birth_grades.constant(grade): birth_grades.weight(row["bits"]) for grade, row in estimated.items()}
    assert {name: bits for name, bits in name_tokens.WEIGHTS.items() if name.startswith("BIRTH_")} == weights


def test_the_curve_of_scores_is_the_one_fitted_and_rises() -> None:
    fitted = json.loads(score_curve.WRITTEN.read_text(encoding="utf-8"))
    assert (fitted["knots"], fitted["values"]) == (naming.SCORE_KNOTS, naming.SCORE_VALUES)
    people = [2.0**bits for bits in range(60)]
    scores = [compare({"names": "Juan López"}, {"names": "Juan López"}, population=n).score for n in people]
    assert all(common > rare for common, rare in pairwise(scores))
    evidence = round(100 * compare({"names": "Juan López"}, {"names": "Juan López"}).evidence)
    assert scores == pytest.approx([naming.probability(evidence, 100 * bits) for bits in range(60)])


def test_the_best_of_several_names_and_births_counts() -> None:
    person = Person(names=["Ana Caal", {"given": "Juan", "surnames": "López"}], birth=[(1990, 0, 0), "1985-03-21"])
    found = compare({"names": "Juan López", "birth": BORN}, person)
    assert (found.names, found.birth) == (AGREES, AGREES)
    assert [pair[0] for pair in found.pairs] == ["JUAN", "LOPEZ"]


def test_sex_department_and_parents_move_the_score() -> None:
    bare = compare({"names": "Juan López"}, {"names": "Juan López"}).evidence
    one = {"names": "Juan López", "sex": 2, "department": [16, 1], "municipality": 1601, "father": "José López"}
    same = compare(one, {**one, "department": 16, "father": "José López Caal"})
    assert (same.sex, same.department, same.parents) == (AGREES, AGREES, AGREES)
    assert same.evidence > bare + 8
    other = compare(one, {**one, "sex": 1, "department": 5, "municipality": 0, "father": "Pedro Tzul"})
    assert (other.sex, other.department, other.parents) == (DISAGREES, UNKNOWN, DISAGREES)
    assert other.evidence < bare - 8


def test_frequencies_and_population_move_the_score() -> None:
    counts = {phonetic_key("TZUL"): 200_000, phonetic_key("JUAN"): 300_000}
    common = NameFrequencies(counts, 1_000_000)
    pair = {"names": "Juan Tzul"}, {"names": "Juan Tzul"}
    assert common.bits("TSUL") == 11  # the key is SUL: unknown
    assert common.bits(phonetic_key("TZUL")) == 2.32
    assert compare(*pair, frequencies=common).score < compare(*pair).score
    assert compare(*pair, population=1_000_000).score < compare(*pair, population=1).score
    assert built_in(phonetic_key("LOPES")) == built_in(phonetic_key("LOPEZ"))


@pytest.mark.parametrize(
    "person",
    [
        {"names": "Ana", "sex": 3},
        {"names": "Ana", "birth": (1985, 13, 1)},
        {"names": "Ana", "birth": "21/03/1985"},
        {"names": "Ana", "department": 23},
        {"names": "Ana", "municipality": 10_000},
        {"names": ["Ana"] * 65},
    ],
)
def test_bad_persons_are_refused(person: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must|at most|invalid"):
        compare(person, {"names": "Ana"})
    with pytest.raises(TypeError):
        compare({"names": 7}, {"names": "Ana"})
    with pytest.raises(ValueError, match="population"):
        compare({"names": "Ana"}, {"names": "Ana"}, population=0.5)


@settings(max_examples=50)
@given(st.dictionaries(st.text("ABCDE", min_size=1, max_size=6), st.integers(0, 2000)), st.integers(1, 1000))
def test_frequencies_are_bounded(counts: dict[str, int], population: int) -> None:
    frequencies = NameFrequencies(counts, population)
    assert all(1.5 <= frequencies.bits(key) <= 16 for key in counts)
