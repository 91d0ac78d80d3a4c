"""Texts of an agency's clerk in files and on the receipt: results, reasons, rules and fields in Spanish."""

from __future__ import annotations

from clients.spanish import words as spanish
from ronda.v1 import clearance_service_pb2 as contract

RESULTS: dict[int, str] = {
    contract.CLEARANCE_RESULT_UNSPECIFIED: "NO RESUELTO",
    contract.CLEARANCE_RESULT_NO_RECORD: "SIN REGISTRO",
    contract.CLEARANCE_RESULT_WITH_RECORD: "CON REGISTRO",
    contract.CLEARANCE_RESULT_REVIEW: "REVISAR",
    contract.CLEARANCE_RESULT_INCOMPLETE: "INCOMPLETO",
    contract.CLEARANCE_RESULT_INVALID: "FILA NO VÁLIDA",
}

REASONS: dict[int, str] = {
    contract.CLEARANCE_REASON_UNSPECIFIED: "",
    contract.CLEARANCE_REASON_NOTHING_ON_FILE: "nada consta",
    contract.CLEARANCE_REASON_NAME_ONLY: "nada consta por nombre: no se estableció la identidad",
    contract.CLEARANCE_REASON_RECORD: "consta con este documento",
    contract.CLEARANCE_REASON_NAME_MATCH: "un registro coincide sólo por nombre: posible homónimo",
    contract.CLEARANCE_REASON_NOT_FOUND: "el documento no consta",
    contract.CLEARANCE_REASON_DECEASED: "documento de persona fallecida",
    contract.CLEARANCE_REASON_MISUSED: "identidad con denuncia de uso indebido",
    contract.CLEARANCE_REASON_CONFLICT: "el nombre o los registros no concuerdan con el documento",
    contract.CLEARANCE_REASON_REGISTER_NOT_FRESH: "falta o está atrasado un registro necesario",
    contract.CLEARANCE_REASON_UNCERTAIN_IDENTIFIER: "el dato no identifica con certeza",
    contract.CLEARANCE_REASON_DOSSIER_DAMAGED: "expediente dañado: avise a operaciones",
    contract.CLEARANCE_REASON_NOT_OF_AGE: "menor de edad o edad desconocida: órdenes de adolescentes no se certifican",
}

STANDARDS: dict[int, str] = {
    contract.CLEARANCE_STANDARD_WANTED: "órdenes y alertas vigentes",
    contract.CLEARANCE_STANDARD_POLICE_RECORD: "antecedentes policiales",
    contract.CLEARANCE_STANDARD_CRIMINAL_RECORD: "antecedentes penales",
    contract.CLEARANCE_STANDARD_RENAS: "registro de agresores sexuales (RENAS)",
}

# What this program refuses by itself; the server's rules for a row, where the officer's words do not have them.
RULES = {
    **spanish.RULES,
    "scientific notation": "notación científica: la hoja de cálculo perdió cifras; dé formato de texto a la columna",
    "formula": "es una fórmula: escriba el valor",
    "spreadsheet error": "la hoja de cálculo muestra un error en vez del valor: corríjalo",
    "NUL byte": "la fila lleva bytes nulos",
    "encoding": "la fila no está en la codificación del archivo",
    "misread letters": "letras que ningún nombre lleva: ¿otra codificación? Pruebe --encoding cp850 o mac_roman",
    "row too long": "fila demasiado larga, o comilla sin cerrar",
    "line break": "la celda lleva un salto de línea (¿comilla sin cerrar?)",
    "cells": "la fila no tiene las celdas del encabezado",
    "nothing was asked": "no hay dato por el cual consultar",
    "not a date": "no es una fecha completa: escriba 14/03/1988",
    "two-digit year": "año de dos cifras: escriba las cuatro",
    "a name needs one": "un nombre necesita fecha de nacimiento",
    "one subject a row": "hay más de un sujeto en la fila",
    "only for WANTED": "sólo con --standard wanted",
    "not a CUI": "no es un CUI",
}

FIELDS = {
    "cuis": "CUI",
    "names": "nombre",
    "birth_dates": "nacimiento",
    "plates": "placa",
    "vins": "VIN",
    "": "fila",
}


def rule_words(rule: str) -> str:
    """A rule as a clerk reads it."""
    return RULES.get(rule, rule)


def told(code: str) -> str:
    """Returns the clerk's text for the result of `code_of`."""
    return _TOLD[code]


def code_of(result: int, reason: int) -> str:
    """The contract's names, for machines: NO_RECORD/NOTHING_ON_FILE."""
    return (
        contract.ClearanceResult.Name(result).removeprefix("CLEARANCE_RESULT_")
        + "/"
        + contract.ClearanceReason.Name(reason).removeprefix("CLEARANCE_REASON_")
    )


_TOLD = {
    code_of(result, reason): f"{said}: {why}" if why else said
    for result, said in RESULTS.items()
    for reason, why in REASONS.items()
}
