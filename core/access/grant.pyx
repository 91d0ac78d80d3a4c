"""The rights of a caller: for each sensitivity a mask of sections."""

from collections.abc import Mapping

from libc.stdint cimport uint64_t


cdef class Grant:
    def __init__(self, masks, *, bint masks_lists=False):
        if not isinstance(masks, Mapping):
            if len(masks) != SENSITIVITIES - 1:
                raise ValueError("a grant has one mask for each of the five sensitivities")
            masks = dict(enumerate(masks, 1))
        for sensitivity, mask in masks.items():
            if not 1 <= sensitivity < SENSITIVITIES:
                raise ValueError("a sensitivity is a number from 1 to 5")
            if not 0 <= mask < 1 << 64:
                raise ValueError("a mask has 64 bits")
            self.masks.masks[<int>sensitivity] = mask
        self.masks.masks[0] = self.masks.masks[1] & ~(<uint64_t>1 << MASKS_LISTS_BIT)
        if masks_lists:
            self.masks.masks[0] |= <uint64_t>1 << MASKS_LISTS_BIT

    @staticmethod
    def everything():
        return Grant([(1 << 64) - 1] * 5)

    def mask(self, int sensitivity, /):
        if not 1 <= sensitivity < SENSITIVITIES:
            raise ValueError("a sensitivity is a number from 1 to 5")
        return self.masks.masks[sensitivity]

    @property
    def masks_lists(self):
        return bool(grant_masks_lists(&self.masks))

    def with_whole_lists(self):
        return Grant([self.masks.masks[i] for i in range(1, SENSITIVITIES)])

    def __eq__(self, other, /):
        if not isinstance(other, Grant):
            return NotImplemented
        return bool(grants_equal(&self.masks, &(<Grant>other).masks))

    def __hash__(self):
        return hash(tuple([self.masks.masks[i] for i in range(1, SENSITIVITIES)]))
