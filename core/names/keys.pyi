"""Names: folding, tokens, phonetic keys and their comparison, by docs/answers.md section 2.

Bounds: the first 64 tokens of a name and the first 64 letters of a token count; the rest is dropped.
Letters are those of the Latin script; a name without one of them is written in Latin letters first (docs/names.md,
"Names"). Beside them characters of other scripts separate, as lone surrogates and bytes that are no UTF-8 always do.
Texts are str, or bytes of UTF-8.
"""

def fold(text: str | bytes) -> str:
    """Upper case, accents dropped, Ñ kept, apostrophes gone, tokens separated by one space; particles stay."""

def tokens(text: str | bytes) -> list[str]:
    """Folded tokens in order, without particles unless nothing would be left."""

def phonetic_key(token: str | bytes) -> str:
    """Phonetic key of one token, ASCII; CH is the symbol "C". A text of several tokens: of the first; "" of none."""

def name_key(text: str | bytes) -> str:
    """Phonetic keys of the tokens, sorted, joined by one space; "" when there is no token."""

def name_key_of_parts(
    first_given: str | bytes = "",
    second_given: str | bytes = "",
    third_given: str | bytes = "",
    first_surname: str | bytes = "",
    second_surname: str | bytes = "",
    full: str | bytes = "",
) -> str:
    """Name key of a name in parts, and of `full` when the parts hold no token. Married surnames are left out."""
