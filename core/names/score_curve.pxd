# From evidence to score: log2 of the odds at evidence above the population's prior, both in hundredths of a bit; straight between
# two knots, and on beyond the last. python -m bench.foreign_list.score_curve fits it (docs/names.md, "Persons").

from libc.stdint cimport int32_t

cdef extern from *:
    """
    #define SCORE_COUNT 34
    static const int32_t SCORE_KNOTS[SCORE_COUNT] = {
        -2000, -1500, -1100, -1000, -900, -800, -700, -600, -500, -400, -300, -200, -100, 0, 100, 200, 239,
        240, 300, 400, 500, 600, 700, 800, 900, 1000, 1100, 1200, 1300, 1400, 1500, 2000, 3000, 4500
    };
    static const int32_t SCORE_VALUES[SCORE_COUNT] = {
        -1257, -1065, -873, -756, -708, -579, -448, -390, -366, -323, -258, -214, -119, -60, -6, -1, 1, 207,
        221, 283, 333, 352, 369, 384, 420, 536, 659, 765, 856, 944, 1041, 1156, 1279, 1402
    };
    """
    const int SCORE_COUNT
    const int32_t SCORE_KNOTS[34]
    const int32_t SCORE_VALUES[34]
