# distutils: libraries = lmdb
"""keys.mdb, the writer: (hash, entity) pairs -> an LMDB file, sorted once and appended, in bounded memory."""

import os

from libc.errno cimport ENOMEM, errno
from libc.stdint cimport int64_t, uint64_t

from core.errors import AssemblyError
from core.files.spill cimport PARTITIONS, Pair, Spill

cdef extern from "lmdb.h" nogil:
    ctypedef struct MDB_env:
        pass
    ctypedef struct MDB_txn:
        pass
    ctypedef struct MDB_cursor:
        pass
    ctypedef unsigned int MDB_dbi
    ctypedef struct MDB_val:
        size_t mv_size
        void* mv_data
    int MDB_NOSUBDIR, MDB_NOSYNC, MDB_NOLOCK, MDB_NOMEMINIT, MDB_CREATE, MDB_INTEGERKEY, MDB_DUPSORT, MDB_DUPFIXED
    int MDB_INTEGERDUP, MDB_APPEND, MDB_APPENDDUP, MDB_KEYEXIST
    int mdb_env_create(MDB_env** env) noexcept
    int mdb_env_set_mapsize(MDB_env* env, size_t size) noexcept
    int mdb_env_set_maxdbs(MDB_env* env, MDB_dbi count) noexcept
    int mdb_env_open(MDB_env* env, const char* path, unsigned int flags, unsigned int mode) noexcept
    int mdb_env_sync(MDB_env* env, int force) noexcept
    void mdb_env_close(MDB_env* env) noexcept
    int mdb_txn_begin(MDB_env* env, MDB_txn* parent, unsigned int flags, MDB_txn** txn) noexcept
    int mdb_txn_commit(MDB_txn* txn) noexcept
    void mdb_txn_abort(MDB_txn* txn) noexcept
    int mdb_dbi_open(MDB_txn* txn, const char* name, unsigned int flags, MDB_dbi* dbi) noexcept
    int mdb_put(MDB_txn* txn, MDB_dbi dbi, MDB_val* key, MDB_val* data, unsigned int flags) noexcept
    int mdb_cursor_open(MDB_txn* txn, MDB_dbi dbi, MDB_cursor** cursor) noexcept
    void mdb_cursor_close(MDB_cursor* cursor) noexcept
    int mdb_cursor_put(MDB_cursor* cursor, MDB_val* key, MDB_val* data, unsigned int flags) noexcept
    char* mdb_strerror(int error) noexcept

cdef enum:
    PAIRS_PER_COMMIT = 1 << 20   # dirty pages stay in memory until then: about 25 MB
    BYTES_PER_PAIR = 64          # of the map's size: more than any pair takes, since the file itself is not made that long


cdef int _fail(int error, str path) except -1:
    if error > 0:
        raise OSError(error, os.strerror(error), path)
    raise AssemblyError(f"keys.mdb: {mdb_strerror(error).decode()}")


cdef int _append(MDB_cursor* cursor, const Pair* pairs, size_t count) noexcept nogil:
    cdef MDB_val key, data
    cdef size_t i
    cdef int error
    key.mv_size = 8
    data.mv_size = 4
    for i in range(count):
        key.mv_data = <void*>&pairs[i].hash
        data.mv_data = <void*>&pairs[i].entity
        error = mdb_cursor_put(
            cursor, &key, &data, MDB_APPENDDUP if i and pairs[i].hash == pairs[i - 1].hash else MDB_APPEND
        )
        if error:
            return error
    return 0


cdef size_t _piece(const Pair* pairs, size_t count) noexcept nogil:
    """Returns the number of pairs to append before the next commit: about PAIRS_PER_COMMIT, never cutting those of one
    hash."""
    if count <= PAIRS_PER_COMMIT:
        return count
    cdef size_t end = PAIRS_PER_COMMIT
    while end < count and pairs[end].hash == pairs[end - 1].hash:
        end += 1
    return end


cdef class _Environment:
    """An LMDB environment for writing one file; aborts what is open when it goes."""
    cdef MDB_env* env
    cdef MDB_txn* txn
    cdef MDB_cursor* cursor
    cdef MDB_dbi keys
    cdef str path

    def __cinit__(self, str path, uint64_t pairs):
        cdef int error
        cdef bytes encoded = os.fsencode(path)
        self.path = path
        error = mdb_env_create(&self.env)
        if not error:
            error = mdb_env_set_mapsize(self.env, <size_t>(pairs * BYTES_PER_PAIR + (64 << 20)) & ~<size_t>0xFFFF)
        if not error:
            error = mdb_env_set_maxdbs(self.env, 1)
        if not error:
            error = mdb_env_open(self.env, encoded, MDB_NOSUBDIR | MDB_NOSYNC | MDB_NOLOCK, 0o600)
        if error:
            _fail(error, path)

    def __dealloc__(self):
        if self.txn != NULL:
            mdb_txn_abort(self.txn)
        if self.env != NULL:
            mdb_env_close(self.env)

    cdef int begin(self) except -1:
        cdef int error = mdb_txn_begin(self.env, NULL, 0, &self.txn)
        if not error:
            error = mdb_dbi_open(
                self.txn, b"keys", MDB_CREATE | MDB_INTEGERKEY | MDB_DUPSORT | MDB_DUPFIXED | MDB_INTEGERDUP, &self.keys
            )
        if not error:
            error = mdb_cursor_open(self.txn, self.keys, &self.cursor)
        if error:
            _fail(error, self.path)
        return 0

    cdef int commit(self) except -1:
        cdef MDB_txn* txn = self.txn
        cdef int error
        mdb_cursor_close(self.cursor)
        self.txn = NULL
        with nogil:
            error = mdb_txn_commit(txn)
        if error:
            _fail(error, self.path)
        return 0


def write_keys(path, Spill pairs not None, uint64_t build, *, bint durable=True):
    cdef _Environment environment = _Environment(os.fspath(path), pairs.pairs)
    cdef MDB_val key, data
    cdef MDB_dbi main
    cdef int partition, error
    cdef int64_t count, at, total = 0, since_commit = 0
    cdef size_t piece
    environment.begin()
    for partition in range(PARTITIONS):
        with nogil:
            count = pairs.load(partition)
        if count < 0:
            raise OSError(errno or ENOMEM, os.strerror(errno or ENOMEM))
        at = 0
        while at < count:
            with nogil:
                piece = _piece(pairs.sorted + at, <size_t>(count - at))
                error = _append(environment.cursor, pairs.sorted + at, piece)
            if error:
                _fail(error, environment.path)
            at += piece
            since_commit += piece
            if since_commit >= PAIRS_PER_COMMIT:
                environment.commit()
                environment.begin()
                since_commit = 0
        total += count
    error = mdb_dbi_open(environment.txn, NULL, 0, &main)
    key.mv_size = 11
    key.mv_data = <void*><char*>b"ronda.build"
    data.mv_size = 8
    data.mv_data = &build
    if not error:
        error = mdb_put(environment.txn, main, &key, &data, 0)
    if error:
        _fail(error, environment.path)
    environment.commit()
    if durable:
        with nogil:
            error = mdb_env_sync(environment.env, 1)
        if error:
            _fail(error, environment.path)
    return total
