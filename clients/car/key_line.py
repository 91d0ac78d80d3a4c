"""The keys at the foot of the screen of a stop."""

from __future__ import annotations

from rich.text import Text

_KEYS = (  # the second word is for screens of fewer than 80 columns
    ("1", "Ayuda", "Ayu"),
    ("2", "Nueva", "Nue"),
    ("3", "Dueño", "Due"),
    ("4", "Conductor", "Con"),
    ("5", "Carro", "Car"),
    ("6", "Antes", "Ant"),
    ("7", "Elegir", "Ele"),
    ("8", "Luz", "Luz"),
    ("9", "Confirma", "Confir"),
    ("10", "Bloqueo", "Bloq"),
)


def key_line(width: int, *, low: bool) -> Text:
    """The keys and their words, in so many columns; narrower screens get short words, which wrap: no key is cut off.

    low: where there is no room for them, the line says which key tells them.
    """
    if low:
        return Text("F1 ayuda y teclas · RePág AvPág: más")
    for words in ([word for _, word, _ in _KEYS], [short for _, _, short in _KEYS]):
        line = Text()
        for (number, _, _), word in zip(_KEYS, words, strict=True):
            line.append(number, style="bold").append(word, style="reverse").append(" ")
        line.right_crop(1)
        if line.cell_len <= width:
            break
    return line
