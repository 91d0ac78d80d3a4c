"""Foreign text safe for a terminal: characters that steer it, turn the order of reading or hide become visible.

An officer's reason, a case number and a register's words come from others. An escape sequence in them would write over
an auditor's output (Unicode TR 36, bidirectional text spoofing).
"""

from __future__ import annotations

import re

# C0 but tab and line feed, DEL, C1; marks, embeddings, overrides and isolates of direction; separators of lines;
# characters without width, which hide a part of a text (Unicode's Default_Ignorable_Code_Point); halves of a letter, as
# which Python has a file name's bytes that are no UTF-8
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)


def told(text: str) -> str:
    """The text with a replacement character for each that steers or hides."""
    return _STEERING.sub("\ufffd", text)


def told_json(document: str) -> str:
    """The same JSON document with its escape for each character that steers; the C0 ones json.dumps escapes itself."""
    return _STEERING.sub(lambda found: _escape(ord(found[0])), document)


def _escape(code: int) -> str:
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
