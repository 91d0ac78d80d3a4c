"""Questions of every kind of noise, each with its truth; the same of strangers; relatives, asked rightly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.foreign_list.draws import Draws
from bench.foreign_list.halves import half_of
from bench.foreign_list.short_forms import bare, short_form
from bench.foreign_list.written import places, text_of
from bench.names import tables
from bench.names.kinds import editing, people, table
from bench.names.kinds.clerks import clerked
from bench.names.kinds.people import SEED, Person
from bench.names.kinds.pet_names import pet_name
from bench.names.kinds.scanned import scanned
from bench.names.kinds.telephone import heard
from bench.names.kinds.transliterating import transliterated

_TRIES = 4


@dataclass(frozen=True)
class Question:
    """A question. person: id of the listed one who is meant, "" = a stranger. relation: of relatives, to `near`."""

    id: str
    kind: str
    half: str
    asked: str
    birth: str
    sex: str
    person: str = ""
    relation: str = ""
    near: str = ""


def noisy(kind: str, person: Person, draws: Draws) -> str | None:
    """The name with noise of that kind; None where it has none of it."""
    lineage, words, text = person.lineage, person.words, person.text
    if kind == "clerk":
        return clerked(lineage, words, draws)
    if kind == "editing":
        made = editing.edited(lineage, words, draws)
        return made[0] if made else None
    if kind == "pet":
        return _by_pet_name(person, draws)
    if kind == "ocr":
        return scanned(text, draws)
    if kind == "telephone":
        return heard(text, draws)
    return transliterated(editing.retold(lineage, words, draws), kind, draws)


def _known(person: Person, place: int, draws: Draws) -> set[str]:
    """Short forms that the bench's own tables have: what is asked is beyond them."""
    entry = person.words[place].entry
    known = {short_form(entry, "spanish", draws) or "" for _ in range(12)}
    return {bare(name) for name in (*known, *tables.nicknames().get(tables.plain(entry.text), ()))}


def _by_pet_name(person: Person, draws: Draws) -> str | None:
    given = places(person.words, "given", "second")
    if not given or person.lineage.of.shape != "hispanic":
        return None
    place = given[0] if draws.chance(0.75) else draws.pick(given)
    pet = pet_name(person.words[place].entry.text, person.lineage.sex, draws)
    if pet is None or bare(pet) in _known(person, place, draws):
        return None
    surnames = [word.text() for word in person.words if word.shown and word.role in ("surname", "maternal")]
    form = draws.weighted(table.weights("pet_forms"))
    others = [person.words[n].text() for n in given if n != place]
    if form == "other_given" and others:
        said = [pet, others[0], *surnames]
    else:
        said = [pet, *(surnames[:1] if form == "first_surname" else surnames)]
    return tables.plain(" ".join(said))


def _made(kind: str, person: Person, identifier: str) -> str | None:
    draws = Draws(SEED, "noise", identifier)
    return next((text for _ in range(_TRIES) if (text := noisy(kind, person, draws))), None)


def questions(kind: str, half: str = "AB") -> Iterator[Question]:
    """About listed persons of the halves."""
    each = table.weights("questions")["transliteration" if kind in table.LANGUAGES else kind]
    for number in range(people.count()):
        person = people.listed(number)
        if person.half not in half or not people.fits(kind, person):
            continue
        seen: set[str] = set()
        for again in range(max(1, int(each))):
            identifier = f"Q-{kind}-{person.id}-{again}"
            if each < 1 and not Draws(SEED, "asked", identifier).chance(each):
                continue
            asked = _made(kind, person, identifier)
            if asked and bare(asked) not in seen:
                seen.add(bare(asked))
                yield Question(identifier, kind, person.half, asked, person.born.isoformat(), person.lineage.sex,
                               person.id)  # fmt: skip


def strangers(kind: str, count: int, half: str = "AB") -> Iterator[Question]:
    """Yields `count` strangers of the halves, with the same noise as the listed have; without noise if none fits.

    Nobody with the very name of a listed person is among them: nothing distinguishes such a namesake. The lists of
    names are shorter than a people's, so there would be too many.
    """
    number = found = 0
    while found < count:
        identifier = f"S-{kind}-{number:05d}"
        number += 1
        if half_of(identifier, SEED) not in half:
            continue
        person = people.stranger(kind, number - 1)
        if person.key in people.listed_keys():
            continue
        found += 1
        asked = _made(kind, person, identifier) or person.text
        yield Question(identifier, kind, person.half, asked, person.born.isoformat(), person.lineage.sex)


def relatives(relation: str, count: int, half: str = "AB") -> Iterator[Question]:
    """Up to `count` relatives and namesakes of listed persons of the halves, each of another person.

    Only a "namesake" has the very name; a "partly namesake" shares the first given name and the first surname.
    """
    found = 0
    for number in range(people.count()):
        near = people.listed(number)
        if found == count:
            return
        if near.half not in half:
            continue
        other = people.relative(near, relation)
        if other.key == near.key and relation != "namesake":
            continue
        found += 1
        text = text_of(other.words)
        asked = tables.plain(text) if other.lineage.of.shape == "hispanic" else text
        yield Question(other.id, relation, near.half, asked, other.born.isoformat(), other.lineage.sex,
                       relation=relation, near=near.id)  # fmt: skip
