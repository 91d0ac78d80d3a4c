"""Names: folding, tokens, phonetic keys and name keys, by docs/answers.md section 2.

Bounds: the first 64 tokens of a name and the first 64 letters of a token count; the rest is dropped.
Letters are those of the Latin script; characters of other scripts separate, as lone surrogates and bytes that are no
UTF-8 do.
Texts are str, or bytes of UTF-8.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint16_t
from libc.string cimport memcmp, memcpy

from core.names.folding cimport LOST, N_TILDE, FoldedName, drop_particles, fold_latin, fold_name, fold_other
from core.names.phonetic cimport phonetic_symbols

# The phonetic keys of a name; built aside, then sorted by number.
cdef struct NameKeys:
    int count
    uint16_t order[TOKENS_MAX]
    uint8_t length[TOKENS_MAX]
    uint8_t symbols[TOKENS_MAX][TOKEN_LETTERS_MAX]


cdef int join(const FoldedName* name, char* out, size_t cap) noexcept nogil:
    cdef size_t k = 0
    cdef int i, j
    for i in range(name.count):
        if i:
            if k == cap:
                return -1
            out[k] = c" "
            k += 1
        for j in range(name.length[i]):
            if name.letters[i][j] == N_TILDE:
                if cap - k < 2:
                    return -1
                out[k] = <char>0xC3
                out[k + 1] = <char>0x91
                k += 2
            elif name.letters[i][j] == LOST:
                if cap - k < 3:
                    return -1
                out[k] = <char>0xEF
                out[k + 1] = <char>0xBF
                out[k + 2] = <char>0xBD
                k += 3
            else:
                if k == cap:
                    return -1
                out[k] = <char>name.letters[i][j]
                k += 1
    return <int>k


cdef int fold_into(const char* text, size_t n, char* out, size_t cap) noexcept nogil:
    cdef FoldedName name
    fold_name(<const unsigned char*>text, n, &name)
    return join(&name, out, cap)


cdef int tokens_into(const char* text, size_t n, char* out, size_t cap) noexcept nogil:
    cdef FoldedName name
    fold_name(<const unsigned char*>text, n, &name)
    drop_particles(&name)
    return join(&name, out, cap)


cdef int phonetic_key_into(const char* token, size_t n, char* out) noexcept nogil:
    cdef FoldedName name
    fold_name(<const unsigned char*>token, n, &name)
    if name.count == 0:
        return 0
    return phonetic_symbols(name.letters[0], name.length[0], <uint8_t*>out)


cdef inline bint precedes(const NameKeys* keys, int a, int b) noexcept nogil:
    cdef int shorter = min(keys.length[a], keys.length[b])
    cdef int order = memcmp(keys.symbols[a], keys.symbols[b], shorter)
    return order < 0 or (order == 0 and keys.length[a] < keys.length[b])


# Insertion sort: a name has three to six tokens, and never over 64.
cdef int sorted_keys_into(FoldedName* name, char* out, size_t cap) noexcept nogil:
    cdef NameKeys keys
    cdef size_t k = 0
    cdef int i, j
    drop_particles(name)
    for i in range(name.count):
        keys.length[i] = phonetic_symbols(name.letters[i], name.length[i], keys.symbols[i])
        j = i
        while j > 0 and precedes(&keys, i, keys.order[j - 1]):
            keys.order[j] = keys.order[j - 1]
            j -= 1
        keys.order[j] = i
    for i in range(name.count):
        j = keys.order[i]
        if cap - k < <size_t>keys.length[j] + (1 if i else 0):
            return -1
        if i:
            out[k] = c" "
            k += 1
        memcpy(out + k, keys.symbols[j], keys.length[j])
        k += keys.length[j]
    return <int>k


cdef int name_key_into(const char* text, size_t n, char* out, size_t cap) noexcept nogil:
    cdef FoldedName name
    fold_name(<const unsigned char*>text, n, &name)
    return sorted_keys_into(&name, out, cap)


# Folds b behind a, as if the two texts were joined by a space. other: its words in another script, else those in Latin letters.
cdef void append_folded(FoldedName* a, const char* text, size_t n, bint other) noexcept nogil:
    cdef FoldedName b
    cdef int i
    if n == 0:
        return
    if other:
        fold_other(<const unsigned char*>text, n, &b)
    else:
        fold_latin(<const unsigned char*>text, n, &b)
    for i in range(b.count):
        if a.count == TOKENS_MAX:
            return
        memcpy(a.letters[a.count], b.letters[i], b.length[i])
        a.length[a.count] = b.length[i]
        a.count += 1


cdef int name_key_of_parts_into(const char** parts, const size_t* lengths, const char* full, size_t full_n,
                                char* out, size_t cap) noexcept nogil:
    cdef FoldedName name
    cdef int i, other
    name.count = 0
    for other in range(2):       # other scripts where no part has a word in Latin letters, as in one text
        if name.count == 0:
            for i in range(5):
                append_folded(&name, parts[i], lengths[i], other)
    if name.count == 0:
        fold_name(<const unsigned char*>full, full_n, &name)
    return sorted_keys_into(&name, out, cap)


cdef bytes utf8(object text):
    if isinstance(text, bytes):
        return text
    if isinstance(text, str):
        return (<str>text).encode("utf-8", "surrogatepass")
    raise TypeError(f"a name is str or bytes, not {type(text).__name__}")


def fold(text: str | bytes) -> str:
    """Upper case, accents dropped, Ñ kept, apostrophes gone, tokens separated by one space; particles stay."""
    cdef char out[FOLDED_MAX]
    cdef bytes data = utf8(text)
    cdef int n = fold_into(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), out, FOLDED_MAX)
    return out[:n].decode("utf-8")


def tokens(text: str | bytes) -> list[str]:
    """Folded tokens in order, without particles unless nothing would be left."""
    cdef char out[FOLDED_MAX]
    cdef bytes data = utf8(text)
    cdef int n = tokens_into(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), out, FOLDED_MAX)
    return out[:n].decode("utf-8").split()


def phonetic_key(token: str | bytes) -> str:
    """Phonetic key of one token, ASCII; CH is the symbol "C". A text of several tokens: of the first; "" of none."""
    cdef char out[TOKEN_LETTERS_MAX]
    cdef bytes data = utf8(token)
    cdef int n = phonetic_key_into(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), out)
    return out[:n].decode("ascii")


def name_key(text: str | bytes) -> str:
    """Phonetic keys of the tokens, sorted, joined by one space; "" when there is no token."""
    cdef char out[NAME_KEY_MAX]
    cdef bytes data = utf8(text)
    cdef int n = name_key_into(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), out, NAME_KEY_MAX)
    return out[:n].decode("ascii")


def name_key_of_parts(
    first_given: str | bytes = "",
    second_given: str | bytes = "",
    third_given: str | bytes = "",
    first_surname: str | bytes = "",
    second_surname: str | bytes = "",
    full: str | bytes = "",
) -> str:
    """Name key of a name in parts, and of `full` when the parts hold no token. Married surnames are left out."""
    cdef char out[NAME_KEY_MAX]
    cdef const char* parts[5]
    cdef size_t lengths[5]
    cdef bytes a = utf8(first_given), b = utf8(second_given), c = utf8(third_given)
    cdef bytes d = utf8(first_surname), e = utf8(second_surname), whole = utf8(full)
    parts[0], parts[1], parts[2] = PyBytes_AS_STRING(a), PyBytes_AS_STRING(b), PyBytes_AS_STRING(c)
    parts[3], parts[4] = PyBytes_AS_STRING(d), PyBytes_AS_STRING(e)
    lengths[0], lengths[1], lengths[2] = PyBytes_GET_SIZE(a), PyBytes_GET_SIZE(b), PyBytes_GET_SIZE(c)
    lengths[3], lengths[4] = PyBytes_GET_SIZE(d), PyBytes_GET_SIZE(e)
    cdef int n = name_key_of_parts_into(
        parts, lengths, PyBytes_AS_STRING(whole), PyBytes_GET_SIZE(whole), out, NAME_KEY_MAX
    )
    return out[:n].decode("ascii")
