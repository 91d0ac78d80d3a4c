# CUI, NIT, licence, telephone, document and cédula of a row; called from compiled code only.

from core.columns_row cimport Context
from core.columns_stated cimport Subject, SubjectPlan

cdef void read_numbers(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil
