"""The cast: persons of known fate, planted in the first block of every nation with the same identifiers.

Their surnames occur nowhere else in the nation, so that a search for one finds the cast alone (docs/nation.md).
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np

from nation import days, identifiers, tables
from nation.block import BlockPlan
from nation.days import NO_DAY
from nation.papers import CAST_CEDULA, CAST_TELEPHONE, NO_NIT, Papers
from nation.people import FEMALE, MALE, NOBODY, SINGLE, People
from nation.vocabulary import NONE, Vocabulary

NAMESAKES = 60  # more than the 50 that a name-only link may have
_UNKNOWN_CUI = 900  # serial in the cast's range that nobody has


@dataclass(frozen=True)
class Part:
    """One person of the cast. `born`: a date, or the age in whole years today (for the minors)."""

    key: str
    given: tuple[str, ...]
    surnames: tuple[str, ...]
    sex: int
    born: tuple[int, int, int] | int
    department: int = 1
    municipality: int = 1
    parents: tuple[str, str] = ("", "")  # "Given Surname Surname"
    died: tuple[int, int, int] | None = None
    nit: bool = True
    cedula: bool = False
    passport: bool = False
    wrong_cui: bool = False


_TWIN_PARENTS = ("Rodolfo Widmann Klee", "Aurora Larrazábal Piñol")

PARTS: tuple[Part, ...] = (
    Part("clean", ("Isabel", "Aurora"), ("Aycinena", "Beltranena"), FEMALE, (1988, 3, 14), cedula=True, passport=True),
    Part("wanted", ("Ramiro", "Anselmo"), ("Zachrisson", "Urruela"), MALE, (1979, 11, 2), 5, 2, cedula=True,
         passport=True),
    Part("wanted_by_name", ("Nicanor", "Eleuterio"), ("Gandarias", "Toriello"), MALE, (1983, 6, 21), 9, 1),
    Part("wanted_by_several_1", ("Leandro",), ("Batllori", "Neutze"), MALE, (1990, 2, 10), 16, 1),
    Part("wanted_by_several_2", ("Leandro",), ("Batllori", "Neutze"), MALE, (1992, 9, 5), 16, 3),
    Part("homonym_wanted", ("Hortensia",), ("Irigoyen", "Berganza"), FEMALE, (1985, 7, 7), 3, 1),
    Part("homonym_clean", ("Hortensia",), ("Irigoyen", "Berganza"), FEMALE, (1985, 7, 7), 12, 4),
    Part("twin_wanted", ("Fermín",), ("Widmann", "Larrazábal"), MALE, (1994, 12, 24), 1, 8, parents=_TWIN_PARENTS),
    Part("twin_clean", ("Efraín",), ("Widmann", "Larrazábal"), MALE, (1994, 12, 24), 1, 8, parents=_TWIN_PARENTS),
    Part("deceased", ("Casimira",), ("Zirión", "Novella"), FEMALE, (1941, 5, 3), 2, 1, died=(2019, 8, 30), cedula=True),
    Part("deceased_wanted", ("Evaristo",), ("Castejón", "Herrarte"), MALE, (1962, 1, 19), 19, 1, died=(2023, 4, 2)),
    Part("minor", ("Amílcar", "Josué"), ("Andrino", "Bianchi"), MALE, 15, 1, 15, nit=False),
    Part("missing_child", ("Nayeli",), ("Palomo", "Matheu"), FEMALE, 9, 4, 1, nit=False),
    Part("aggressor", ("Braulio", "Heriberto"), ("Alejos", "Viteri"), MALE, (1981, 10, 11), 1, 2),
    Part("victim", ("Edelmira",), ("Peyré", "Valladares"), FEMALE, (1984, 4, 4), 1, 2),
    Part("aggressor_expired", ("Saturnino",), ("Ibargüen", "Cobar"), MALE, (1977, 8, 8), 10, 1),
    Part("discreet", ("Fabricio",), ("Foronda", "Wyld"), MALE, (1986, 1, 30), 1, 1),
    Part("misused", ("Genoveva",), ("Zebadúa", "Falla"), FEMALE, (1991, 12, 12), 7, 1),
    Part("two_names", ("Leocadia",), ("Murga", "Lacayo"), FEMALE, (1975, 3, 27), 11, 1),
    Part("cancelled_in_oj", ("Crisóforo",), ("Skinner", "Dorión"), MALE, (1980, 9, 9), 17, 1),
    Part("not_in_oj", ("Plutarco",), ("Cofiño", "Rosenberg"), MALE, (1972, 2, 28), 22, 1),
    Part("damaged_record", ("Austreberto",), ("Abularach", "Kong"), MALE, (1989, 5, 17), 18, 1),
    Part("executed_warrant", ("Hermelindo",), ("Asturias", "Estévez"), MALE, (1987, 11, 23), 13, 1),
    Part("traveller", ("Otilia", "Renata"), ("Echeverría", "Saravia"), FEMALE, (1982, 2, 15), 1, 1, passport=True),
    Part("sentenced", ("Wenceslao",), ("Arzú", "Montiel"), MALE, (1976, 6, 6), 14, 1),
    Part("expunged", ("Apolinario",), ("Ydígoras", "Ubico"), MALE, (1970, 4, 25), 15, 1),
    Part("travel_ban", ("Ludovico",), ("Delcompare", "Arrivillaga"), MALE, (1968, 7, 19), 1, 1, passport=True),
    Part("escaped", ("Tiburcio",), ("Orantes", "Rivadeneira"), MALE, (1978, 1, 8), 5, 1),
    Part("missing_woman", ("Brígida",), ("Tejeda", "Rubio"), FEMALE, (1999, 10, 1), 21, 1),
    Part("invalid_cui", ("Epifanio",), ("Valdeavellano", "Pullin"), MALE, (1958, 3, 3), 20, 1, cedula=True,
         passport=True, wrong_cui=True),
    Part("armed", ("Cipriano",), ("Sinibaldi", "Nottebohm"), MALE, (1974, 12, 5), 1, 1),
    Part("wanted_by_cedula", ("Otoniel",), ("Dardón", "Ávalos"), MALE, (1965, 9, 30), 15, 3, cedula=True),
    Part("renas", ("Eleodoro",), ("Fumagalli", "Obiols"), MALE, (1971, 11, 11), 8, 1),
    Part("former_owner_wanted", ("Anacleto",), ("Mirón", "Azurdia"), MALE, (1984, 8, 1), 6, 1),
    Part("not_certificate", ("Dagoberto",), ("Bolaños", "Quiroa"), MALE, (1993, 5, 29), 1, 1),
)  # fmt: skip
NAMESAKE = Part("namesake_1", ("Eulogio",), ("Samperio", "Cojulún"), MALE, (1960, 1, 15), 20, 1)
TOTAL = len(PARTS) + NAMESAKES
PLACES = {part.key: place for place, part in enumerate(PARTS)} | {
    f"namesake_{i + 1}": len(PARTS) + i for i in range(NAMESAKES)
}


def namesakes() -> list[Part]:
    """Sixty men of one name in one department, born two years apart in turn, none in the same month."""
    first = NAMESAKE
    return [
        Part(f"namesake_{i + 1}", first.given, first.surnames, MALE, (1960 + i % 45, 1 + i % 12, 15), 20, 1 + i % 11)
        for i in range(NAMESAKES)
    ]


def every_part() -> list[Part]:
    """The whole cast, by place in the first block."""
    return [*PARTS, *namesakes()]


def cui_of(place: int, department: int, municipality: int, *, wrong: bool = False) -> int:
    """CUI of the cast's person at a place, the same in every nation."""
    number = int(identifiers.cui_numbers(identifiers.CAST_CUI + place * 20, 1, 20)[0])
    if wrong:
        number = number // 10 * 10 + (number % 10 + 1) % 10
    return number * 10_000 + department * 100 + municipality


def unknown_cui() -> str:
    """A valid CUI that no person of any nation has."""
    return f"{cui_of(_UNKNOWN_CUI, 1, 1):013d}"


def detach(people: People) -> None:
    """Removes family ties of others to the cast. Call it before names are inherited."""
    people.cast = TOTAL
    for ties in (people.father, people.mother, people.spouse):
        ties[(ties >= 0) & (ties < TOTAL)] = NOBODY
        ties[:TOTAL] = NOBODY


def plant(people: People, papers: Papers, vocabulary: Vocabulary, plan: BlockPlan) -> None:
    """Gives the first persons of the block the cast's names, dates and identifiers."""
    for place, part in enumerate(every_part()):
        people.sex[place] = part.sex
        people.birth[place] = _birth(part, plan.today)
        people.death[place] = NO_DAY if part.died is None else days.number(datetime.date(*part.died))
        people.birth_department[place] = people.home_department[place] = part.department
        people.birth_municipality[place] = people.home_municipality[place] = part.municipality
        people.civil_status[place] = SINGLE
        people.married[place] = NONE
        people.given[place] = _tokens(vocabulary, part.given, 3)
        people.surnames[place] = _tokens(vocabulary, part.surnames, 2)
        for column, name, surname in (
            (people.father_name, part.parents[0], part.surnames[0]),
            (people.mother_name, part.parents[1], part.surnames[-1]),
        ):
            words = name.split() or [("Gumersindo", "Filomena")[column is people.mother_name], surname, ""]
            column[place] = vocabulary.numbers([words[0], "", words[1], words[2]])
        papers.cui[place] = cui_of(place, part.department, part.municipality, wrong=part.wrong_cui)
        papers.nit[place] = identifiers.CAST_NIT + place if part.nit else NO_NIT
        papers.cedula[place] = CAST_CEDULA + place if part.cedula else 0
        papers.passport[place] = part.passport
        papers.telephone[place] = CAST_TELEPHONE + place
        papers.profession[place] = tables.column("professions", "name").index("COMERCIANTE")


def _birth(part: Part, today: int) -> int:
    if isinstance(part.born, tuple):
        return days.number(datetime.date(*part.born))
    # The minors' birthdays are half a year off, so that their age holds whenever the nation is asked.
    return today - part.born * 365 - part.born // 4 - 183


def _tokens(vocabulary: Vocabulary, words: tuple[str, ...], count: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return vocabulary.numbers([*words, *[""] * (count - len(words))])
