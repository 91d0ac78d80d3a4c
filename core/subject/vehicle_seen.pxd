# The facts in a search of vehicles besides plate and number, and the comparison of a vehicle's registrations with them
# (docs/answers.md section 13, "Search").

from libc.stdint cimport int32_t, uint8_t, uint32_t

from core.call.memory cimport Call, Compared
from core.free_text.vehicles cimport WORD_BYTES, WORDS_MAX
from core.generation.view cimport Dossier

cdef enum:
    SEEN_MAX = 520               # bytes of a folded text: 64 characters, each at most a few letters

cdef struct Seen:                # what is not asked has length 0
    char make[SEEN_MAX]          # folded, as all texts here
    size_t make_length
    char words[WORDS_MAX][WORD_BYTES]  # of make or line, without spaces
    size_t lengths[WORDS_MAX]
    int n_words
    char type[SEEN_MAX]
    size_t type_length
    bint asks_type
    uint32_t kinds               # core/free_text/vehicles.pxd kind_mask
    char colour[SEEN_MAX]
    size_t colour_length
    bint asks_colour
    uint32_t colours             # colour_mask
    int32_t model_year           # 0 = not asked

# Agreements of what is asked with the visible registrations join `compared`, in the order make, kind, colour, year.
# Whether none of them DISAGREES.
cdef bint compare_with_seen(Call* call, const Seen* seen, const Dossier* vehicle, Compared* compared) noexcept nogil
