"""A people's way of putting a name together, and one writer's part of it."""

from __future__ import annotations

from collections.abc import Callable

from bench.foreign_list.cultures import fixed
from bench.foreign_list.draws import Draws
from bench.foreign_list.entries import Entry
from bench.foreign_list.lineage import Lineage
from bench.foreign_list.scripts import greek_father, patronymic, romanised
from bench.foreign_list.written import Word, Words

# How often each part of a name is written where it exists.
_SECOND = 0.75
_MATERNAL = 0.75
_ANGLO_MIDDLE = 0.5
_MARRIED = 0.5
_LEADS = {"gulf": 0.6, "levantine": 0.08, "maghrebi": 0.15}  # shares that write bin before a father's name
_KEEPING = ("persian", "east_african", "japanese")  # a wife's surname stays her father's


def words_of(person: Lineage, draws: Draws) -> Words:
    """All that belongs to the name, in its usual order; what this writer leaves out is not shown."""
    return SHAPES[person.of.shape](person, draws)


def _own_names(person: Lineage, draws: Draws, second: float = _SECOND) -> list[Word]:
    roles = ("given", "second", "third")
    return [
        Word(role, entry, shown=role == "given" or draws.chance(second))
        for role, entry in zip(roles, person.given, strict=False)
    ]


def _family(person: Lineage, draws: Draws) -> list[Word]:
    """Returns the surname that a Western woman bears: the father's, or the husband's with it."""
    own = Word("surname", person.of.borne_by(person.family, person.sex))
    if person.husband is None or person.culture in _KEEPING:
        return [own]
    hers = person.of.borne_by(person.husband, "F")
    by_marriage = draws.chance(_MARRIED)
    both = by_marriage and draws.chance(0.15)
    return [Word("surname", own.entry, shown=not by_marriage or both), Word("married", hers, shown=by_marriage)]


def _hispanic(person: Lineage, draws: Draws) -> Words:
    words = _own_names(person, draws)
    words.append(Word("surname", person.family))
    words.append(Word("maternal", person.maternal, shown=draws.chance(_MATERNAL)))
    if person.husband is not None:
        words.append(Word("married", person.husband, lead="de", shown=draws.chance(0.35)))
    return tuple(words)


def _lusophone(person: Lineage, draws: Draws) -> Words:
    def lead(entry: Entry) -> str:
        if not draws.chance(0.25) or entry.text[:1].islower():
            return ""
        return draws.pick(("dos", "de") if entry.text.endswith("s") else ("da", "de", "da"))

    words = _own_names(person, draws)
    words.append(Word("maternal", person.maternal, lead=lead(person.maternal), shown=draws.chance(0.7)))
    words.append(Word("surname", person.family, lead=lead(person.family)))
    if person.husband is not None:
        words.append(Word("married", person.husband, shown=draws.chance(0.4)))
    return tuple(words)


def _western(person: Lineage, draws: Draws) -> Words:
    words = _own_names(person, draws, _ANGLO_MIDDLE)
    if person.of.letters in ("greek", "serbian"):
        # Forms of both countries ask for the father's name and put it in the middle.
        father = person.father
        if person.of.letters == "greek":
            of = greek_father(father.script)
            father = Entry(romanised(of, "greek"), of, father.rank)
        words.append(Word("patronymic", father, shown=draws.chance(0.12)))
    words += _family(person, draws)
    if person.junior and person.of.short_forms == "english":
        words.append(Word("suffix", fixed("Jr.|Jr|II"), shown=draws.chance(0.5)))
    return tuple(words)


def _east_slavic(person: Lineage, draws: Draws) -> Words:
    letters = person.of.letters
    father = patronymic(person.father.script, person.sex, letters)
    middle = Word("patronymic", Entry(romanised(father, letters), father, person.father.rank), shown=draws.chance(0.65))
    return (*_own_names(person, draws), middle, *_family(person, draws))


def _arabic(person: Lineage, draws: Draws) -> Words:
    words = []
    if person.kunya is not None:
        words.append(Word("kunya", person.kunya, shown=draws.chance(0.06)))
    words += _own_names(person, draws)
    if person.laqab is not None:
        words.append(Word("laqab", person.laqab, shown=draws.chance(0.4)))
    lead = ""
    if draws.chance(_LEADS[person.culture]):
        lead = "bint" if person.sex == "F" else draws.weighted({"bin": 5.0, "ibn": 1.0, "ben": 2.0})
    words.append(Word("father", person.father, lead=lead, shown=draws.chance(0.7)))
    words.append(Word("grandfather", person.grandfather, lead=lead, shown=draws.chance(0.4)))
    words.append(Word("surname", person.family, shown=draws.chance(0.9) or not words[-2].shown))
    if person.nisba is not None:
        words.append(Word("nisba", person.nisba, shown=draws.chance(0.35)))
    return tuple(words)


def _chain(person: Lineage, draws: Draws) -> Words:
    father = Word("father", person.father)
    return (*_own_names(person, draws), father, Word("grandfather", person.grandfather, shown=draws.chance(0.6)),
            Word("surname", person.family, shown=draws.chance(0.25)))  # fmt: skip


def _pakistani(person: Lineage, draws: Draws) -> Words:
    words = _own_names(person, draws, 1.0)
    by_father = draws.chance(0.3)
    words.append(Word("father", person.father, shown=by_father))
    words.append(Word("surname", person.husband or person.family, shown=not by_father))
    return tuple(words)


def _indian(person: Lineage, draws: Draws) -> Words:
    return (*_own_names(person, draws, 0.65), *_family(person, draws))


def _bengali(person: Lineage, draws: Draws) -> Words:
    words = _own_names(person, draws, 1.0)
    if person.sex == "F" and draws.chance(0.6):
        return (
            *words,
            Word("surname", fixed(draws.pick(("Begum|Begom=বেগম", "Akter|Akhter=আক্তার", "Khatun|Khatoon=খাতুন")))),
        )
    return (*words, Word("surname", person.family))


def _chinese(person: Lineage, draws: Draws) -> Words:
    words = [Word("surname", person.family), *_own_names(person, draws)]
    if person.western is not None:
        words.append(Word("second", person.western, shown=draws.chance(0.2)))
    return tuple(words)


def _vietnamese(person: Lineage, draws: Draws) -> Words:
    given, middle = person.given
    return (Word("surname", person.family), Word("second", middle, shown=draws.chance(0.85)), Word("given", given))


def _korean(person: Lineage, draws: Draws) -> Words:
    return (Word("surname", person.family), *_own_names(person, draws))


def _filipino(person: Lineage, draws: Draws) -> Words:
    """The mother's surname stands in the middle; a wife's own takes that place."""
    words = _own_names(person, draws)
    if person.husband is not None and draws.chance(0.7):
        words += [Word("maternal", person.family, shown=draws.chance(0.6)), Word("surname", person.husband)]
    else:
        words += [Word("maternal", person.maternal, shown=draws.chance(0.6)), Word("surname", person.family)]
    if person.junior:
        words.append(Word("suffix", fixed("Jr.|Jr"), shown=draws.chance(0.6)))
    return tuple(words)


SHAPES: dict[str, Callable[[Lineage, Draws], Words]] = {
    "hispanic": _hispanic, "lusophone": _lusophone, "western": _western, "east_slavic": _east_slavic, "arabic": _arabic,
    "chain": _chain, "pakistani": _pakistani, "indian": _indian, "bengali": _bengali, "chinese": _chinese,
    "vietnamese": _vietnamese, "korean": _korean, "filipino": _filipino,
}  # fmt: skip
