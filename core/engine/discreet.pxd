# Looks at subjects with a discreet alert, kept until their owners are notified: server/notifications.py takes them
# away.
#
# Nothing of this shows in an answer. The audit record, which is written first, holds the same flag: a look that a crash
# loses between the two is found there (ShownEntry.flags, .register).

from core.audit.log cimport AuditFacts
from core.call.memory cimport Call

# Keeps every entry of call.shown that is flagged SHOWN_DISCREET, with who asked (of `facts`). Safe from several threads.
cdef void note_discreet_looks(const Call* call, const AuditFacts* facts) noexcept nogil
