"""Characters without width, which hide a part of a text or turn its order."""

from __future__ import annotations

# Default_Ignorable_Code_Point, DerivedCoreProperties.txt of Unicode 15, and the marks of an annotation. Selectors of
# emoji are among them: a run of them hides text behind any character, and an emoji is read without.
UNSEEN = (
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)


def is_unseen(code: int) -> bool:
    """Returns whether the character takes no room."""
    return any(first <= code <= last for first, last in UNSEEN)
