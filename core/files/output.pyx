"""A file written from front to back; a large one is hashed and written in a thread of its own while the caller goes on."""

import hashlib
import os
import queue
import threading

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

from core.files.layout cimport FORMAT_VERSION, FileHeader, FileTrailer
from core.machine.xxhash cimport XXH3_64bits
from core.wire cimport buffer_free, buffer_init, buffer_reset, put_raw

# Linux keeps what is written in one go in as large a page as it fills: whole ones, for a processor that finds its way to an
# address in a table of large pages finds it sooner (docs/performance.md).
_LARGE_PAGE = 2 << 20
_THREAD_FROM = 1 << 20  # bytes: less is written in the end, sooner than a thread begins
_PIECES = 2  # waiting for the disk at most: a piece is what one batch of records made, some 20 MB


cdef class OutputFile:
    def __cinit__(self):
        buffer_init(&self.pending)

    def __init__(self, path, bytes magic, uint64_t build, bint durable=True):
        cdef FileHeader header
        self._path = os.fspath(path)
        self._queue = queue.Queue(_PIECES)
        self._digest = hashlib.sha256()
        self._error = None
        self._durable = durable
        self._thread = None
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        memset(&header, 0, sizeof(header))
        memcpy(header.magic, PyBytes_AS_STRING(magic), 8)
        header.version = FORMAT_VERSION
        header.build = build
        header.checksum = XXH3_64bits(&header, sizeof(header) - 8)
        self.put(&header, sizeof(header))

    def __dealloc__(self):
        buffer_free(&self.pending)

    cdef void put(self, const void* data, size_t size) noexcept nogil:
        put_raw(&self.pending, data, size)

    cdef void align(self, uint64_t multiple) noexcept nogil:
        cdef uint64_t zero = 0
        cdef uint64_t over = self.position() % multiple
        if over:
            self.put(&zero, multiple - over)

    cdef uint64_t position(self) noexcept nogil:
        return self.flushed + self.pending.size

    def _write_pieces(self):
        """All that is queued. After a failed write it only empties the queue, so that nobody waits for ever."""
        descriptor = self._descriptor
        held = bytearray()  # less than a large page, of which the rest is still to come
        try:
            while True:
                piece = self._queue.get()
                if piece is None:
                    break
                if self._error is not None:
                    continue
                try:
                    self._digest.update(piece)
                    _write_large_pages(descriptor, held, memoryview(piece))
                except OSError as error:
                    self._error = error
            if self._error is None:
                try:
                    _write_all(descriptor, memoryview(held))
                    if self._durable:
                        os.fsync(descriptor)
                except OSError as error:
                    self._error = error
        finally:
            self._descriptor = -1
            os.close(descriptor)

    def write(self, bytes data):
        self.put(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))

    def flush(self):
        if self.pending.failed:
            raise MemoryError
        if self._error is not None:
            raise self._error
        if self._thread is None and self.pending.size < _THREAD_FROM:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_pieces, name="output", daemon=True)
            self._thread.start()
        self._queue_pending()

    def _queue_pending(self):
        if self.pending.size:
            piece = PyBytes_FromStringAndSize(<char*>self.pending.data, self.pending.size)
            self.flushed += self.pending.size
            buffer_reset(&self.pending)
            self._queue.put(piece)

    def finish(self):
        self.flush()
        self._queue_pending()
        self._queue.put(None)
        if self._thread is None:
            self._write_pieces()
        else:
            self._thread.join()
        if self._error is not None:
            raise self._error
        return {"bytes": self.flushed, "sha256": self._digest.hexdigest()}

    def abandon(self):
        if self._thread is None:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
        elif self._thread.is_alive():
            self._error = self._error or OSError("abandoned")
            self._queue.put(None)
            self._thread.join()


def _write_all(int descriptor, view):
    while len(view):
        view = view[os.write(descriptor, view):]


def _write_large_pages(int descriptor, held, piece):
    """Writes the bytes that fill large pages; the rest stays in `held`."""
    if held:
        wanted = min(_LARGE_PAGE - len(held), len(piece))
        held += piece[:wanted]
        piece = piece[wanted:]
        if len(held) < _LARGE_PAGE:
            return
        _write_all(descriptor, memoryview(bytes(held)))
        held.clear()
    whole = len(piece) // _LARGE_PAGE * _LARGE_PAGE
    _write_all(descriptor, piece[:whole])
    held += piece[whole:]


def rewrite_large_pages(path):
    draft = path.with_name(f"{path.name}.small-pages")
    path.rename(draft)
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with draft.open("rb") as file:
            while piece := file.read(2 * _LARGE_PAGE):
                digest.update(piece)
                _write_all(descriptor, memoryview(piece))
            size = file.tell()
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.unlink()
    return {"bytes": size, "sha256": digest.hexdigest()}


def stated_file(path):
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def write_trailer(OutputFile file not None, bytes magic, uint64_t table, uint64_t count, uint64_t table_checksum):
    cdef FileTrailer trailer
    memset(&trailer, 0, sizeof(trailer))
    memcpy(trailer.magic, PyBytes_AS_STRING(magic), 8)
    trailer.table = table
    trailer.count = count
    trailer.table_checksum = table_checksum
    trailer.checksum = XXH3_64bits(&trailer, sizeof(trailer) - 8)
    file.put(&trailer, sizeof(trailer))
