"""Whom a record may mean, for many records at once: what linking asks of names.bin (core/name_index/sweep.pxd)."""

from array import array

from typing_extensions import disjoint_base

from core.linking.index import NameIndex
from core.machine.arrow_export import ExportsArrow

ALERT_SCORE: float
POPULATION_LEAST: int

@disjoint_base
class NameSweep:
    """Working memory of 5 to 50 MB, for one thread at a time; the index must be used by nobody else meanwhile."""

    def __new__(cls, index: NameIndex) -> NameSweep: ...
    def fitting(self, batch: ExportsArrow, holding_all: bool = False) -> dict[str, array[int] | array[float]]:
        """Whom each row may mean: those whose names AGREE and whose birth date does not DISAGREE; and those whose score
        reaches ALERT_SCORE where years of birth stand on both sides, whatever disagrees; the score of who disagrees is
        that of a population of POPULATION_LEAST at least. Whose years are not within one of the asked is looked for
        where nobody nearer disagrees in nothing. Also those who were born on the asked day and of whom a name holds
        every asked token, two or more; with `holding_all` those of any day too.

        batch: core.linking.index.ASKED_FIELDS, up to 2^32 rows; the more, the less each costs: without a birth year,
        questions share one reading of the index. None is too broad; who shares
        nothing but initials with the asked name is not found. Columns, not in order: "row" of the batch uint32,
        "entity" uint32, "evidence" int32 (hundredths of a bit; another sex costs), "score" float64, "birth", "sex",
        "names" uint8 (Agreement), "alerts" uint8 (1 = by its score), "holds" uint8 (1 = every asked token, and the
        day). Raises GenerationDamaged, MemoryError, AssemblyError (columns).
        """
