"""A name in words, each with what it is in the name and whether this writer puts it down; and how it is written out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bench.foreign_list.entries import Entry

GIVEN = ("given", "second", "third")
FAMILY = ("surname", "maternal", "married")
# Shapes that tell no given names from surnames: there is no field for each.
UNDIVIDED = ("arabic", "chain", "bengali")


@dataclass(frozen=True, slots=True)
class Word:
    """One name of a person. lead: what stands before it ("bin", "de"); shown: whether the list writes it."""

    role: str
    entry: Entry
    lead: str = ""
    shown: bool = True

    def text(self, form: int = 0) -> str:
        """In the `form`-th spelling, or the last there is."""
        spelt = self.entry.forms[min(form, len(self.entry.forms) - 1)]
        return f"{self.lead} {spelt}" if self.lead else spelt


Words = tuple[Word, ...]


def shown(words: Words) -> Words:
    """Those that are written."""
    return tuple(word for word in words if word.shown)


def text_of(words: Words, form: int = 0) -> str:
    """The written ones, with blanks between."""
    return " ".join(word.text(form) for word in words if word.shown)


def changed(words: Words, place: int, **what: object) -> Words:
    """Another name, in which the word at `place` is otherwise."""
    return (*words[:place], replace(words[place], **what), *words[place + 1 :])  # type: ignore[arg-type]


def places(words: Words, *roles: str, seen: bool = True) -> list[int]:
    """Returns the places of words of these roles that are written (seen) or are not."""
    return [n for n, word in enumerate(words) if word.role in roles and word.shown == seen]


def turned(words: Words) -> Words:
    """Surnames to the other end."""
    family = tuple(word for word in words if word.role in FAMILY)
    rest = tuple(word for word in words if word.role not in FAMILY)
    return rest + family if words and words[0].role in FAMILY else family + rest


def parts_of(words: Words) -> dict[str, str]:
    """The name in fields, as a form has them: given, patronymic, surname; none of them is empty."""
    fields = {
        "given": [word.text() for word in words if word.shown and word.role in GIVEN],
        "patronymic": [word.text() for word in words if word.shown and word.role == "patronymic"],
        "surname": [word.text() for word in words if word.shown and word.role in FAMILY],
    }
    return {name: " ".join(texts) for name, texts in fields.items() if texts}
