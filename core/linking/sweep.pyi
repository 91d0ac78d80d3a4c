"""Finds the persons that a record may mean, for many records at once: linking's questions to names.bin
(core/name_index/sweep.pxd)."""

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
        """Finds the persons that each row may mean. Returns columns, not in order.

        Three groups count:
        - persons with names that AGREE and a birth date that does not DISAGREE;
        - persons with a score that reaches ALERT_SCORE, if both sides have years of birth, even if something disagrees;
          the score of one that disagrees is that of a population of POPULATION_LEAST at least;
        - persons born on the asked day with a name that holds every asked token, two or more; with `holding_all` of any
          day.

        Persons with years not within one of the asked are searched only if no nearer one agrees in everything.

        batch: core.linking.index.ASKED_FIELDS, up to 2^32 rows; the more rows, the less each costs: without a birth
        year, questions share one reading of the index. No row is too broad; a name that shares only initials with the
        asked one is not found.

        Columns: "row" of the batch uint32, "entity" uint32, "evidence" int32 (hundredths of a bit; another sex costs),
        "score" float64, "birth", "sex", "names" uint8 (Agreement), "alerts" uint8 (1 = by its score), "holds" uint8 (1
        = every asked token, and the day). Raises GenerationDamaged, MemoryError, AssemblyError (columns).
        """
