"""kept_index.mdb: (register, record id) -> the subjects that hold the record (docs/live.md).

The bytes are those of keys.mdb: the hash is of the register's ordinal in place of the kind, and the record's id.
"""

import mmap
import os
from pathlib import Path

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.errno cimport ENOMEM, errno
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, malloc

from core.files.spill cimport Spill
from core.generation.keys cimport KeysFile, key_hash, keys_find, keys_open
from core.machine.arrow cimport RecordColumns, byte_at, text_at, uint32_or

from core.errors import GenerationDamaged
from core.generation.keys_writer import write_keys

_FIELDS = [("register", "C"), ("record_id", "u"), ("entity", "I")]

cdef enum:
    HOLDERS = 64                 # subjects of a record that are looked up at once; more take a second look


cdef class RecordIndexWriter:
    cdef Spill pairs
    cdef object path

    def __init__(self, path, temporary):
        self.path = Path(path)
        self.pairs = Spill(temporary)

    def add(self, batch):
        cdef RecordColumns columns = RecordColumns(batch, _FIELDS)
        cdef const uint8_t* text
        cdef uint32_t length
        cdef int64_t row
        cdef int failed = 0
        with nogil:
            for row in range(columns.rows):
                text = text_at(&columns.columns[1], row, &length)
                failed |= self.pairs.add(key_hash(byte_at(&columns.columns[0], row), text, length),
                                         uint32_or(&columns.columns[2], row, 0))
        if failed:
            raise OSError(errno or ENOMEM, os.strerror(errno or ENOMEM))

    def finish(self):
        try:
            return write_keys(self.path, self.pairs, 0)
        finally:
            self.close()

    def close(self):
        self.pairs.close()


cdef class RecordIndex:
    cdef KeysFile keys
    cdef object mapped

    def __init__(self, path):
        cdef Py_buffer buffer
        cdef const char* why
        try:
            with Path(path).open("rb") as file:
                self.mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise GenerationDamaged(Path(path).name, "cannot be read") from error
        PyObject_GetBuffer(self.mapped, &buffer, PyBUF_SIMPLE)
        why = keys_open(&self.keys, <const uint8_t*>buffer.buf, <size_t>buffer.len)
        PyBuffer_Release(&buffer)  # the mapping lives as long as `mapped`, which nothing else can close
        if why != NULL:
            raise GenerationDamaged(Path(path).name, why.decode())

    def find(self, int register, str record_id):
        cdef bytes text = record_id.encode()
        cdef uint32_t first[HOLDERS]
        cdef uint32_t* found = first
        cdef int64_t n, i
        cdef object hash = key_hash(<uint8_t>register, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
        n = keys_find(&self.keys, hash, found, HOLDERS)
        if n > HOLDERS:
            found = <uint32_t*>malloc(n * sizeof(uint32_t))
            if found == NULL:
                raise MemoryError
            n = keys_find(&self.keys, hash, found, <size_t>n)
        try:
            if n < 0:
                raise GenerationDamaged("kept_index.mdb", "a page is damaged")
            return [found[i] for i in range(n)]
        finally:
            if found != first:
                free(found)
