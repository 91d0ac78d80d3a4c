"""The segments of one log (see core/audit/series.pxd). Nothing here is for Python."""

from libc.errno cimport ENOMEM, errno
from libc.stdlib cimport calloc, free

from core.audit.segment cimport AHEAD, segment_end, segment_extend, segment_free
from core.machine.invariant cimport INVARIANT

cdef extern from *:
    """
    #include <pthread.h>
    #include <signal.h>
    #include <time.h>
    #include <unistd.h>
    /* A thread that no signal interrupts: they are Python's main thread's. */
    static inline int ronda_quiet_thread(pthread_t *thread, void *(*run)(void *), void *given) {
        sigset_t all, before;
        int status;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        status = pthread_create(thread, NULL, run, given);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return status;
    }
    static inline void ronda_wait_a_while(pthread_cond_t *condition, pthread_mutex_t *lock) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 50000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(condition, lock, &until);
    }
    """
    int ronda_quiet_thread(pthread_t* thread, void* (*run)(void*) noexcept nogil, void* given) noexcept nogil
    void ronda_wait_a_while(pthread_cond_t* condition, pthread_mutex_t* lock) noexcept nogil
    int pthread_mutex_init(pthread_mutex_t* mutex, void* attributes) noexcept nogil
    int pthread_mutex_destroy(pthread_mutex_t* mutex) noexcept nogil
    int pthread_cond_init(pthread_cond_t* condition, void* attributes) noexcept nogil
    int pthread_cond_destroy(pthread_cond_t* condition) noexcept nogil
    int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) noexcept nogil
    int pthread_cond_signal(pthread_cond_t* condition) noexcept nogil
    int pthread_cond_broadcast(pthread_cond_t* condition) noexcept nogil
    int pthread_join(pthread_t thread, void** result) noexcept nogil
    int getpid() noexcept nogil
    int fdatasync(int descriptor) noexcept nogil

cdef enum:
    LEFT_MAX = 8                 # segments left and not yet on disk: with more nobody syncs, and no answer may leave


# ---- room ----

cdef void _extend(Series* series, Segment* segment, size_t wanted) noexcept nogil:
    """Sets space aside without the lock, which is held before and after. Nobody else is at it."""
    cdef size_t end
    series.extending = segment
    pthread_mutex_unlock(&series.lock)
    end = segment_extend(segment, wanted)
    pthread_mutex_lock(&series.lock)
    series.extending = NULL
    segment.allocated = end
    segment.refused = end < segment.size and wanted + 2 * AHEAD > end
    pthread_cond_broadcast(&series.extended)


cdef void* _keep_ahead(void* series_) noexcept nogil:
    """The thread: two pieces beyond what is written are on disk, as far as the disk has room."""
    cdef Series* series = <Series*>series_
    cdef Segment* segment
    pthread_mutex_lock(&series.lock)
    while not series.ending:
        segment = series.present
        if (segment == NULL or series.extending != NULL or segment.allocated == segment.size
                or segment.used + 2 * AHEAD <= segment.allocated):
            pthread_cond_wait(&series.wanted, &series.lock)
            continue
        _extend(series, segment, segment.used)
        if segment.refused and not series.ending:  # a full disk: look again in a while
            ronda_wait_a_while(&series.wanted, &series.lock)
    pthread_mutex_unlock(&series.lock)
    return NULL


cdef bint _advance(Series* series) noexcept nogil:
    """The next segment becomes the present one; the former waits for the next sync, which alone waits for the disk."""
    if series.next == NULL or series.n_left == LEFT_MAX:
        return False
    series.present.after = NULL
    if series.left == NULL:
        series.left = series.present
    else:
        series.last_left.after = series.present
    series.last_left = series.present
    series.n_left += 1
    series.present = series.next
    series.next = NULL
    return True


cdef Segment* series_with_room(Series* series, size_t size, bint* wake) noexcept nogil:
    cdef Segment* segment
    cdef size_t wanted
    cdef bint advanced = False, tried = False
    while not series.closed and series.present != NULL:
        segment = series.present
        wanted = segment.used + size + 4
        if wanted > segment.size:
            if advanced or not _advance(series):
                return NULL
            advanced = True
            continue
        if segment.allocated == segment.size or wanted + 2 * AHEAD <= segment.allocated:
            return segment
        wake[0] = not segment.refused  # then the thread looks every while
        if wanted + AHEAD <= segment.allocated or wanted <= segment.allocated and (segment.refused or tried):
            return segment
        if tried:
            return NULL
        if series.extending != NULL:
            pthread_cond_wait(&series.extended, &series.lock)
            continue
        _extend(series, segment, wanted)
        tried = True
    return NULL


cdef void series_wake(Series* series) noexcept nogil:
    pthread_cond_signal(&series.wanted)


# ---- segments ----

cdef void series_add(Series* series, Segment* segment) noexcept nogil:
    pthread_mutex_lock(&series.lock)
    if series.present == NULL:
        series.present = segment
    else:
        series.next = segment
    pthread_mutex_unlock(&series.lock)
    series_wake(series)


cdef bint series_rotate(Series* series) noexcept nogil:
    cdef bint advanced
    pthread_mutex_lock(&series.lock)
    advanced = _advance(series)
    pthread_mutex_unlock(&series.lock)
    series_wake(series)
    return advanced


cdef int _end(Series* series, Segment* segment) noexcept nogil:
    """Ends a former segment, once no thread sets space aside for it. Returns 0 or errno."""
    pthread_mutex_lock(&series.lock)
    while series.extending == segment:
        pthread_cond_wait(&series.extended, &series.lock)
    pthread_mutex_unlock(&series.lock)
    return segment_end(segment)


cdef int series_sync(Series* series) noexcept nogil:
    cdef Segment* left
    cdef Segment* after
    cdef Segment* present = NULL
    cdef int status = 0, ended
    cdef uint64_t appended
    pthread_mutex_lock(&series.syncing)
    pthread_mutex_lock(&series.lock)
    appended = series.appended
    INVARIANT(series.durable <= appended, b"more audit records are on disk than were appended")
    left = series.left
    series.left = series.last_left = NULL
    series.n_left = 0
    if appended != series.durable or left != NULL:
        present = series.present  # it may be left meanwhile, and is not ended: whoever ends one holds `syncing`
    pthread_mutex_unlock(&series.lock)
    while left != NULL:
        after = left.after
        ended = _end(series, left)
        status = status or ended
        left = after
    if present != NULL and fdatasync(present.descriptor) != 0:
        status = status or errno
    if status == 0:
        pthread_mutex_lock(&series.lock)
        if appended > series.durable:
            series.durable = appended
        pthread_mutex_unlock(&series.lock)
    pthread_mutex_unlock(&series.syncing)
    return status


# ---- the whole ----

cdef Series* series_new(int* error) noexcept nogil:
    cdef Series* series = <Series*>calloc(1, sizeof(Series))
    error[0] = ENOMEM
    if series == NULL:
        return NULL
    pthread_mutex_init(&series.lock, NULL)
    pthread_mutex_init(&series.syncing, NULL)
    pthread_cond_init(&series.wanted, NULL)
    pthread_cond_init(&series.extended, NULL)
    error[0] = ronda_quiet_thread(&series.thread, _keep_ahead, series)
    if error[0] != 0:
        series_free(series)
        return NULL
    series.thread_of = getpid()
    return series


cdef void _end_thread(Series* series) noexcept nogil:
    pthread_mutex_lock(&series.lock)
    series.ending = True
    pthread_cond_signal(&series.wanted)
    pthread_mutex_unlock(&series.lock)
    if series.thread_of == getpid():  # a forked child has the number and not the thread
        pthread_join(series.thread, NULL)
    series.thread_of = 0


cdef int series_close(Series* series) noexcept nogil:
    cdef Segment* present
    cdef Segment* next
    cdef int status, ended = 0
    pthread_mutex_lock(&series.lock)
    series.closed = True
    present = series.present
    next = series.next
    series.present = series.next = NULL
    pthread_mutex_unlock(&series.lock)
    _end_thread(series)
    status = series_sync(series)  # after it nobody holds the present one any more
    if present != NULL:
        ended = _end(series, present)
    if next != NULL:
        segment_end(next)
    if status == 0 and ended == 0:
        series.durable = series.appended
    return status or ended


cdef void series_free(Series* series) noexcept nogil:
    cdef Segment* left
    if series == NULL:
        return
    _end_thread(series)
    while series.left != NULL:
        left = series.left
        series.left = left.after
        segment_end(left)
    if series.present != NULL:
        segment_end(series.present)
    segment_free(series.next)
    pthread_cond_destroy(&series.wanted)
    pthread_cond_destroy(&series.extended)
    pthread_mutex_destroy(&series.syncing)
    pthread_mutex_destroy(&series.lock)
    free(series)
