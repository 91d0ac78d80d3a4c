"""Short forms and nicknames by language (data/short_forms.toml), and names of war (data/noms_de_guerre.toml)."""

from __future__ import annotations

import tomllib
import unicodedata
from functools import cache

from bench.foreign_list.draws import Draws
from bench.foreign_list.entries import DATA, Entry
from bench.foreign_list.scripts import romanised

_IN_OWN_LETTERS = {"russian": "russian", "greek": "greek"}


def bare(text: str) -> str:
    """Without accents, in small letters: so that Jose and José are one."""
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))


@cache
def _table(language: str) -> dict[str, tuple[str, ...]]:
    text = tomllib.loads((DATA / "short_forms.toml").read_text(encoding="utf-8"))[language]
    pairs = [word.replace("_", " ").partition(":") for word in text.split()]
    found: dict[str, tuple[str, ...]] = {}
    for whole, _, short in pairs:
        found[bare(whole)] = (*found.get(bare(whole), ()), *short.split(","))
    return found


def short_form(entry: Entry, language: str, draws: Draws) -> str | None:
    """One of the name's short forms in Latin letters; None when there is none."""
    if language == "chinese":
        last = entry.text.replace("-", " ").split()[-1].capitalize()
        return f"{draws.pick(('Xiao', 'A', 'Ah', 'Lao'))} {last}"
    names = [entry.script] if language in _IN_OWN_LETTERS else list(entry.forms)
    known = [short for name in names for short in _table(language).get(bare(name), ())]
    known = [short for short in dict.fromkeys(known) if bare(short) not in {bare(form) for form in entry.forms}]
    if not known:
        return None
    found = draws.pick(known)
    if language not in _IN_OWN_LETTERS:
        return found
    letters = "ukrainian" if set(found + entry.script) & set("іїєґ") else _IN_OWN_LETTERS[language]
    return draws.pick(romanised(found, letters))


@cache
def _noms_de_guerre(shape: str) -> tuple[str, ...]:
    tables = tomllib.loads((DATA / "noms_de_guerre.toml").read_text(encoding="utf-8"))
    names = tuple(word.replace("_", " ") for word in tables.get(shape, tables["any"]).split())
    return tuple(romanised(name, "russian")[0] for name in names) if shape == "east_slavic" else names


def nom_de_guerre(shape: str, sex: str, draws: Draws) -> str:
    """One that people of this shape of names take; one in five is of anywhere."""
    known = _noms_de_guerre("any" if draws.chance(0.2) else shape)
    other = "La " if sex == "M" else "El "
    return draws.pick([name for name in known if not name.startswith(other)])
