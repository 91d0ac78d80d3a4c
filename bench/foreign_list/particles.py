"""Particles as foreign clerks write them: apart, joined, dropped, or one for another; hyphens, apostrophes."""

from __future__ import annotations

import re

from bench.foreign_list.draws import Draws

# What stands before a name, apart or with a hyphen, and is no name itself.
PARTICLES = (
    "de la", "de las", "de los", "de el", "van der", "van den", "van de", "von der", "von den", "della", "abd al",
    "abd el", "abdul", "abdel", "umm", "abu", "abou", "bin", "ibn", "ben", "bint", "al", "el", "de", "del", "da", "das",
    "do", "dos", "di", "du", "des", "la", "le", "lo", "van", "von", "zu", "zur", "ter", "den", "der", "af", "st.", "st",
    "san", "santa", "saint", "bar", "bou",
)  # fmt: skip
_ANY = "|".join(re.escape(particle) for particle in sorted(PARTICLES, key=len, reverse=True))
_APART = re.compile(rf"(?<![\w'-])({_ANY})([ -])(?=\w)", re.IGNORECASE)
_GLUED = re.compile(r"(?<![\w'-])(Mc|Mac|O'|D'|d'|Fitz)(?=[A-ZÀ-Þ])")
_OTHERS = {
    "al": ("el", "al"), "el": ("al", "el"), "bin": ("ibn", "ben"), "ibn": ("bin", "ben"), "ben": ("bin", "ibn"),
    "abu": ("abou", "aboo"), "abou": ("abu", "aboo"), "abd al": ("abdul", "abdel"), "van der": ("van de", "v.d."),
    "von": ("van", "v."), "van": ("von", "v."), "de la": ("dela", "de"), "del": ("de el", "de"),
    "de los": ("delos", "de"), "dos": ("do", "de"), "da": ("de", "dá"), "do": ("de", "du"), "di": ("de", "da"),
    "de": ("d", "di"),
    "st": ("saint", "san"), "st.": ("saint", "st"), "saint": ("st", "sainte"), "mc": ("mac",), "mac": ("mc",),
}  # fmt: skip


def has_particle(text: str) -> bool:
    """Returns whether any word of it is a particle, joined by a sign or standing apart."""
    return bool(_APART.search(text) or _GLUED.search(text))


def varied(text: str, draws: Draws) -> str | None:
    """The name with one particle written otherwise; None when it has none, or nothing of a name would be left."""
    found = list(_APART.finditer(text)) + list(_GLUED.finditer(text))
    if not found:
        return None
    match = draws.pick(found)
    glued = match.lastindex == 1
    before, rest = text[: match.start()], text[match.end() :]
    particle = match[1]
    ways = ["joined", "dropped", "apart", "other"]
    for way in draws.mixed(ways):
        written = _written(particle, rest, way, glued, match[0].endswith("-"), draws)
        if written is not None and before + written != text:
            return before + written
    return None


def _written(particle: str, rest: str, way: str, glued: bool, hyphened: bool, draws: Draws) -> str | None:
    if way == "dropped":
        return rest
    if way == "apart":
        return f"{particle.rstrip(chr(39))} {rest}" if glued or hyphened else None
    if way == "joined":
        joined = particle.replace(" ", "").rstrip("'.")
        if glued:
            return None if joined == particle else joined + rest[:1].lower() + rest[1:]
        return joined[:1].upper() + joined[1:] + rest[:1].lower() + rest[1:]
    other = _OTHERS.get(particle.casefold().rstrip("'"))
    if other is None:
        return None
    written = draws.pick(other)
    if particle[:1].isupper():
        written = written.capitalize()
    return written + ("" if glued else "-" if hyphened else " ") + rest


def has_sign(text: str) -> bool:
    """Returns whether there is a hyphen or an apostrophe to write otherwise."""
    return re.search(r"\w[-'’]\w", text) is not None


def without_sign(text: str, draws: Draws) -> str:
    """One hyphen or apostrophe written as a blank, as nothing, or as another sign."""
    match = draws.pick(list(re.finditer(r"(?<=\w)[-'’](?=\w)", text)))
    hyphen = match[0] == "-"
    # Who leaves out a sign writes on in small letters.
    written = draws.pick((" ", "") if hyphen else ("", "", " ", "´", "`"))
    rest = text[match.end() :]
    if written == "":
        rest = rest[:1].lower() + rest[1:] if hyphen else rest
    return text[: match.start()] + written + rest
