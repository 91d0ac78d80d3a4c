"""Decides whether a record's facts support that it means the bearer of its number (docs/answers.md section 4)."""

def points_of_names(a: str | bytes, b: str | bytes) -> tuple[int, bool]:
    """Returns how well two names, stored or plain, support one person, -4 to 2.

    Also returns whether both have a given name without a partner in the other.
    """

def points_of_parents(father: int, mother: int) -> int:
    """Returns how well parents support one person, -4 to 1. father, mother: ronda.v1 Agreement, 0 = not both stated."""

def bears_out(names: int, parted: bool, birth: int, parents: int, *, of_cedula: bool) -> bool:
    """True where a number makes a HIT with what a record states beside it.

    names: the points of the best claim's name, 0 = none compared. parted: so of every claim. birth: ronda.v1 Agreement
    of the best claim, 0 = none compared. parents: the points of the best claim's, 0 = none compared.
    """
