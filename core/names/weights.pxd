# Weights of the comparison of names, hundredths of a bit (docs/names.md, "Tokens" to "Persons").
# bench/names/calibrate.py fitted them on noisy pairs of its own; never on public sets of aliases. tests/oracle/name_match.py
# reads this file.

from libc.stdint cimport int32_t

cdef extern from *:
    """
    static const int32_t COSTS[23] __attribute__((unused)) = {
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
        400,  /* PET */
        100,  /* INITIAL */
        1600, /* A_SHORT: it tells nothing for them, and nothing against */
        1600, /* B_SHORT */
        1600, /* ALIKE */
        0, 0, 0, 0,
    };
    """
    const int32_t COSTS[23]

cdef enum:
    COST_MARRIED = 100             # a husband's surname paired with a surname
    COST_CROSSED = 300             # a given name paired with a surname
    COST_CROSSED_GUESS = 120       # the same where a role is a guess
    INITIAL_BITS = 350             # the most that an initial tells
    PAIR_PREFERRED = 60            # a pair that tells nothing is still preferred to two tokens left over
    PENALTY_CONFLICT_GIVEN = 750
    PENALTY_EXTRA_GIVEN = 400
    PENALTY_MISSING_GIVEN = 60     # a given name that one side lacks
    PENALTY_CONFLICT_SURNAME = 850
    PENALTY_EXTRA_SURNAME = 500
    PENALTY_MISSING_SURNAME = 120
    PENALTY_FIRST_SURNAME_LEFT = 150  # besides: it is the mother's, the second, that people drop
    PENALTY_SURNAMES_TURNED = 400  # PEREZ LOPEZ, LOPEZ PEREZ
    # Brothers and sisters share surnames, however rare: where given names differ, surnames tell no more than this.
    SURNAMES_MOST_EXTRA = 1400     # an unpaired given name on each side, besides a pair
    SURNAMES_MOST_CONFLICT = 600   # no pair of given names
    # For names in which a word stands for another: relatives share the rest. The values above count by a part only.
    EXCHANGED_FULL = 250
    EXCHANGED_PART = 5
    # Names of few words are alike by chance, and by slips, oftener than their words' rarity says; and words of one language come together.
    ONE_PAIR = 400
    TWO_PAIRS = 300
    THREE_PAIRS = 150
    PAIR_ABROAD = 200              # of each pair but the first of words that the built-in table lacks
    PARTICLE_BITS = 150            # the most that a particle of another language tells
    PENALTY_GIVEN_TURNED = 150
    BONUS_WHOLE = 250              # nothing left over on either side
    BONUS_EQUAL = 50
    AGREES_COST_MOST = 350         # the names agree up to this cost of kinds and crossed roles
    # Weights of birth dates, by core.calendar's grades: python -m bench.names.birth_grades estimates them
    # (docs/names.md, "Persons"), and they count 1.2 times beside names
    BIRTH_EQUAL = 1640
    BIRTH_SWAPPED = 1050
    BIRTH_YEAR_OFF = 900
    BIRTH_CENTURY = 1010
    BIRTH_DAYS = 680
    BIRTH_DIGIT = 410
    BIRTH_DIGITS_SWAPPED = 710
    BIRTH_DAY_ALONE = -930
    BIRTH_YEAR_ALONE = -310
    BIRTH_DECADE = -620
    BIRTH_ELSE = -960
    BIRTH_MONTH_KNOWN = 1070
    BIRTH_YEAR_KNOWN = 650
    BIRTH_YEAR_NEAR = -30
    BIRTH_PART_DIFFERS = -50
    BIRTH_PART_DECADE = -560
    BIRTH_PART_ELSE = -750
    SEX_SAME = 100
    SEX_DIFFERS = -800
    DEPARTMENT_SAME = 300
    DEPARTMENT_DIFFERS = -100
    MUNICIPALITY_SAME = 300        # besides the department
    PARENTS_AGREE = 600
    PARENTS_DISAGREE = -600
