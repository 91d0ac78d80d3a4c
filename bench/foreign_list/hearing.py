"""Sounds that Spanish speakers do not tell apart, or write in several ways, most of all in foreign names."""

from __future__ import annotations

import re

from bench.foreign_list.draws import Draws

# Kind -> what is heard (a pattern, without regard to case) and what is written for it.
SOUNDS: dict[str, tuple[tuple[str, str], ...]] = {
    "heard_b_v": (("b", "v"), ("v", "b"), ("w", "v")),
    "heard_s_c_z": (
        ("z", "s"),
        ("s", "z"),
        ("c(?=[eiéí])", "s"),
        ("s(?=[eiéí])", "c"),
        ("ss", "s"),
        ("ts", "s"),
        ("tz", "s"),
    ),
    "heard_ll_y": (("ll", "y"), ("y(?=[aeiou])", "ll"), ("j(?=[aeiou])", "y"), ("lli", "yi")),
    "heard_h": (
        ("(?<![cstpgkw])h(?=[aeiouáéíóú])", ""),
        (r"\b(?=[aeou])", "h"),
        ("kh", "j"),
        ("(?<=[tgd])h", ""),
        ("(?<![cstp])h(?=[aeiou])", "j"),
    ),
    "heard_g_j": (("g(?=[eiéí])", "j"), ("j(?=[eiéí])", "g"), (r"\bj", "y"), ("x", "j"), (r"\bj", "x"), ("dj", "y")),
    "heard_qu_k": (
        ("qu(?=[ei])", "k"),
        ("k(?=[ei])", "qu"),
        ("k", "c"),
        ("c(?=[aou])", "k"),
        ("ck", "k"),
        ("q(?!u)", "k"),
    ),
    "heard_w_gu": (("w(?=[aeio])", "gu"), ("gu(?=[aeio])", "w"), ("hu(?=[aei])", "w"), ("w", "u"), (r"\bhu", "gu")),
    "heard_vowel": (
        ("i", "e"),
        ("e", "i"),
        ("u", "o"),
        ("o", "u"),
        ("ei", "ey"),
        ("ai", "ay"),
        ("oo", "u"),
        ("ee", "i"),
        ("ou", "u"),
    ),
    "heard_cluster": (
        ("sh", "ch"),
        ("sch", "sh"),
        ("ph", "f"),
        (r"\bs(?=[tpkmnl])", "es"),
        ("x", "ks"),
        ("cs", "x"),
        ("m(?=[bp])", "n"),
        ("n(?=[bpv])", "m"),
        ("ñ", "ni"),
        ("ni(?=[aeo])", "ñ"),
        ("d$", ""),
        ("th", "t"),
        ("gh", "g"),
        ("zh", "y"),
        ("cz", "ch"),
    ),
}


def misheard(text: str, kind: str, draws: Draws) -> str | None:
    """The text with one sound of that kind written otherwise; None where it has none. A capital stays one."""
    for sound, other in draws.mixed(SOUNDS[kind]):
        found = list(re.finditer(sound, text, re.IGNORECASE))
        if found:
            match = draws.pick(found)
            written, after = other, text[match.end() :]
            if text.isupper():
                written = other.upper()
            elif (match[0] or after)[:1].isupper():
                written = other[:1].upper() + other[1:]
                if not other:
                    after = after[:1].upper() + after[1:]
                elif not match[0]:
                    after = after[:1].lower() + after[1:]
            return text[: match.start()] + written + after
    return None
