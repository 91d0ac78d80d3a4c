"""A name as another list has it: words dropped and added, turned, pet and married names (kinds.toml, [edits])."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bench.foreign_list.clerk import slipped
from bench.foreign_list.cultures import fixed
from bench.foreign_list.draws import Draws
from bench.foreign_list.lineage import Lineage
from bench.foreign_list.short_forms import bare, short_form
from bench.foreign_list.written import FAMILY, Word, Words, changed, places, shown, text_of, turned
from bench.names.kinds import table

_GIVEN = ("given", "second", "third", "father", "grandfather", "patronymic", "laqab", "kunya")
_TITLES = ("Dr.", "Lic.", "Ing.", "Sr.", "Cmdte.", "alias")
_LETTERS = ("key_neighbour", "key_missing", "key_doubled", "key_swapped", "heard_vowel", "heard_cluster")
_Edit = Callable[[Lineage, Words, Draws], Words | None]


def _dropped(words: Words, roles: tuple[str, ...], draws: Draws) -> Words | None:
    found = places(words, *roles)
    return changed(words, draws.pick(found), shown=False) if len(found) > 1 and len(shown(words)) > 2 else None


def _given_added(person: Lineage, words: Words, draws: Draws) -> Words | None:
    """One that the register leaves out, or one that only this list has."""
    hidden = places(words, *_GIVEN, seen=False)
    if hidden:
        return changed(words, draws.pick(hidden), shown=True)
    given = places(words, "given")
    if person.of.shape in ("chinese", "korean") or not given:
        return None
    place = given[-1]
    extra = Word("second", person.of.given(person.sex, draws, *(word.entry for word in words)))
    return (*words[: place + 1], extra, *words[place + 1 :])


def _surname_added(person: Lineage, words: Words, draws: Draws) -> Words | None:
    hidden = places(words, *FAMILY, "nisba", seen=False)
    if hidden:
        return changed(words, draws.pick(hidden), shown=True)
    if person.of.shape in ("chinese", "korean") or len(places(words, *FAMILY)) > 2:
        return None
    return (*words, Word("maternal", person.of.surname(draws, *(word.entry for word in words))))


def _shuffled(_person: Lineage, words: Words, draws: Draws) -> Words | None:
    return tuple(draws.mixed(words)) if len(shown(words)) > 1 else None


def _surnames_first(_person: Lineage, words: Words, _draws: Draws) -> Words | None:
    kept = shown(words)
    other = turned(kept)
    return other if other != kept else (*kept[-1:], *kept[:-1]) if len(kept) > 1 else None


def _pet_name(person: Lineage, words: Words, draws: Draws) -> Words | None:
    """A short form that everybody knows; who is called by it is mostly not called by other given names."""
    for place in draws.mixed(places(words, "given", "second")):
        short = short_form(words[place].entry, person.of.short_forms, draws)
        if short:
            other = changed(words, place, entry=fixed(short.replace(" ", "_")))
            for n in places(words, "given", "second", "third"):
                if n != place and draws.chance(0.6):
                    other = changed(other, n, shown=False)
            return other
    return None


def _husband(person: Lineage, words: Words, draws: Draws) -> str:
    taken = [word.entry for word in words]
    return (person.husband or person.of.surname(draws, *taken)).text


def _married(person: Lineage, words: Words, draws: Draws, *, instead: bool) -> Words | None:
    """Puts the husband's surname behind the woman's own, or in place of the second one."""
    if person.sex != "F" or person.of.shape not in ("hispanic", "lusophone", "western"):
        return None
    lead = "de" if person.of.shape == "hispanic" and draws.chance(0.75) else ""
    hers = Word("married", fixed(_husband(person, words, draws).replace(" ", "_")), lead=lead)
    kept = tuple(word for word in words if word.role != "married")
    own = places(kept, "maternal") if person.of.shape == "hispanic" else places(kept, "surname")
    if instead:
        if not own:
            return None
        kept = changed(kept, own[0], shown=False)
    return (*kept, hers)


def _maiden(_person: Lineage, words: Words, _draws: Draws) -> Words | None:
    """Without the husband's surname that the register has."""
    found = places(words, "married")
    if not found:
        return None
    words = changed(words, found[0], shown=False)
    for place in places(words, "surname", seen=False):
        words = changed(words, place, shown=True)
    return words if len(shown(words)) > 1 else None


def _initial(_person: Lineage, words: Words, draws: Draws) -> Words | None:
    found = places(words, "second", "third", "maternal", "father", "patronymic") or places(words, "given")
    if not found or len(shown(words)) < 3:
        return None
    place = draws.pick(found)
    letter = next((c for c in words[place].entry.text if c.isalpha()), "X").upper()
    return changed(words, place, entry=fixed(draws.pick((letter, f"{letter}."))), lead="")


def _on_text(words: Words, text: str | None) -> Words | None:
    """A changed text is one word from here on."""
    return (Word("given", replace(fixed("_"), forms=(text,))),) if text else None


def _slip(kind: str) -> _Edit:
    return lambda _person, words, draws: _on_text(words, slipped(text_of(words), kind, draws))


def _letter(_person: Lineage, words: Words, draws: Draws) -> Words | None:
    return _on_text(words, slipped(text_of(words), draws.pick(_LETTERS), draws))


def _comma(person: Lineage, words: Words, draws: Draws) -> Words | None:
    """Surnames, then a comma; the rest of the edits leave it alone."""
    kept = shown(words)
    family = [word for word in kept if word.role in FAMILY]
    if not family or len(family) == len(kept):
        return None
    rest = [word for word in kept if word.role not in FAMILY]
    return _on_text(words, f"{text_of(tuple(family))}, {text_of(tuple(rest))}")


_EDITS: dict[str, _Edit] = {
    "given_dropped": lambda _person, words, draws: _dropped(words, _GIVEN, draws),
    "surname_dropped": lambda _person, words, draws: _dropped(words, (*FAMILY, "nisba"), draws),
    "given_added": _given_added,
    "surname_added": _surname_added,
    "surnames_first": _surnames_first,
    "comma": _comma,
    "shuffled": _shuffled,
    "pet_name": _pet_name,
    "maiden_name": _maiden,
    "married_added": lambda person, words, draws: _married(person, words, draws, instead=False),
    "married_instead": lambda person, words, draws: _married(person, words, draws, instead=True),
    "initial": _initial,
    "joined": _slip("words_joined"),
    "split": _slip("word_split"),
    "letter": _letter,
    "title": lambda _person, words, draws: (Word("title", fixed(draws.pick(_TITLES))), *words),
}
# What works on the written text comes last.
_LAST = ("comma", "joined", "split", "letter")


def edited(person: Lineage, words: Words, draws: Draws) -> tuple[str, tuple[str, ...]] | None:
    """The name as another list has it, and which edits made it; None where it came out the same."""
    usual, found = bare(text_of(words)), list[str]()
    wanted = [draws.weighted(table.weights("edits")) for _ in range(30)]
    count = int(draws.weighted(table.weights("edits_a_name")))
    for kind in sorted(wanted[:count], key=lambda kind: kind in _LAST) + wanted[count:]:
        if len(found) == count or (found and found[-1] in _LAST):
            break
        other = _EDITS[kind](person, words, draws) if kind not in found else None
        if other is not None and shown(other) and bare(text_of(other)) != bare(text_of(words)):
            words = other
            found.append(kind)
    text = text_of(words)
    if bare(text) == usual:
        return None
    return (text.upper() if draws.chance(0.5) else text), tuple(found)


def retold(person: Lineage, words: Words, draws: Draws) -> Words:
    """The words with one of the edits that go with another spelling (kinds.toml, [transliterated_too]), or none."""
    kind = draws.weighted(table.weights("transliterated_too"))
    other = _EDITS[kind](person, words, draws) if kind in _EDITS else None
    return words if other is None or not shown(other) else other
