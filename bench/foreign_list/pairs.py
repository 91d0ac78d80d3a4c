"""Labelled pairs: two names, whether they are one person's, and what makes them alike or different."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bench.foreign_list.aliases import make_alias
from bench.foreign_list.clerk import WEIGHTS as SLIP_WEIGHTS
from bench.foreign_list.clerk import as_asked, slipped
from bench.foreign_list.cultures import fixed
from bench.foreign_list.draws import Draws
from bench.foreign_list.halves import half_of
from bench.foreign_list.lineage import Lineage, father_of, sibling, son_of
from bench.foreign_list.listed import draw_person
from bench.foreign_list.shapes import words_of
from bench.foreign_list.short_forms import bare
from bench.foreign_list.written import Words, changed, places, shown, text_of

# Of the pairs of one person, and of those of two; each sums to 100.
SAME = {
    "spelling": 22.0,
    "transliteration": 16.0,
    "particles": 11.0,
    "initials": 9.0,
    "short_form": 12.0,
    "dropped_name": 9.0,
    "added_name": 5.0,
    "married_name": 4.0,
    "order": 4.0,
    "hyphens": 3.0,
    "original_script": 3.0,
    "word_exchanged": 2.0,
}
DIFFERENT = {
    "surname_exchanged_rare": 15.0,
    "surname_exchanged_common": 8.0,
    "given_exchanged_rare": 12.0,
    "given_exchanged_common": 10.0,
    "middle_contradicts": 8.0,
    "initial_contradicts": 5.0,
    "sibling": 12.0,
    "father_or_son": 6.0,
    "short_form_of_another": 6.0,
    "same_common_words": 8.0,
    "same_particles": 5.0,
    "original_script": 3.0,
    "unrelated": 2.0,
}


def pair(seed: int, number: int) -> dict[str, Any]:
    """The pair of that number: even ones are one person, odd ones two. sex_1 and sex_2 are what a form would say."""
    draws = Draws(seed, "pair", number)
    same = number % 2 == 0
    while True:
        kind = draws.weighted(SAME if same else DIFFERENT)
        # Many names have nothing of a kind: another person is tried, so that shares stay as stated.
        for _ in range(400):
            person = draw_person(draws)
            words = words_of(person, draws)
            found = _same(kind, person, words, draws) if same else _different(kind, person, words, draws)
            if found is not None and bare(found[0]) != bare(found[1]):
                return _row(seed, number, same, kind, person, found, draws)
    raise AssertionError("unreachable")


def _row(
    seed: int, number: int, same: bool, kind: str, person: Lineage, found: tuple[str, str, str], draws: Draws
) -> dict[str, Any]:
    first, second, other_sex = found
    if draws.chance(0.3):
        first, second = (text.upper() for text in (first, second))
    identifier = f"N{number:05d}"
    return {
        "id": identifier,
        "half": half_of(identifier, seed),
        "same": same,
        "kind": kind,
        "culture": person.culture,
        "name_1": first,
        "name_2": second,
        "sex_1": person.sex,
        "sex_2": other_sex,
    }


def _same(kind: str, person: Lineage, words: Words, draws: Draws) -> tuple[str, str, str] | None:
    text = text_of(words)
    if kind == "spelling":
        slips = {name: weight for name, weight in SLIP_WEIGHTS.items() if name.startswith(("key", "heard", "double"))}
        other: str | None = text
        for _ in range(1 if draws.chance(0.7) else 2):
            other = slipped(other, draws.weighted(slips), draws) if other else None
    elif kind == "word_exchanged":
        # A register has another second name or mother's surname of one and the same man.
        chosen = places(words, "second", "maternal")
        if len(shown(words)) < 4 or not chosen:
            return None
        place = draws.pick(chosen)
        is_second = words[place].role == "second"
        entry = (
            person.of.given(person.sex, draws, words[place].entry)
            if is_second
            else person.of.surname(draws, words[place].entry)
        )
        other = text_of(changed(words, place, entry=entry))
    else:
        other = make_alias(kind, person, words, draws)
    return (text, other, person.sex) if other else None


def _different(kind: str, person: Lineage, words: Words, draws: Draws) -> tuple[str, str, str] | None:
    maker = _TWO.get(kind)
    return maker(person, words, draws) if maker else _exchanged(kind, person, words, draws)


def _exchanged(kind: str, person: Lineage, words: Words, draws: Draws) -> tuple[str, str, str] | None:
    """One word is another; rare and common tell of the word that goes."""
    role, _, how = kind.partition("_exchanged_")
    chosen = [n for n in places(words, role) if words[n].entry.common == (how == "common")]
    if not chosen or len(shown(words)) < 2:
        return None
    place = draws.pick(chosen)
    taken = [word.entry for word in words]
    if role == "given":
        entry = person.of.given(person.sex, draws, *taken)
    else:
        entry = person.of.borne_by(person.of.surname(draws, *taken), person.sex)
    return text_of(words), text_of(changed(words, place, entry=entry)), person.sex


def _middle_contradicts(person: Lineage, words: Words, draws: Draws) -> tuple[str, str, str] | None:
    chosen = places(words, "second", "patronymic")
    if not chosen or person.of.shape in ("chinese", "vietnamese", "indian"):
        return None
    place = draws.pick(chosen)
    if words[place].role == "patronymic":
        other = replace(person, father=person.of.given("M", draws, person.father))
        again = [word for word in words_of(other, draws) if word.role == "patronymic"]
        return text_of(words), text_of(changed(words, place, entry=again[0].entry)), person.sex
    entry = person.of.given(person.sex, draws, *(word.entry for word in words))
    return text_of(words), text_of(changed(words, place, entry=entry)), person.sex


def _initial_contradicts(person: Lineage, words: Words, draws: Draws) -> tuple[str, str, str] | None:
    chosen = places(words, "second", "patronymic")
    if not chosen or person.of.shape in ("chinese", "vietnamese", "indian"):
        return None
    place = draws.pick(chosen)
    letter = draws.pick([letter for letter in "ABCDEFGHJLMNPRSTV" if letter != words[place].entry.text[:1].upper()])
    return text_of(words), text_of(changed(words, place, entry=fixed(f"{letter}."))), person.sex


def _sibling(person: Lineage, words: Words, draws: Draws) -> tuple[str, str, str]:
    other = sibling(replace(person, husband=None), draws)
    return text_of(words_of(replace(person, husband=None), draws)), text_of(words_of(other, draws)), other.sex


def _father_or_son(person: Lineage, words: Words, draws: Draws) -> tuple[str, str, str] | None:
    """Those of one and the same name, which no name can tell apart, are left out."""
    other = son_of(person, draws) if person.sex == "M" and draws.chance(0.5) else father_of(person, draws)
    if other.given[0].text == person.given[0].text:
        return None
    return text_of(words), text_of(words_of(other, draws)), other.sex


def _short_form_of_another(person: Lineage, words: Words, draws: Draws) -> tuple[str, str, str] | None:
    """Same surnames; a short form that is of another given name."""
    other = replace(person, given=(person.of.given(person.sex, draws, *person.given), *person.given[1:]))
    if bare(other.given[0].text)[:1] == bare(person.given[0].text)[:1] or person.of.short_forms == "chinese":
        return None
    short = make_alias("short_form", other, words_of(other, draws), draws)
    return (text_of(words), short, person.sex) if short else None


def _same_common_words(person: Lineage, words: Words, draws: Draws) -> tuple[str, str, str] | None:
    """Returns two persons with most of their words in common, all frequent."""
    if not any(word.entry.common for word in shown(words)):
        return None
    other = draw_person(draws)
    if other.culture != person.culture:
        return None
    again = words_of(replace(other, sex=person.sex, given=person.given, husband=None), draws)
    mine = {bare(word.entry.text) for word in shown(words)}
    kept = [word for word in shown(again) if bare(word.entry.text) in mine]
    if not kept or not all(word.entry.common for word in kept) or len(kept) == len(shown(again)):
        return None
    return text_of(words), text_of(again), person.sex


def _same_particles(person: Lineage, words: Words, draws: Draws) -> tuple[str, str, str] | None:
    """Al, bin, van der, de la on both sides, and another name behind it."""
    text = text_of(words)
    mine = set(_particle_words(text))
    if not mine:
        return None
    for _ in range(60):
        other = draw_person(draws)
        again = text_of(words_of(other, draws))
        if other.culture == person.culture and mine & set(_particle_words(again)) and not _rest(text) & _rest(again):
            return text, again, other.sex
    return None


_PARTICLE_WORDS = frozenset(
    (
        "al",
        "el",
        "bin",
        "ibn",
        "ben",
        "abd",
        "abdul",
        "abu",
        "abou",
        "van",
        "von",
        "der",
        "den",
        "de",
        "la",
        "del",
        "da",
        "do",
        "dos",
        "di",
        "st",
        "saint",
        "bint",
        "o",
        "mc",
        "mac",
        "lo",
    )
)


def _particle_words(text: str) -> list[str]:
    return [word for word in bare(text).replace("-", " ").replace("'", " ").split() if word in _PARTICLE_WORDS]


def _rest(text: str) -> set[str]:
    return {word for word in bare(text).replace("-", " ").split() if word not in _PARTICLE_WORDS}


def _two_scripts(person: Lineage, words: Words, draws: Draws) -> tuple[str, str, str] | None:
    """Names without a Latin letter: of two persons of one culture, or one of the two in its own letters."""
    other = draw_person(draws)
    if other.culture != person.culture:
        return None
    again = words_of(other, draws)
    first = make_alias("original_script", person, words, draws)
    second = make_alias("original_script", other, again, draws)
    if not first or not second or first == second:
        return None
    return (first, second, other.sex) if draws.chance(0.5) else (first, text_of(again), other.sex)


def _unrelated(_person: Lineage, words: Words, draws: Draws) -> tuple[str, str, str]:
    other = draw_person(draws)
    return text_of(words), as_asked(text_of(words_of(other, draws)), draws)[0], other.sex


_TWO: dict[str, Callable[[Lineage, Words, Draws], tuple[str, str, str] | None]] = {
    "middle_contradicts": _middle_contradicts,
    "initial_contradicts": _initial_contradicts,
    "sibling": _sibling,
    "father_or_son": _father_or_son,
    "short_form_of_another": _short_form_of_another,
    "same_common_words": _same_common_words,
    "same_particles": _same_particles,
    "original_script": _two_scripts,
    "unrelated": _unrelated,
}
