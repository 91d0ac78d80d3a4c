# The question in a text of one box, in the plain form of its kind's field, and the other facts in it (docs/answers.md
# section 8, "One box").

from libc.stddef cimport size_t
from libc.stdint cimport int32_t

from core.free_text.birth cimport Born

cdef enum:
    BOX_TEXT = 512               # bytes
    SEEN_TEXT = 24

cdef struct BoxText:
    char text[BOX_TEXT]          # "P482FGH", "SLV:B04561283", "MARIA ROJO LOPEZ 02/11/1979"
    int size
    int kind                     # KEY_* that a word beside it says; 0 = whatever the text fits
    int also                     # a further number of a vehicle: KEY_VIN, KEY_CHASSIS_TAIL or KEY_ENGINE; 0 = none
    char also_text[SEEN_TEXT]
    int also_size
    bint of_vehicle
    bint holds_two               # two persons or vehicles are asked for
    bint is_unread               # a machine readable zone that cannot be read: nothing is asked
    Born born                    # of a person asked by number
    char names[BOX_TEXT]         # words beside the number that may be a name
    int names_size
    char make[SEEN_TEXT]         # of a vehicle, folded; length 0 = not said
    int make_size
    char colour[SEEN_TEXT]
    int colour_size
    int32_t model_year           # 0 = not said

# False: the text is plain, one identifier or a name with or without a birth date behind it, and is read as it stands.
cdef bint read_box(const char* text, size_t n, BoxText* out) noexcept nogil
