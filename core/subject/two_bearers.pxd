# Alerts under a number that two persons bear (docs/answers.md section 8).

from core.call.memory cimport Call
from core.generation.dossier cimport AlertEntry
from core.generation.view cimport Dossier

# True where the alert's register names the one asked about there. The number alone does not.
cdef bint names_asked_bearer(const Call* call, const Dossier* dossier, const AlertEntry* alert) noexcept nogil
