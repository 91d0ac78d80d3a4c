"""Reading of typed identifiers; called from compiled code only. Python calls core.identifiers.api."""

from libc.stdint cimport uint32_t

from core.names.unicode cimport decode_utf8


cdef bint is_separator(uint32_t code) noexcept nogil:
    if code < 0x80:
        return (
            code == c" " or c"\t" <= code <= c"\r"
            or code == c"-" or code == c"." or code == c"," or code == c"/" or code == c"_"
        )
    return (
        code == 0xA0 or code == 0xAD              # no-break space, soft hyphen
        or 0x2000 <= code <= 0x200D               # spaces of every width, zero included
        or 0x2010 <= code <= 0x2015               # hyphens and dashes
        or code == 0x202F or code == 0x2060 or code == 0x2212 or code == 0xFEFF
    )


cdef bint is_ignored(uint32_t code, int ignored, bint started) noexcept nogil:
    if is_separator(code):
        return True
    if ignored == ONLY_SEPARATORS or not c"!" <= code <= c"~":
        return False
    if ignored == TELEPHONE_SIGNS:
        return code == c"(" or code == c")"
    if ignored == PLATE_SIGNS and (code == c"*" or code == c"?"):
        return code == c"?" and not started
    return True


cdef void compact(const char* text, size_t n, int ignored, Compact* out) noexcept nogil:
    cdef const unsigned char* at = <const unsigned char*>text
    cdef const unsigned char* end = at + n
    cdef uint32_t code
    out.n = 0
    out.letters = 0
    out.bad = False
    out.plus = False
    while at < end:
        at += decode_utf8(at, end, &code)
        if c"a" <= code <= c"z":
            code -= 32
        if c"A" <= code <= c"Z":
            out.letters += 1
        elif not c"0" <= code <= c"9":
            if code == c"+" and ignored == TELEPHONE_SIGNS and out.n == 0 and not out.plus:
                out.plus = True
            elif not is_ignored(code, ignored, out.n > 0):
                out.bad = True
                return
            continue
        if out.n < COMPACT_MAX:
            out.text[out.n] = <char>code
        if out.n <= COMPACT_MAX:
            out.n += 1
