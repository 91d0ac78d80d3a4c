# Alerts under a number that two persons bear (docs/answers.md section 8).

from core.call.memory cimport Call
from core.generation.dossier cimport AlertEntry
from core.generation.view cimport Dossier

# True where the register that states the alert names there who is asked for. By the number alone nobody is told apart.
cdef bint names_asked_bearer(const Call* call, const Dossier* dossier, const AlertEntry* alert) noexcept nogil
