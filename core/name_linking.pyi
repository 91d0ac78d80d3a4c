"""Whose names agree, for many questions at once: what linking asks of names.bin (core/name_sweep.pxd)."""

from array import array

from typing_extensions import disjoint_base

from core.arrow_export import ExportsArrow
from core.name_index import NameIndex

@disjoint_base
class NameSweep:
    """Working memory of 5 to 50 MB, for one thread at a time; the index must be used by nobody else meanwhile."""

    def __new__(cls, index: NameIndex) -> NameSweep: ...
    def agreeing(self, batch: ExportsArrow) -> dict[str, array[int] | array[float]]:
        """Persons whose names AGREE with a row's and whose birth date and sex do not DISAGREE, without the GIL.

        batch: core.name_index.ASKED_FIELDS, up to 2^32 rows; the more, the less each costs: without a birth year,
        questions share one reading of the index. None is too broad; who shares
        nothing but initials with the asked name is not found. Columns, not in order: "row" of the batch uint32,
        "entity" uint32, "evidence" int32 (hundredths of a bit), "score" float64, "birth", "sex" uint8 (Agreement).
        Raises GenerationDamaged, MemoryError, AssemblyError (columns).
        """
