# CUI, NIT, licence, telephone, document and cédula of a row; called from compiled code only.

from core.standardise.row cimport Context
from core.standardise.stated cimport Subject, SubjectPlan

cdef void read_numbers(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil
