"""Numbers one slip from a CUI (docs/answers.md section 5, "Numbers weighed")."""

from array import array
from collections.abc import Iterable

ANOTHER_DIGIT: int
EXCHANGED: int
ANOTHER_PLACE: int
LOST_DIGIT: int
DOUBLED_DIGIT: int

def near_cuis(cuis: Iterable[int], valid_only: bool) -> tuple[array[int], array[int], array[int]]:
    """Returns every number with another digit, two neighbours exchanged, or another place part (the last four digits).

    For a number that begins with 0, also every number that one more digit makes of its other twelve (LOST_DIGIT).
    Unless valid_only, also every number that begins with 0 and is one of these without a digit. Three columns: the row
    of `cuis` it is near (uint32), the number (int64), the kind of slip (uint8). A number may come as two kinds.
    valid_only: numbers with a right check digit, department and municipality. Raises ValueError for numbers of more
    than 13 digits.
    """

def near_miscounted(numbers: Iterable[str]) -> tuple[array[int], array[int], array[int]]:
    """Returns every valid CUI that one more digit makes of 12 digits (LOST_DIGIT), or one fewer of 14 (DOUBLED_DIGIT).

    Columns as of `near_cuis`. Raises ValueError for what has neither 12 nor 14 digits.
    """
