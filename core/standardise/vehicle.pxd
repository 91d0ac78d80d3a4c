# Plate, VIN, chassis and engine of a row; called from compiled code only.

from core.identifiers.rules cimport Plate
from core.standardise.row cimport Cell, Context
from core.standardise.stated cimport Subject, SubjectPlan

cdef void read_vehicle(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil
# Null, with a warning, where it is one character repeated.
cdef Cell without_filler(Context* c, SubjectPlan* plan, int key, Cell number) noexcept nogil
# A plate into out[PLATE_BYTES], which begins with its country.
cdef void put_plate(Subject* s, char* out, const Plate* plate) noexcept nogil
