"""Columns of an Arrow record batch, read where they lie, through the Arrow C data interface."""

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.stdlib cimport calloc, free

from core.errors import AssemblyError

cdef extern from *:
    """
    #ifndef ARROW_C_DATA_INTERFACE
    #define ARROW_C_DATA_INTERFACE
    /* Verbatim structure of https://arrow.apache.org/docs/format/CDataInterface.html */
    struct ArrowSchema {
      const char* format; const char* name; const char* metadata; int64_t flags; int64_t n_children;
      struct ArrowSchema** children; struct ArrowSchema* dictionary; void (*release)(struct ArrowSchema*); void* private_data;
    };
    struct ArrowArray {
      int64_t length; int64_t null_count; int64_t offset; int64_t n_buffers; int64_t n_children; const void** buffers;
      struct ArrowArray** children; struct ArrowArray* dictionary; void (*release)(struct ArrowArray*); void* private_data;
    };
    #endif
    """
    struct ArrowSchema:
        const char* format
        const char* name
        int64_t n_children
        ArrowSchema** children
        ArrowSchema* dictionary
    struct ArrowArray:
        int64_t length
        int64_t null_count
        int64_t offset
        int64_t n_buffers
        int64_t n_children
        const void** buffers
        ArrowArray** children

_WIDTHS = {"C": 1, "c": 1, "s": 2, "i": 4, "I": 4, "l": 8, "b": 0, "u": 1, "z": 1, "w:16": 16}


cdef class RecordColumns:
    def __init__(self, batch, fields):
        cdef ArrowSchema* schema
        cdef ArrowArray* array
        cdef ArrowArray* child
        cdef Column* column
        cdef int64_t i
        self._schema, self._array = batch.__arrow_c_array__()
        schema = <ArrowSchema*>PyCapsule_GetPointer(self._schema, "arrow_schema")
        array = <ArrowArray*>PyCapsule_GetPointer(self._array, "arrow_array")
        self.rows = array.length
        self.columns = <Column*>calloc(len(fields) + 1, sizeof(Column))
        if self.columns == NULL:
            raise MemoryError
        places = {}
        for i in range(schema.n_children):
            places[schema.children[i].name.decode()] = i
        for i, (name, format) in enumerate(fields):
            if name not in places:
                raise AssemblyError(f"column {name} is missing")
            place = places[name]
            found = schema.children[<int64_t>place].format.decode()
            if found != format or schema.children[<int64_t>place].dictionary != NULL:
                raise AssemblyError(f"column {name} has Arrow format {found!r}, not {format!r}")
            child = array.children[<int64_t>place]
            column = &self.columns[i]
            column.first = array.offset + child.offset
            column.validity = <const uint8_t*>child.buffers[0] if child.null_count else NULL
            column.width = _WIDTHS[format]
            if format == "u" or format == "z":
                column.offsets = <const int32_t*>child.buffers[1]
                column.values = <const uint8_t*>child.buffers[2]
            else:
                column.values = <const uint8_t*>child.buffers[1]

    def __dealloc__(self):
        free(self.columns)
