# Invariants of the compiled core, and the layout of structs on disk: see invariant.h.

cdef extern from "invariant.h" nogil:
    # Ends the process by name where it does not hold. name: a text constant without data of anybody.
    void INVARIANT(bint holds, const char* name) noexcept
    # The same, evaluated with RONDA_VERIFY=1 only.
    void INVARIANT_VERIFIED(bint holds, const char* name) noexcept
    # Holds while compiling; holds: a constant made of sizeof.
    void LAYOUT(bint holds) noexcept
    # The place of a field, as <size_t>&(<Struct*>NULL).field; held where it is reached, and costs nothing.
    void LAYOUT_PLACE(bint holds) noexcept
