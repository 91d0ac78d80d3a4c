"""The likely kind of the words in the box while they are typed. A guess that costs no call: the server decides."""

from __future__ import annotations

import re

from clients.car.scanned import cui_agrees, is_zone_so_far

_CUI_LENGTH = 13
_TELEPHONE_LENGTH = 8
_TYPES = "P|C|A|U|MT|MO|MI|M|O|CD|CC|CO|TCE|TC|TRC|TE|T|EXT|DIS"
_PLATE = re.compile(rf"(?P<type>{_TYPES})?0?\d{{3}}[A-Z]{{3}}")
_CEDULA = re.compile(r"[A-VÑ&¥]-?\d{1,2}[ -]+\d{1,8}")
_VIN = re.compile(r"(?=.*\d)[A-HJ-NPR-Z0-9]{17}")
_NIT = re.compile(r"\d{1,11}[\dK]")
_DOCUMENT = re.compile(r"(?=.*\d)[A-Z0-9]{6,12}")
_BORN = re.compile(r"\b\d{4}\b|\b\d{1,2}/\d{1,2}/\d{4}\b")


def likely_kind(text: str) -> str:
    """Spanish words for what the text seems to be; "" for an empty box."""
    words = text.strip().upper()
    if not words:
        return ""
    if "<" in words and is_zone_so_far(words):
        return "documento leído por el lector"
    compact = re.sub(r"[\s.\-]", "", words)
    if compact.isdecimal() and len(compact) == _CUI_LENGTH:
        return "CUI" if cui_agrees(compact) else "CUI: revise, un dígito no cuadra"
    if plate := _PLATE.fullmatch(compact):
        return f"placa {plate['type']}" if plate["type"] else "placa sin tipo: agregue la letra"
    if _CEDULA.fullmatch(words):
        return "cédula"
    if _VIN.fullmatch(compact):
        return "VIN o chasis"
    if compact.isdecimal() and len(compact) == _TELEPHONE_LENGTH:
        return "teléfono o NIT"
    if _NIT.fullmatch(compact):
        return _of_digits(compact)
    return _of_letters(words, compact)


def _of_digits(compact: str) -> str:
    if len(compact) > _TELEPHONE_LENGTH and compact.isdecimal():
        return f"¿CUI? {len(compact)} de {_CUI_LENGTH} dígitos"
    return "NIT"


def _of_letters(words: str, compact: str) -> str:
    if any(letter in words for letter in "?*"):
        return "placa parcial"
    if not any(letter.isdecimal() for letter in words):
        return "nombre" if " " in words else "nombre: agregue apellido"
    named = _BORN.sub("", words).strip()
    if named and named != words and not any(letter.isdecimal() for letter in named):
        return "nombre y nacimiento"
    return "documento, licencia o chasis" if _DOCUMENT.fullmatch(compact) else "texto libre"
