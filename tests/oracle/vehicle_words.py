"""Free text about a vehicle, and plate patterns, by regular expressions (docs/answers.md section 13): the twin of
core.free_text.vehicles, word lists included."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.core.identifiers.naive_identifiers import PLATE_TYPES
from tests.core.identifiers.naive_slips import MISREADS
from tests.core.names import naive_names

_COLOURS = {
    "WHITE": "BLANCA BLANCO PERLA WHITE CREMA CREAM",
    "BLACK": "BLACK NEGRA NEGRO",
    "GREY": "GRAY GREY GRIS PLATA PLATEADA PLATEADO PLOMO SILVER",
    "RED": "RED ROJA ROJO CORINTO VINO MAROON",
    "BLUE": "AZUL BLUE CELESTE TURQUESA",
    "GREEN": "GREEN VERDE TURQUESA",
    "YELLOW": "AMARILLA AMARILLO YELLOW CHAMPAGNE DORADA DORADO GOLD",
    "BROWN": "BRONCE BROWN CAFE MARRON MAROON",
    "BEIGE": "ARENA BEIGE BEIG CHAMPAGNE CREMA CREAM DORADA DORADO GOLD",
    "ORANGE": "ANARANJADA ANARANJADO NARANJA ORANGE",
    "PURPLE": "CORINTO LILA MORADA MORADO PURPLE VINO VIOLETA",
    "PINK": "FUCSIA PINK ROSADA ROSADO",
}
_KINDS = {
    "CAR": "AUTO AUTOMOVIL CAR CARRO COUPE HATCHBACK SEDAN",
    "PICKUP": "PICK PICKUP PICOP TRUCK",
    "SUV": "CAMIONETA CAMIONETILLA SUV",
    "MOTORCYCLE": "MOTO MOTOBIKE MOTOCICLETA MOTORBIKE MOTORCYCLE SCOOTER",
    "MOTOTAXI": "MOTOTAXI TUC TUCTUC",
    "BUS": "AUTOBUS BUS BUSETA CAMIONETA MICROBUS MINIBUS",
    "TRUCK": "CABEZAL CAMION FURGON LORRY TRACTOCAMION TRAILER TRUCK VOLTEO",
    "VAN": "FURGON PANEL VAN",
    "TRAILER": "FURGON PLATAFORMA REMOLQUE SEMIREMOLQUE TRAILER",
}
MAKES = [
    "AHM",
    "AUDI",
    "BAJAJ",
    "BMW",
    "CHEVROLET",
    "CHRYSLER",
    "DAIHATSU",
    "DATSUN",
    "DODGE",
    "FIAT",
    "FORD",
    "FREEDOM",
    "FREIGHTLINER",
    "GMC",
    "HERO",
    "HINO",
    "HONDA",
    "HYUNDAI",
    "INTERNATIONAL",
    "ISUZU",
    "ITALIKA",
    "JEEP",
    "KAWASAKI",
    "KENWORTH",
    "KIA",
    "LEXUS",
    "MACK",
    "MAZDA",
    "MERCEDES",
    "MITSUBISHI",
    "NISSAN",
    "PETERBILT",
    "PEUGEOT",
    "RENAULT",
    "SUBARU",
    "SUZUKI",
    "TOYOTA",
    "TVS",
    "VOLKSWAGEN",
    "VOLVO",
    "YAMAHA",
]
_FILLERS = [
    "A",
    "AND",
    "CHASIS",
    "CHASSIS",
    "COLOR",
    "COLOUR",
    "CON",
    "DE",
    "DEL",
    "EL",
    "EN",
    "ENGINE",
    "LA",
    "LINE",
    "LINEA",
    "MAKE",
    "MARCA",
    "MODEL",
    "MODELO",
    "MOTOR",
    "NO",
    "NUMBER",
    "NUMERO",
    "PLACA",
    "PLACAS",
    "PLATE",
    "THE",
    "TIPO",
    "TYPE",
    "UN",
    "UNA",
    "UP",
    "VEHICLE",
    "VEHICULO",
    "VIN",
    "WITH",
    "Y",
    "YEAR",
]
_TYPES = "|".join(sorted(PLATE_TYPES, key=len, reverse=True))
WORDS_MAX, PATTERN_MAX, TOKENS_MAX, BYTES_MAX = 6, 16, 64, 840


class Refused(Exception):
    """The text breaks a rule."""


def _named(table: dict[str, str], words: list[str]) -> set[str]:
    return {name for name, listed in table.items() if set(listed.split()) & set(words)}


def colours(folded: str) -> set[str]:
    return _named(_COLOURS, folded.split())


def kinds(folded: str) -> set[str]:
    return _named(_KINDS, folded.split())


Pattern = tuple[str, str]  # type ("" = any), characters with ? and *


@dataclass
class Words:
    plate: Pattern | None = None
    number: str = ""
    model_year: int = 0
    colours: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    make: str = ""
    words: list[str] = field(default_factory=list)


def _unpadded(kind: str, number: str) -> Pattern:
    """Without the zero that older registers write between type and digits."""
    if kind and len(number) >= 5 and re.match("0[0-9]{3}", number):
        number = number[1:]
    return kind, number


def plate_patterns(text: str) -> list[Pattern]:
    """The readings of a typed pattern."""
    ascii_upper = "".join(c.upper() if c.isascii() else c for c in text)
    parts = re.split(r"[ \-\t\n\v\f\r]+", ascii_upper)
    parts = [p for p in parts if p]
    joined = "".join(parts)
    if not re.fullmatch(r"[A-Z0-9?*]+", joined):
        raise Refused
    separated = re.search(r"[A-Z0-9?*][ \-\t\n\v\f\r]", ascii_upper) is not None
    if separated and re.fullmatch("[A-Z]{1,3}", parts[0]):
        if len(parts) == 1 or len("".join(parts[1:])) > PATTERN_MAX:
            raise Refused
        return [_unpadded(parts[0], "".join(parts[1:]))]
    if len(joined) > PATTERN_MAX:
        raise Refused
    typed = re.fullmatch(f"({_TYPES})([0-9?*].*)", joined)
    return [("", joined), *([_unpadded(typed[1], typed[2])] if typed else [])]


def _is_number(text: str, typed: bool) -> bool:
    if not typed:
        return re.fullmatch("[0-9]{3}[B-DF-HJ-NP-TV-Z]{0,3}", text) is not None
    return re.fullmatch("0?[0-9]{3}([A-Z]{0,3}|[0-9]{3})", text) is not None


def _wild(text: str) -> bool:
    return "?" in text or "*" in text


def _body(text: str, few: bool) -> bool:
    """Returns whether a text that follows a type is the number of a plate; `few`: one or two digits are."""
    if not re.fullmatch("[0-9?*][0-9A-Z?*]{0,15}", text):
        return False
    return _wild(text) or _is_number(text, True) or (few and re.fullmatch("[0-9]{1,2}", text) is not None)


def _one_token(token: str) -> Pattern | None:
    text = token.replace("-", "")
    typed = re.fullmatch(f"({_TYPES})([0-9?*].*)", text)
    if len(text) > 40:
        return None
    if typed and _body(typed[2], few=len(text) < len(token)):
        return typed[1], typed[2]
    if re.fullmatch("[0-9?*][0-9A-Z?*]{0,15}", text) and (_wild(text) or _is_number(text, False)):
        return "", text
    return None


def _plate(tokens: list[str], at: int) -> tuple[Pattern | None, int]:
    """(the plate that begins at a token, tokens taken)."""
    kind = tokens[at].replace("-", "")
    found, taken = None, 1
    if kind in PLATE_TYPES and at + 1 < len(tokens) and _body(tokens[at + 1], few=True):
        found, taken = (kind, tokens[at + 1]), 2
    found = found or _one_token(tokens[at])
    if found is None:
        return None, 0
    kind, number = _unpadded(*found)
    if len(number) == 3 and "*" not in number and at + taken < len(tokens):
        following = tokens[at + taken]
        if following not in MAKES and (
            re.fullmatch("[B-DF-HJ-NP-TV-Z]{3}", following)
            or (_wild(following) and re.fullmatch("[B-DF-HJ-NP-TV-Z?*]{1,4}", following))
        ):
            number += following
            taken += 1
    return (kind, number + ("*" if "*" not in number and len(number) < 6 else "")), taken


def read(text: str) -> Words:
    if len(re.sub(r"\.{2,}|…", "*", text).encode()) > BYTES_MAX - 4:
        raise Refused
    clean = "".join(c.upper() if c.isascii() else c for c in re.sub(r"\.{2,}|…", "*", text))
    tokens = re.sub("[^A-Z0-9?*\u0080-\U0010ffff-]", " ", clean).split(" ")
    tokens = [t for t in tokens if t]
    if len(tokens) > TOKENS_MAX:
        raise Refused
    words = Words()
    at = 0
    while at < len(tokens):
        plate, taken = _plate(tokens, at)
        if plate is not None:
            if words.plate is not None or len(plate[1]) > PATTERN_MAX:
                raise Refused
            words.plate = plate
            at += taken
            continue
        at += _other(words, tokens, at)
    if words == Words():
        raise Refused
    return words


def _other(words: Words, tokens: list[str], at: int) -> int:
    text = tokens[at].replace("-", "")
    if re.fullmatch("19[5-9][0-9]|20[0-9]{2}", text) and not words.model_year:
        words.model_year = int(text)
        return 1
    if re.fullmatch("[0-9A-Z]{6,20}", text) and re.search("[0-9]", text) and not words.number:
        words.number = text
        return 1
    if _wild(tokens[at]):
        raise Refused
    word = naive_names.fold(tokens[at]).replace(" ", "")
    if len(word.encode()) > 64 or (not word and len(tokens[at].encode()) >= 64):
        raise Refused
    if word == "BLUE" and tokens[at + 1 : at + 2] == ["BIRD"]:
        words.make = "BLUE BIRD"
        return 2
    if not word or word in _FILLERS:
        return 1
    if colours(word):
        words.colours |= colours(word)
    elif kinds(word):
        words.kinds |= kinds(word)
    elif len(word.encode()) > 24:
        raise Refused
    elif word in MAKES and not words.make:
        words.make = word
    elif len(words.words) == WORDS_MAX:
        raise Refused
    else:
        words.words.append(word)
    return 1


def misread(pattern: str, plate: str) -> int | None:
    """Characters of the plate that must have been misread for it to fit, at most two; None = it does not fit."""
    if pattern.count("*") > 1:
        fits = re.fullmatch(pattern.replace("?", ".").replace("*", ".*"), plate)
        return 0 if fits else None
    head, star, tail = pattern.partition("*")
    if len(plate) < len(head) + len(tail) or (not star and len(plate) != len(head)):
        return None
    ends = plate[len(plate) - len(tail) :] if tail else ""
    pairs = [(p, c) for p, c in zip(head + tail, plate[: len(head)] + ends, strict=True) if p not in ("?", c)]
    if len(pairs) > 2 or any(not any(p in g and c in g for g in MISREADS) for p, c in pairs):
        return None
    return len(pairs)
