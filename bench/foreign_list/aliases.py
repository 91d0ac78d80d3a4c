"""Other names of one person, by kind: each maker gives a text, or None where that name has nothing of the kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bench.foreign_list.cultures import fixed
from bench.foreign_list.draws import Draws
from bench.foreign_list.lineage import Lineage
from bench.foreign_list.particles import has_particle, has_sign, varied, without_sign
from bench.foreign_list.scripts import serbian_cyrillic
from bench.foreign_list.short_forms import bare, nom_de_guerre, short_form
from bench.foreign_list.written import Word, Words, changed, places, shown, text_of, turned

# How often each kind is tried. Few names have a particle, a patronymic or a husband's: these are tried oftener than
# they come about; docs/foreign-list.md says what comes of it.
WEIGHTS = {
    "nom_de_guerre": 6.0,
    "married_name": 70.0,
    "patronymic_variant": 34.0,
    "transliteration": 15.0,
    "original_script": 16.0,
    "dropped_name": 12.0,
    "added_name": 9.0,
    "order": 7.0,
    "initials": 8.0,
    "short_form": 16.0,
    "particles": 40.0,
    "hyphens": 7.0,
}
KINDS = tuple(WEIGHTS)
COUNTS = {0: 22.0, 1: 24.0, 2: 20.0, 3: 14.0, 4: 10.0, 5: 6.0, 6: 4.0}  # aliases of one person
_LEADS_IN_ARABIC = {"bin": "بن", "ibn": "ابن", "ben": "بن", "bint": "بنت"}
_WITHOUT_BLANKS = ("chinese", "korean", "japanese")
_LEFT_OUT = ("second", "third", "maternal", "grandfather", "patronymic", "laqab", "nisba", "kunya", "father", "suffix")


@dataclass(frozen=True)
class Alias:
    """Another name of somebody, and of which kind."""

    kind: str
    text: str


def make_alias(kind: str, person: Lineage, words: Words, draws: Draws) -> str | None:
    """An alias of that kind; None where there can be none, or none that differs from the name."""
    made = _MAKERS[kind](person, words, draws)
    return made if made and bare(made) != bare(text_of(words)) else None


def make_aliases(person: Lineage, words: Words, draws: Draws, count: int, taken: tuple[str, ...] = ()) -> list[Alias]:
    """Up to `count` of them, of kinds by weight, none like another, like the name or like one of `taken`."""
    found: list[Alias] = []
    seen = {bare(text) for text in (text_of(words), *taken)}
    for _ in range(count * 12):
        if len(found) == count:
            break
        kind = draws.weighted(WEIGHTS)
        text = make_alias(kind, person, words, draws)
        if text and bare(text) not in seen:
            seen.add(bare(text))
            found.append(Alias(kind, text))
    return found


def _nom_de_guerre(person: Lineage, _words: Words, draws: Draws) -> str | None:
    if person.kunya is not None and draws.chance(0.5):
        return person.kunya.text
    return nom_de_guerre(person.of.shape, person.sex, draws)


def _married_name(person: Lineage, words: Words, draws: Draws) -> str | None:
    """Returns the woman's name before marriage, or since."""
    married = [n for n, word in enumerate(words) if word.role == "married"]
    if not married:
        return None
    if words[married[0]].shown:
        maiden = changed(words, married[0], shown=False)
        return text_of(
            changed(maiden, places(maiden, "surname", seen=False)[0], shown=True)
            if places(maiden, "surname", seen=False)
            else maiden
        )
    hers = changed(words, married[0], shown=True)
    if person.of.shape == "hispanic":
        lead = draws.weighted({"de": 6.0, "viuda de": 1.0, "vda. de": 1.0, "": 1.0})
        for place in places(hers, "maternal"):
            hers = changed(hers, place, shown=draws.chance(0.3))
        return text_of(changed(hers, married[0], lead=lead))
    if draws.chance(0.7):
        for place in places(hers, "surname"):
            hers = changed(hers, place, shown=False)
    return text_of(hers)


def _patronymic_variant(person: Lineage, words: Words, draws: Draws) -> str | None:
    fathers = [n for n, word in enumerate(words) if word.role in ("patronymic", "father")]
    if not fathers:
        return None
    place = fathers[0]
    word = words[place]
    if word.role == "patronymic":
        return text_of(changed(words, place, shown=not word.shown))
    if not word.shown:
        return text_of(changed(words, place, shown=True))
    if person.of.shape == "chain" and person.nationality not in ("KEN", "TZA"):
        # In the Horn a name has no bin: two generations are told, or three.
        grandfather = fathers[-1] + 1
        return text_of(changed(words, grandfather, shown=not words[grandfather].shown))
    leads = [lead for lead in ("", "bin", "ibn", "ben") if lead != word.lead]
    if word.lead == "bint":
        leads = ["", "binti"]
    return text_of(changed(words, place, lead=draws.pick(leads)))


def _transliteration(_person: Lineage, words: Words, draws: Draws) -> str | None:
    """Another system for all words where they have one each; else another spelling of some of them."""
    spelt = [n for n, word in enumerate(words) if word.shown and len(word.entry.forms) > 1]
    if not spelt:
        return None
    if words[spelt[0]].entry.script and draws.chance(0.6):
        return text_of(words, draws.between(1, max(len(words[n].entry.forms) for n in spelt) - 1))
    chosen = [n for n in spelt if draws.chance(0.7)] or [draws.pick(spelt)]
    for n in chosen:
        form = draws.between(1, len(words[n].entry.forms) - 1)
        words = changed(words, n, entry=replace(words[n].entry, forms=words[n].entry.forms[form : form + 1]))
    return text_of(words)


def _original_script(person: Lineage, words: Words, draws: Draws) -> str | None:
    letters = person.of.letters
    written: list[str] = []
    for word in shown(words):
        script = word.entry.script
        if letters == "serbian":
            script = serbian_cyrillic(word.entry.text)
        if script:
            lead = _LEADS_IN_ARABIC.get(word.lead, "") if word.lead else ""
            written.append(f"{lead} {script}".strip())
    if len(written) < 2:
        return None
    if letters in ("russian", "ukrainian") and draws.chance(0.5):
        written = [written[-1], *written[:-1]]
    if person.culture == "japanese":
        written = [written[-1], *written[:-1]]
    return ("" if person.culture in _WITHOUT_BLANKS else " ").join(written)


def _dropped_name(_person: Lineage, words: Words, draws: Draws) -> str | None:
    droppable = places(words, *_LEFT_OUT)
    if not droppable or len(shown(words)) < 3:
        return None
    return text_of(changed(words, draws.pick(droppable), shown=False))


def _added_name(person: Lineage, words: Words, draws: Draws) -> str | None:
    """Returns a name with a part that the list leaves out, or a part unknown to it."""
    hidden = [n for n in places(words, *_LEFT_OUT, seen=False) if words[n].role != "suffix"]
    if hidden:
        return text_of(changed(words, draws.pick(hidden), shown=True))
    if person.of.shape in ("chinese", "korean", "vietnamese") or places(words, "second"):
        return None
    given = places(words, "given")[-1]
    extra = Word("second", person.of.given(person.sex, draws, words[given].entry))
    return text_of((*words[: given + 1], extra, *words[given + 1 :]))


def _order(_person: Lineage, words: Words, draws: Draws) -> str | None:
    kept = tuple(word for word in shown(words))
    other = turned(kept)
    family = [word for word in kept if word.role in ("surname", "maternal", "married")]
    if not family or len(family) == len(kept):
        # A chain of names has no surnames to put first: the last stands before the others.
        return text_of((*kept[-1:], *kept[:-1])) if len(kept) > 1 else None
    if kept[0].role not in ("surname", "maternal", "married") and draws.chance(0.4):
        return f"{text_of(other[: len(family)])}, {text_of(other[len(family) :])}"
    return text_of(other)


def _initial(word: Word, draws: Draws) -> Word:
    # Of de la Cruz it is C.
    letter = next((letter for letter in word.entry.text if letter.isupper()), word.entry.text[:1].upper())
    dotted = draws.pick((f"{letter}.", f"{letter}.", letter))
    return replace(word, entry=replace(word.entry, forms=(dotted,)), lead="")


def _initials(person: Lineage, words: Words, draws: Draws) -> str | None:
    """Abbreviates mostly a middle name, else a mother's surname or given names."""
    if person.of.shape == "chinese":
        return None
    middle = places(words, "second", "third", "maternal", "patronymic", "father")
    hidden = places(words, "second", "patronymic", seen=False)
    way = draws.weighted({"middle": 6.0, "given": 2.0, "all": 1.0})
    if way == "middle" and (middle or hidden):
        place = draws.pick(middle or hidden)
        return text_of(changed(words, place, entry=_initial(words[place], draws).entry, lead="", shown=True))
    if way == "middle":
        return None
    chosen = places(words, "given") if way == "given" else places(words, "given", "second", "third", "patronymic")
    for place in chosen:
        words = changed(words, place, entry=_initial(words[place], draws).entry)
    return text_of(words)


def _short_form(person: Lineage, words: Words, draws: Draws) -> str | None:
    chosen = places(words, "given", "second")
    for place in draws.mixed(chosen):
        short = short_form(words[place].entry, person.of.short_forms, draws)
        if short:
            kept = changed(words, place, entry=fixed(short.replace(" ", "_")))
            # Who is called by one of her names is not called by the others.
            for n in chosen:
                if n != place and draws.chance(0.7):
                    kept = changed(kept, n, shown=False)
            return text_of(kept)
    return None


def _particles(person: Lineage, words: Words, draws: Draws) -> str | None:
    text = text_of(words)
    # Do and Le are surnames there.
    return (
        varied(text, draws)
        if has_particle(text) and person.of.shape not in ("vietnamese", "chinese", "korean")
        else None
    )


def _hyphens(_person: Lineage, words: Words, draws: Draws) -> str | None:
    text = text_of(words)
    if has_sign(text):
        return without_sign(text, draws)
    # Two given names, or two surnames, become one with a hyphen.
    for roles in draws.mixed((("given", "second"), ("surname", "maternal"), ("surname", "married"))):
        found = places(words, *roles)
        if len(found) == 2 and found[1] == found[0] + 1 and not words[found[1]].lead:
            return text.replace(
                f"{words[found[0]].text()} {words[found[1]].text()}",
                f"{words[found[0]].text()}-{words[found[1]].text()}",
            )
    return None


_MAKERS: dict[str, Callable[[Lineage, Words, Draws], str | None]] = {
    "nom_de_guerre": _nom_de_guerre,
    "married_name": _married_name,
    "patronymic_variant": _patronymic_variant,
    "transliteration": _transliteration,
    "original_script": _original_script,
    "dropped_name": _dropped_name,
    "added_name": _added_name,
    "order": _order,
    "initials": _initials,
    "short_form": _short_form,
    "particles": _particles,
    "hyphens": _hyphens,
}
