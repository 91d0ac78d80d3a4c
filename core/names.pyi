"""Names: folding, tokens, phonetic keys and their comparison, by docs/answers.md section 2.

Bounds: the first 64 tokens of a name and the first 64 letters of a token count; the rest is dropped.
Letters are those of the Latin script; characters of other scripts separate, as lone surrogates do.
"""

def fold(text: str) -> str:
    """Upper case, accents dropped, Ñ kept, apostrophes gone, tokens separated by one space; particles stay."""

def tokens(text: str) -> list[str]:
    """Folded tokens in order, without particles unless nothing would be left."""

def phonetic_key(token: str) -> str:
    """Phonetic key of one token, ASCII; CH is the symbol "C". A text of several tokens: of the first; "" of none."""

def name_key(text: str) -> str:
    """Phonetic keys of the tokens, sorted, joined by one space; "" when there is no token."""

def name_key_of_parts(
    first_given: str = "",
    second_given: str = "",
    third_given: str = "",
    first_surname: str = "",
    second_surname: str = "",
    full: str = "",
) -> str:
    """Name key of a name in parts, and of `full` when the parts hold no token. Married surnames are left out."""

def compare_keys(key_a: str, key_b: str) -> int:
    """ronda.v1 Agreement of two name keys: 1 AGREES (equal), 2 DISAGREES (different), 3 UNKNOWN (similar, or a side empty)."""

def covers(query_key: str, claim_key: str) -> bool:
    """Whether the claim's key holds every key of the question's, as multisets; an empty question is covered by nothing."""
