# From evidence to score: log2 of the odds at evidence above the population's prior, both in hundredths of a bit; straight between
# two knots, and on beyond the last. python -m bench.foreign_list.score_curve fits it (docs/names.md, "Persons").

from libc.stdint cimport int32_t

cdef extern from *:
    """
    #define SCORE_COUNT 26
    static const int32_t SCORE_KNOTS[SCORE_COUNT] = {
        -2000, -1500, -1100, -1000, -900, -800, -700, -600, -500, -401, -400, -1, 0, 239, 240, 899,
        900, 1000, 1100, 1200, 1300, 1400, 1500, 2000, 3000, 4500
    };
    static const int32_t SCORE_VALUES[SCORE_COUNT] = {
        -1313, -1083, -852, -717, -715, -577, -439, -385, -380, -322, -181, -173, 0, 5, 283, 296,
        398, 590, 709, 807, 878, 954, 1069, 1241, 1426, 1613
    };
    """
    const int SCORE_COUNT
    const int32_t SCORE_KNOTS[26]
    const int32_t SCORE_VALUES[26]
