# Weights of the comparison of names, hundredths of a bit (docs/names.md, "Tokens" to "Persons").
# bench/names/calibrate.py fitted them on noisy pairs of its own; never on public sets of aliases. tests/oracle/name_match.py
# reads this file.

from libc.stdint cimport int32_t

cdef extern from *:
    """
    static const int32_t COSTS[19] = {
        0,    /* NONE */
        0,    /* EXACT */
        80,   /* PHONETIC */
        150,  /* LOST */
        80,   /* JOINED */
        100,  /* ABBREVIATION */
        250,  /* TRANSLITERATED */
        150,  /* OCR */
        250,  /* EDIT */
        350,  /* PHONETIC_EDIT */
        150,  /* NICKNAME */
        700,  /* ENDING, of given names */
        450,  /* TWO_EDITS */
        550,  /* SHORT_EDIT */
        100,  /* INITIAL */
        0, 0, 0, 0,
    };
    """
    const int32_t COSTS[19]

cdef enum:
    COST_MARRIED = 100             # a husband's surname paired with a surname
    COST_CROSSED = 300             # a given name paired with a surname
    COST_CROSSED_GUESS = 120       # the same where a role is a guess
    INITIAL_BITS = 350             # the most that an initial tells
    PAIR_PREFERRED = 60            # a pair that tells nothing is still preferred to two tokens left over
    PENALTY_CONFLICT_GIVEN = 1000
    PENALTY_EXTRA_GIVEN = 400
    PENALTY_MISSING_GIVEN = 60     # a given name that one side lacks
    PENALTY_CONFLICT_SURNAME = 1100
    PENALTY_EXTRA_SURNAME = 500
    PENALTY_MISSING_SURNAME = 120
    PENALTY_FIRST_SURNAME_LEFT = 150  # besides: it is the mother's, the second, that people drop
    PENALTY_SURNAMES_TURNED = 400  # PEREZ LOPEZ, LOPEZ PEREZ
    # Brothers and sisters share surnames, however rare: where given names differ, surnames tell no more than this.
    SURNAMES_MOST_EXTRA = 1400     # an unpaired given name on each side, besides a pair
    SURNAMES_MOST_CONFLICT = 600   # no pair of given names
    PENALTY_GIVEN_TURNED = 150
    BONUS_WHOLE = 250              # nothing left over on either side
    BONUS_EQUAL = 50
    AGREES_COST_MOST = 350         # the names agree up to this cost of kinds and crossed roles
    BIRTH_EXACT = 1400             # log2(366 days of about 50 years)
    BIRTH_NOISE = 900              # day and month swapped, or the year one off or of another century
    BIRTH_DAYS = 700               # one or two days off
    BIRTH_DIGIT = 450              # another digit wrong, or two swapped: some thirty dates are so near
    BIRTH_MONTH = 850              # the month is known and equal, the day is not known
    BIRTH_YEAR = 500               # only the year is known and equal
    BIRTH_YEAR_NEAR = 150          # the year is one off, day or month not known
    BIRTH_DIFFERS = -1200
    SEX_SAME = 100
    SEX_DIFFERS = -800
    DEPARTMENT_SAME = 300
    DEPARTMENT_DIFFERS = -100
    MUNICIPALITY_SAME = 300        # besides the department
    PARENTS_AGREE = 600
    PARENTS_DISAGREE = -600
    # Score: logistic of SLOPE / 100 * (evidence - prior) + OFFSET
    SLOPE = 100
    OFFSET = 0
