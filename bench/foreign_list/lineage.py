"""A person's names by birth: own, father's, grandfather's, both surnames; and relations between persons."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bench.foreign_list.cultures import Culture, cultures, fixed
from bench.foreign_list.draws import Draws
from bench.foreign_list.entries import Entry, name_list

# Persons of a culture that have a second given name; others have one in ten.
_SECOND = {
    "guatemalan": 0.8,
    "mayan": 0.6,
    "salvadoran": 0.8,
    "honduran": 0.75,
    "mexican": 0.6,
    "andean": 0.7,
    "caribbean": 0.5,
    "brazilian": 0.45,
    "portuguese": 0.65,
    "anglo": 0.85,
    "african_american": 0.85,
    "french": 0.6,
    "haitian": 0.4,
    "italian": 0.2,
    "romanian": 0.4,
    "german": 0.35,
    "dutch": 0.4,
    "scandinavian": 0.5,
    "polish": 0.4,
    "hebrew": 0.25,
    "yoruba": 0.6,
    "igbo": 0.6,
    "akan": 0.6,
    "filipino": 0.5,
    "persian": 0.15,
    "russian": 0.0,
    "ukrainian": 0.0,
    "chinese": 0.0,
    "korean": 0.0,
    "vietnamese": 0.0,
    "japanese": 0.0,
    "east_african": 0.0,
    "levantine": 0.1,
    "gulf": 0.05,
}
_THIRD = 0.06  # of those who have a second
# How often an own spelling stands in somebody's passport, not the usual one.
_OWN_SPELLING = {
    "hispanic": 0.05,
    "lusophone": 0.1,
    "arabic": 0.5,
    "chain": 0.35,
    "pakistani": 0.3,
    "bengali": 0.3,
    "indian": 0.25,
    "korean": 0.0,
}
_MARRIED = 0.45  # of the women
_JUNIOR = 0.35  # of the sons that are made for a father
# What stands between a given name and the rest, in South Asia.
_INDIAN_MIDDLE = {"M": "Kumar Singh Lal Chand Ram Prasad|Parsad", "F": "Devi|Debi Kumari Kaur|Kour Bai Rani|Ranee"}


@dataclass(frozen=True)
class Lineage:
    """given: own names, first to third; family: father's surname, masculine; husband: his surname, None = none."""

    culture: str
    nationality: str
    sex: str
    given: tuple[Entry, ...]
    father: Entry
    grandfather: Entry
    family: Entry
    maternal: Entry
    husband: Entry | None = None
    kunya: Entry | None = None
    laqab: Entry | None = None
    nisba: Entry | None = None
    western: Entry | None = None  # a Chinese's name among foreigners
    junior: bool = False

    @property
    def of(self) -> Culture:
        """The culture itself."""
        return cultures()[self.culture]


def draw_lineage(culture: Culture, draws: Draws, sex: str = "") -> Lineage:
    """Somebody of that culture; one in five is a woman, as on lists of alerts."""
    sex = sex or ("F" if draws.chance(0.2) else "M")
    nationality = draws.weighted(culture.nationalities)
    family = _own(culture, nationality, culture.surname(draws), draws)
    maternal = _own(culture, nationality, culture.surname(draws, family), draws)
    person = Lineage(
        culture=culture.name,
        nationality=nationality,
        sex=sex,
        given=_given(culture, nationality, sex, draws),
        father=_own(culture, nationality, culture.given("M", draws), draws),
        grandfather=_own(culture, nationality, culture.given("M", draws), draws),
        family=family,
        maternal=maternal,
    )
    if sex == "F" and draws.chance(_MARRIED):
        person = replace(person, husband=_own(culture, nationality, culture.surname(draws, family, maternal), draws))
    if culture.shape == "arabic":
        person = replace(
            person,
            kunya=name_list("arabic_kunya").draw(draws) if sex == "M" and draws.chance(0.35) else None,
            laqab=name_list("arabic_laqab").draw(draws) if draws.chance(0.1) else None,
            nisba=name_list("arabic_nisba").other(draws, family) if draws.chance(0.3) else None,
        )
    if culture.shape == "chinese" and draws.chance(0.45):
        person = replace(person, western=name_list(f"chinese_western_{sex.lower()}").draw(draws))
    return person


def _own(culture: Culture, nationality: str, entry: Entry, draws: Draws) -> Entry:
    """The entry with this person's own spelling first."""
    if culture.shape == "chinese":
        # Taiwan writes Wade-Giles, Hong Kong and Guatemala's old families Cantonese.
        form = {"TWN": 1, "HKG": 2, "GTM": 2, "MYS": 2}.get(nationality, 0)
    elif len(entry.forms) > 1 and draws.chance(_OWN_SPELLING.get(culture.shape, 0.12)):
        form = draws.between(1, len(entry.forms) - 1)
    else:
        form = 0
    form = min(form, len(entry.forms) - 1)
    return replace(entry, forms=(entry.forms[form], *entry.forms)) if form else entry


def _given(culture: Culture, nationality: str, sex: str, draws: Draws, *taken: Entry) -> tuple[Entry, ...]:
    if culture.shape == "vietnamese":
        middle = name_list(f"vietnamese_middle_{sex.lower()}").draw(draws)
        return (culture.given(sex, draws, middle, *taken), middle)
    found = [_own(culture, nationality, culture.given(sex, draws, *taken), draws)]
    if culture.shape == "indian":
        return (*found, fixed(draws.pick(_INDIAN_MIDDLE[sex].split()))) if draws.chance(0.55) else tuple(found)
    if culture.shape in ("pakistani", "bengali") and sex == "M" and found[0].rank and draws.chance(0.45):
        return (_own(culture, nationality, name_list(f"{culture.name}_m").entries[0], draws), *found)
    if draws.chance(_SECOND.get(culture.name, 0.1)):
        found.append(_own(culture, nationality, culture.given(sex, draws, *found, *taken), draws))
        if draws.chance(_THIRD):
            found.append(_own(culture, nationality, culture.given(sex, draws, *found, *taken), draws))
    return tuple(found)


def sibling(person: Lineage, draws: Draws) -> Lineage:
    """Same parents, other given names."""
    sex = person.sex if draws.chance(0.7) else ("M" if person.sex == "F" else "F")
    taken = person.given if person.of.shape != "vietnamese" else person.given[:1]
    given = _given(person.of, person.nationality, sex, draws, *taken)
    if given[0].text == person.given[0].text and len(given) == 1:
        given = (person.of.given(sex, draws, *person.given),)
    return replace(person, sex=sex, given=given, husband=None, kunya=None, western=None, junior=False)


def father_of(person: Lineage, draws: Draws) -> Lineage:
    """His given name is the one that patronymics tell."""
    second = _given(person.of, person.nationality, "M", draws, person.father)
    given = (person.father, *second[1:])
    return replace(
        person,
        sex="M",
        given=given,
        father=person.grandfather,
        grandfather=person.of.given("M", draws),
        maternal=person.of.surname(draws, person.family, person.maternal),
        husband=None,
        kunya=None,
        western=None,
    )


def son_of(person: Lineage, draws: Draws) -> Lineage:
    """Returns a man's son; some bear their father's own name. Raises ValueError for a woman: the child has another
    surname."""
    if person.sex != "M":
        raise ValueError("sex: sons are made of fathers")
    junior = draws.chance(_JUNIOR) and person.of.shape in ("hispanic", "lusophone", "western", "filipino")
    given = person.given if junior else _given(person.of, person.nationality, "M", draws, *person.given)
    return replace(
        person,
        given=given,
        father=person.given[0],
        grandfather=person.father,
        kunya=None,
        western=None,
        junior=junior,
        maternal=person.of.surname(draws, person.family, person.maternal),
    )
