# The segments of one log, one behind the other, and the room in them: a present one, a next one made ahead of time,
# and those that were left and are not on disk yet.
#
# Under `lock` stand copies and sums, no call of the system's: space is set aside on disk by a thread of its own, before
# it is needed, and by an append only where the thread fell behind, without the lock either way.

from libc.stddef cimport size_t
from libc.stdint cimport uint64_t

from core.audit.segment cimport Segment

cdef extern from "<pthread.h>" nogil:
    ctypedef struct pthread_mutex_t:
        pass
    ctypedef struct pthread_cond_t:
        pass
    ctypedef struct pthread_t:
        pass

cdef struct Series:
    pthread_mutex_t lock         # of everything below, and of the segments' contents
    pthread_mutex_t syncing      # one sync at a time; taken before `lock`
    pthread_cond_t wanted        # the thread is to look
    pthread_cond_t extended      # somebody has set space aside, or could not
    pthread_t thread
    int thread_of                # the process that the thread is of; 0 = there is none
    Segment* present
    Segment* next
    Segment* left                # and not yet on disk, the oldest first
    Segment* last_left
    int n_left
    Segment* extending           # space is being set aside for it: it stays where it is
    bint closed
    bint ending                  # the thread is to end
    uint64_t appended            # records
    uint64_t durable             # of them, on disk
    uint64_t failed

# NULL without memory. `error`: an errno where its thread could not be made.
cdef Series* series_new(int* error) noexcept nogil
# Ends every segment and the thread.
cdef void series_free(Series* series) noexcept nogil
# Becomes the next segment, or the present one where there is none. It belongs to the series from here on.
cdef void series_add(Series* series, Segment* segment) noexcept nogil
# The segment in which `size` bytes and a closing zero length have room and space; NULL = none. Under `lock`, which it
# may let go and take again. `wake`: series_wake is to be called once the lock is given back.
cdef Segment* series_with_room(Series* series, size_t size, bint* wake) noexcept nogil
cdef void series_wake(Series* series) noexcept nogil
# Leaves the present segment for the next one; False when none waits.
cdef bint series_rotate(Series* series) noexcept nogil
# Every record appended before is on disk, and segments that were left are ended: 0 or errno. Appends go on meanwhile.
cdef int series_sync(Series* series) noexcept nogil
# Everything on disk, every segment ended: 0 or errno. Later appends fail.
cdef int series_close(Series* series) noexcept nogil

cdef extern from "<pthread.h>" nogil:
    int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept
    int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept
