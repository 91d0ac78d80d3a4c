"""One name against every name of a list, without an index: what a search is held against."""

from array import array

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t
from libc.stdlib cimport free, malloc

from core.names.frequencies cimport NameFrequencies
from core.names.pairing cimport KindMatrix, NamePairing, fill_kinds, pair_names
from core.names.reading cimport ReadName, read_name


cdef class NameScan:
    cdef ReadName* names
    cdef Py_ssize_t count
    cdef NameFrequencies frequencies

    def __cinit__(self, texts, NameFrequencies frequencies not None):
        cdef bytes data
        self.frequencies = frequencies
        self.names = <ReadName*>malloc(max(1, len(texts)) * sizeof(ReadName))
        if self.names == NULL:
            raise MemoryError
        for text in texts:
            data = text.encode("utf-8", "surrogatepass")
            read_name(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), &frequencies.table, &self.names[self.count].shape,
                      self.names[self.count].forms)
            self.count += 1

    def __dealloc__(self):
        free(self.names)

    def compare(self, str text):
        cdef bytes data = text.encode("utf-8", "surrogatepass")
        cdef ReadName asked
        cdef KindMatrix kinds
        cdef NamePairing pairing
        cdef Py_ssize_t i
        agreements, covered = bytearray(self.count), bytearray(self.count)
        evidence, dated = array("i", bytes(4 * self.count)), array("i", bytes(4 * self.count))
        cdef uint8_t[::1] agreement_view = agreements
        cdef uint8_t[::1] covered_view = covered
        cdef int[::1] evidence_view = evidence
        cdef int[::1] dated_view = dated
        read_name(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), &self.frequencies.table, &asked.shape, asked.forms)
        with nogil:
            for i in range(self.count):
                fill_kinds(&asked.shape, asked.forms, &self.names[i].shape, self.names[i].forms, &kinds)
                pair_names(&asked.shape, &self.names[i].shape, &kinds, &pairing, NULL)
                agreement_view[i] = pairing.agreement
                covered_view[i] = pairing.pairs == asked.shape.count
                evidence_view[i] = pairing.evidence
                dated_view[i] = pairing.dated
        return agreements, evidence, covered, dated
