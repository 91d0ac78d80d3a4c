# UTF-8 decoding that tolerates any bytes, for names and identifiers.

from libc.stdint cimport uint32_t

cdef enum:
    NO_CODE_POINT = 0x110000  # an invalid byte

# Code point at p (p < end) into code[0]; the bytes it takes. An invalid byte is NO_CODE_POINT and takes one: overlong forms,
# surrogates and code points above U+10FFFF are invalid.
cdef inline size_t decode_utf8(const unsigned char* p, const unsigned char* end, uint32_t* code) noexcept nogil:
    cdef uint32_t a = p[0], value
    cdef size_t length, k
    if a < 0x80:
        code[0] = a
        return 1
    code[0] = NO_CODE_POINT
    if a < 0xC2 or a > 0xF4:
        return 1
    if a < 0xE0:
        length = 2
        value = a & 0x1F
    elif a < 0xF0:
        length = 3
        value = a & 0x0F
    else:
        length = 4
        value = a & 0x07
    if <size_t>(end - p) < length:
        return 1
    for k in range(1, length):
        if p[k] & 0xC0 != 0x80:
            return 1
        value = value << 6 | (p[k] & 0x3F)
    if length == 3 and (value < 0x800 or 0xD800 <= value <= 0xDFFF):
        return 1
    if length == 4 and (value < 0x10000 or value > 0x10FFFF):
        return 1
    code[0] = value
    return length


# Characters without width, which hide a part of a text or turn its order: Unicode's Default_Ignorable_Code_Point (15.0), and the
# marks of an annotation (U+FFF9 to FFFB).
cdef inline bint is_without_width(uint32_t code) noexcept nogil:
    if code < 0x2000:
        return (
            code == 0xAD or code == 0x34F or code == 0x61C or code == 0x115F or code == 0x1160
            or code == 0x17B4 or code == 0x17B5 or 0x180B <= code <= 0x180F
        )
    if code < 0x10000:
        return (
            0x200B <= code <= 0x200F or 0x202A <= code <= 0x202E or 0x2060 <= code <= 0x206F or code == 0x3164
            or 0xFE00 <= code <= 0xFE0F or code == 0xFEFF or code == 0xFFA0 or 0xFFF0 <= code <= 0xFFFB
        )
    return 0x1BCA0 <= code <= 0x1BCA3 or 0x1D173 <= code <= 0x1D17A or 0xE0000 <= code <= 0xE0FFF
