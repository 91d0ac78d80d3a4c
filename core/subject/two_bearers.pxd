# A number that two persons bear, by one of whom somebody is asked for (docs/answers.md section 8).

from core.call.memory cimport Call
from core.generation.dossier cimport AlertEntry
from core.generation.view cimport Dossier

# Whether what the alert's register states in its section names another than is asked for.
cdef bint names_another_bearer(const Call* call, const Dossier* dossier, const AlertEntry* alert) noexcept nogil
