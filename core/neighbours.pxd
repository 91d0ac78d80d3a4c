# What a list of people or vehicles would count through: neighbouring numbers asked for in a row are a sign of enumeration.

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint64_t

from core.atomics cimport ronda_add, ronda_load, ronda_store
from core.dossier cimport KEY_CUI, KEY_NIT, KEY_PLATE, KEY_TELEPHONE

cdef inline uint64_t neighbour_number(const uint8_t* key, size_t size) noexcept nogil:
    """What was asked for as kind << 56 | number, neighbours being numbers that a list would have in a row; 0 = none.

    CUI: municipality and serial, without the check digit. Plate: letters, then digits. Telephone: the number. NIT: without the check digit.
    """
    cdef uint64_t number = 0, letters = 0
    cdef size_t i
    if size < 2:
        return 0
    if key[0] == KEY_CUI and size == 14:
        for i in range(10, 14):
            number = number * 10 + (key[i] - c"0")
        for i in range(1, 9):
            number = number * 10 + (key[i] - c"0")
    elif key[0] == KEY_TELEPHONE or key[0] == KEY_NIT:
        for i in range(1, min(size, <size_t>14)):
            if not c"0" <= key[i] <= c"9" or (key[0] == KEY_NIT and i == size - 1):
                break
            number = number * 10 + (key[i] - c"0")
    elif key[0] == KEY_PLATE and size >= 7:
        for i in range(size - 6, size):
            if c"0" <= key[i] <= c"9":
                number = number * 10 + (key[i] - c"0")
            elif c"A" <= key[i] <= c"Z":
                letters = letters * 26 + (key[i] - c"A")
        number += letters * 1000
    else:
        return 0
    return <uint64_t>key[0] << 56 | (number & 0xFFFFFFFFFFFFFFULL)


cdef enum:
    RING = 9                     # numbers asked for last that are kept
    NEAR = 20                    # numbers so far apart are neighbours

cdef struct NumberRing:          # shared by all workers, changed by atomic operations only
    uint64_t next                # place, ever growing
    uint64_t numbers[9]          # as neighbour_number makes them; bit 63, which no kind has: its last look-up was refused

cdef inline bint meet_number(NumberRing* ring, uint64_t number) noexcept nogil:
    """Whether it lies next to one of the numbers asked for last; it joins them.

    The same number again is no neighbour, unless it was refused: else everything could be had by asking twice.
    """
    cdef uint64_t refused = <uint64_t>1 << 63, held, other, apart
    cdef bint near = False, same = False
    cdef int i
    for i in range(RING):
        held = ronda_load(&ring.numbers[i])
        other = held & ~refused
        apart = number - other if number > other else other - number
        if apart == 0:
            if held != other:
                return True
            same = True
        elif apart <= NEAR:
            near = True
    if not same:
        ronda_store(&ring.numbers[ronda_add(&ring.next, 1) % RING], number)
    return near and not same

cdef inline void mark_number(NumberRing* ring, uint64_t number, bint refused) noexcept nogil:
    """Notes whether the look-up of a number in the ring was refused."""
    cdef uint64_t bit = <uint64_t>1 << 63
    cdef int i
    for i in range(RING):
        if ronda_load(&ring.numbers[i]) & ~bit == number:
            ronda_store(&ring.numbers[i], number | bit if refused else number)
