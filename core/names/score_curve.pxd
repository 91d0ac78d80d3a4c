# From evidence to score: log2 of the odds at evidence above the population's prior, both in hundredths of a bit; straight between
# two knots, and on beyond the last. python -m bench.foreign_list.score_curve fits it (docs/names.md, "Persons").

from libc.stdint cimport int32_t

cdef extern from *:
    """
    #define SCORE_COUNT 26
    static const int32_t SCORE_KNOTS[SCORE_COUNT] = {
        -2049, -1101, -1100, -901, -900, -651, -650, -501, -500, -251, -250, -1, 0, 239, 240, 399, 400, 499,
        500, 799, 800, 999, 1000, 1399, 1400, 5709
    };
    static const int32_t SCORE_VALUES[SCORE_COUNT] = {
        -973, -926, -767, -757, -592, -579, -402, -394, -305, -293, -151, -138, -19, -7, 237, 244, 254, 259,
        343, 358, 621, 631, 783, 803, 998, 1213
    };
    """
    const int SCORE_COUNT
    const int32_t SCORE_KNOTS[26]
    const int32_t SCORE_VALUES[26]
