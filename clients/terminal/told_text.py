"""Foreign text as a terminal may show it: what steers a terminal, or turns the order of what is read, becomes visible.

An officer's reason, a case number and a register's words come from others: an escape sequence in them would write
over what an auditor reads (Unicode TR 36, bidirectional text spoofing).
"""

from __future__ import annotations

import re

# C0 but tab and line feed, DEL, C1; marks, embeddings, overrides and isolates of direction; separators of lines; halves
# of a letter, as which Python has a file name's bytes that are no UTF-8
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def told(text: str) -> str:
    """The text with a replacement character for each that steers."""
    return _STEERING.sub("\ufffd", text)


def told_json(document: str) -> str:
    """The same JSON document with its escape for each character that steers; the C0 ones json.dumps escapes itself."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", document)
