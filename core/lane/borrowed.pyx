"""Objects that the loop may still read; kept until it has finished. Nothing here is for Python."""


cdef class Borrowed:
    def __cinit__(self):
        self.held = []

    cdef int keep(self, object replaced) except -1:
        self.held.append((ronda_load_count(&self.looks), replaced))
        return 0

    cdef list passed(self):
        cdef uint64_t now = ronda_load_count(&self.looks)
        free = [replaced for looks, replaced in self.held if not looks & 1 or looks != now]
        self.held = [(looks, replaced) for looks, replaced in self.held if looks & 1 and looks == now]
        return free
