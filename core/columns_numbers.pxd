# CUI, NIT, licence, telephone, document and cédula of a row; called from compiled code only.

from core.columns_cells cimport Context
from core.columns_subject cimport Subject, SubjectPlan

cdef void read_numbers(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil
