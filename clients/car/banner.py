"""The level, large: its colour, its word and a shape of its own, so that no eye and no screen needs the colour.

Drawn with half blocks, six pixels high in three rows: read at arm's length on 80 columns.
"""

from __future__ import annotations

from rich.text import Text

WAITING, REPEAT = "ESPERE", "REPITA"
"""Words of a question under way, and of one without an answer."""
_NEUTRAL = "bold rgb(255,255,255) on rgb(60,60,60)"

_LETTERS = {
    "A": ".###. #...# #...# ##### #...# #...#",
    "D": "####. #...# #...# #...# #...# ####.",
    "E": "##### #.... ####. #.... #.... #####",
    "G": ".#### #.... #..## #...# #...# .####",
    "I": "### .#. .#. .#. .#. ###",
    "J": "..### ...#. ...#. ...#. #..#. .##..",
    "L": "#.... #.... #.... #.... #.... #####",
    "M": "#...# ##.## #.#.# #.#.# #...# #...#",
    "N": "#...# ##..# #.#.# #..## #...# #...#",
    "O": ".###. #...# #...# #...# #...# .###.",
    "P": "####. #...# #...# ####. #.... #....",
    "R": "####. #...# #...# ####. #..#. #...#",
    "S": ".#### #.... .###. ....# ....# ####.",
    "T": "##### ..#.. ..#.. ..#.. ..#.. ..#..",
    "V": "#...# #...# #...# .#.#. .#.#. ..#..",
    " ": "... ... ... ... ... ...",
}
_SHAPES = {
    "ROJO": "..######.. .########. ##......## ##......## .########. ..######..",  # no entry
    "AMARILLO": "....##.... ...####... ..##..##.. .###..###. .########. #####.####",  # warning triangle
    "GRIS": "########## .......... ########## .......... ########## ..........",  # bars: a part is missing
    "NEGRO": "..######.. .##....##. .......##. ....###... .......... ....##....",  # question mark
    "VERDE": "........## .......##. ##....##.. .##..##... ..####.... ...##.....",  # tick
    WAITING: "########## .##....##. ...####... ...####... .##....##. ##########",  # hourglass
    REPEAT: "##......## .###..###. ...####... ...####... .###..###. ##......##",  # cross
}


def level_banner(level: int, width: int, *, low: bool = False) -> Text:
    """Three rows in the level's colours; its word alone on a narrow screen, in one row on a low one."""
    from clients.officer_view.styles import BADGES
    from clients.spanish.words import level_words

    word, _ = level_words(level)
    return _drawn(word, BADGES[word], width, low=low)


def state_banner(word: str, width: int, *, low: bool = False) -> Text:
    """The same without a level: WAITING or REPEAT."""
    return _drawn(word, _NEUTRAL, width, low=low)


def _drawn(word: str, style: str, width: int, *, low: bool) -> Text:
    if low:
        return Text(word.center(width), style=style, no_wrap=True, overflow="crop")
    shape = _SHAPES.get(word, _SHAPES[REPEAT])
    columns = [shape.split(), *(_LETTERS[letter].split() for letter in word), shape.split()]
    pixels = ["..".join(row) for row in zip(*columns, strict=True)]
    lines = [_half_blocks(upper, lower) for upper, lower in zip(pixels[::2], pixels[1::2], strict=True)]
    if len(lines[0]) > width:
        lines = ["", word, ""]
    return Text("\n".join(line.center(width) for line in lines), style=style, no_wrap=True, overflow="crop")


def _half_blocks(upper: str, lower: str) -> str:
    drawn = {("#", "#"): "█", ("#", "."): "▀", (".", "#"): "▄", (".", "."): " "}
    return "".join(drawn[pair] for pair in zip(upper, lower, strict=True))
