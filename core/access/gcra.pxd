# Token buckets over words that all workers share: `paid` is the theoretical arrival time in microseconds of limits_now;
# at most now = the allowance is whole.

from libc.stdint cimport uint64_t

from core.machine.atomics cimport ronda_load, ronda_swap

# A token bucket as GCRA (ITU-T I.371) counts it: one look-up costs `interval_us` of time, and `burst_us` of time may be
# spent at once. interval_us 0 = no limit.
cdef struct LimitRule:
    uint64_t interval_us
    uint64_t burst_us

cdef enum:
    SPENT_BIT = 63               # of a word `paid`: the whole allowance was spent at the time in the other bits

cdef enum:
    WHOLE = 16                   # gcra_weigh's unit: so many are one look-up

cdef inline uint64_t gcra_spent_at(uint64_t now) noexcept nogil:
    """Returns a word with its allowance spent now, under any rule."""
    return now | (<uint64_t>1 << SPENT_BIT)

cdef inline uint64_t gcra_time(uint64_t paid) noexcept nogil:
    """The time in a word, to compare ages."""
    return paid & ~(<uint64_t>1 << SPENT_BIT)

cdef inline uint64_t gcra_base(uint64_t paid, uint64_t burst_us, uint64_t now) noexcept nogil:
    """Returns the time from which the next look-up is paid. More than two days ahead of every burst, the clock went
    back."""
    if paid >> SPENT_BIT:
        paid = gcra_time(paid) + burst_us
    return now if paid <= now or paid > now + burst_us + 172800000000ULL else paid

cdef inline uint64_t gcra_spend(uint64_t* paid, const LimitRule* rule, uint64_t n, uint64_t now) noexcept nogil:
    """Spends `n` look-ups: 0, or the microseconds to wait and nothing spent."""
    cdef uint64_t old, fresh
    if rule.interval_us == 0:
        return 0
    while True:
        old = ronda_load(paid)
        fresh = gcra_base(old, rule.burst_us, now) + n * rule.interval_us
        if fresh > now + rule.burst_us:
            return fresh - rule.burst_us - now
        if ronda_swap(paid, old, fresh):
            return 0

cdef inline uint64_t gcra_weigh(uint64_t* paid, const LimitRule* rule, uint64_t costs, uint64_t pays,
                                uint64_t now) noexcept nogil:
    """A look-up for which there must be room for a whole one, whatever it then costs: 0, or the microseconds to wait.

    `costs`, `pays`: sixteenths of a look-up. What it pays back are others' costs, never more than those.
    """
    cdef uint64_t old, fresh, back = pays * rule.interval_us // WHOLE
    if rule.interval_us == 0:
        return 0
    while True:
        old = ronda_load(paid)
        fresh = gcra_base(old, rule.burst_us, now)
        if fresh + rule.interval_us > now + rule.burst_us:
            return fresh + rule.interval_us - rule.burst_us - now
        fresh += costs * rule.interval_us // WHOLE
        fresh = fresh - back if fresh - now > back else now
        if fresh == now and old <= now or ronda_swap(paid, old, fresh):  # nothing is owed: the common case changes nothing
            return 0

cdef inline void gcra_pay(uint64_t* paid, const LimitRule* rule, uint64_t pays, uint64_t now) noexcept nogil:
    """Pays back sixteenths of a look-up, room or none."""
    cdef uint64_t old = ronda_load(paid), back = pays * rule.interval_us // WHOLE
    if old > now and not old >> SPENT_BIT:                # lost to another worker: one look-up pays nothing
        ronda_swap(paid, old, old - back if old - now > back else now)

cdef inline double gcra_used(const uint64_t* paid, const LimitRule* rule, uint64_t now) noexcept nogil:
    """Share of the burst that is spent now."""
    if rule.interval_us == 0:
        return 0.0
    return <double>(gcra_base(ronda_load(paid), rule.burst_us, now) - now) / <double>rule.burst_us
