"""The reasons for a refused change of a register, for the institution's people: field and rule in Spanish."""

from __future__ import annotations

import re

# The server's fields by the word that a file of changes has for them (docs/feed.md).
FIELDS = {
    "register_id": "register",
    "record_id": "id",
    "manifest_source": "source",
    "cells": "row",
}
RULES = {
    # Of a row, as an extract's is refused (docs/manifests.md, "Refused records").
    "required_missing": "falta un dato obligatorio",
    "unparsable_date": "la fecha no se puede leer",
    "record_id_missing": "falta el identificador del registro",
    "unknown_code": "código que el manifiesto no conoce",
    "unreadable_identifier": "lo único que identifica a la persona o al vehículo no se puede leer",
    "no_subject": "no dice de qué persona o vehículo es",
    "undecodable_bytes": "tiene bytes que no son de la codificación del manifiesto",
    "wrong_column_count": "no tiene las columnas del encabezado",
    "wrong_length": "no tiene el largo del manifiesto",
    "malformed_row": "la fila no está entera",
    "ambiguous_record": "el número es de varias filas y el cambio no dice cuál",
    "the row states another id": "la fila dice otro id que el cambio",
    "no column of the manifest is among them": "no trae ninguna columna del manifiesto",
    "a column that the manifest reads is absent: an empty cell is an empty text": (
        "falta esa columna del manifiesto; si no tiene dato, envíela vacía"
    ),
    "no manifest has this register": "ningún manifiesto tiene ese registro",
    "the manifest names no column of it: such records cannot be fed": (
        "el manifiesto no dice su columna: esos registros no se pueden enviar como cambios"
    ),
    "skipped by two officers: send the record as it stands now under a new number": (
        "dos oficiales dieron ese número por saltado: envíe el registro, como está ahora, con un número nuevo"
    ),
    "the number of a change of this source that was refused and is missing": (
        "es el número de un cambio de esta fuente que fue rechazado y falta: `ronda feed refused` los muestra"
    ),
    # Of a change's form.
    "UPSERT, CANCEL or HEARTBEAT": "es UPSERT, CANCEL o HEARTBEAT",
    "1 or more, without gaps": "desde 1, sin saltos",
    "a heartbeat has no record": "una señal de vida no lleva registro",
    "a heartbeat tells the last sequence sent": "una señal de vida dice el último número enviado",
    "when it happened, UTC": "cuándo ocurrió, con fecha y hora",
    "the row as it stands now": "la fila entera, como está ahora",
}
# With numbers or names of the server's.
_PATTERNS = (
    (r"at most (\d+) characters", r"a lo más \1 caracteres"),
    (r"1 to (\d+) printable characters", r"de 1 a \1 caracteres que se puedan imprimir"),
    (r"at most (\d+) seconds ahead of the server's clock", r"a lo más \1 segundos después de la hora del servidor"),
    (r"a change has at most (\d+) bytes", r"un cambio tiene a lo más \1 bytes"),
    (r"at most (\d+), with names of 1 to (\d+) characters", r"a lo más \1 columnas, con nombres de 1 a \2 caracteres"),
    (r"one of (.*)", r"es una de \1"),
)


def field_text(field: str) -> str:
    """Returns the field as in the file; a key of the manifest stays as it is."""
    word, dot, column = field.partition(".")
    return f"{FIELDS.get(word, word)}{dot}{column}"


def rule_text(rule: str) -> str:
    """Returns the rule in Spanish; a rule of a newer server as it came."""
    if rule in RULES:
        return RULES[rule]
    for pattern, said in _PATTERNS:
        if found := re.fullmatch(pattern, rule):
            return found.expand(said)
    return rule
