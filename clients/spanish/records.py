"""Spanish names of what a record states, as an officer reads them, and how a section may be asked for."""

from __future__ import annotations

import unicodedata

from clients.spanish import words as spanish
from ronda.v1 import person_alerts_pb2, section_pb2

FIELDS = {
    "activity": "actividad",
    "admitted": "ingreso",
    "amount_centavos": "monto",
    "attributes": "otros datos",
    "authority": "autoridad",
    "birth_date": "nacimiento",
    "birth_department": "departamento de nacimiento",
    "birth_municipality": "municipio de nacimiento",
    "calibre": "calibre",
    "case_number": "caso",
    "cedula": "cédula",
    "certificate_visible": "sale en constancias",
    "chassis": "chasis",
    "circumstance": "circunstancia",
    "civil_status": "estado civil",
    "colour": "color",
    "company": "empresa",
    "complaint": "denuncia",
    "country": "país",
    "court": "juzgado",
    "credential": "credencial",
    "cui": "CUI",
    "date": "fecha",
    "death_date": "fallecimiento",
    "department": "departamento",
    "document": "documento",
    "engine": "motor",
    "entry": "entrada",
    "expires": "vence",
    "father_name": "padre",
    "field": "campo",
    "final": "firme",
    "identifier_valid": "identificador válido",
    "identity_status": "identidad",
    "infraction": "infracción",
    "instruction": "instrucción",
    "issued": "emitida",
    "kind": "clase",
    "last_seen": "visto por última vez",
    "level": "nivel",
    "licence": "licencia",
    "licence_expires": "licencia vence",
    "line": "línea",
    "make": "marca",
    "measures": "medidas",
    "model_year": "modelo",
    "mother_name": "madre",
    "municipality": "municipio",
    "name": "nombre",
    "nationality": "nacionalidad",
    "nit": "NIT",
    "number": "número",
    "offence": "delito",
    "office": "oficina",
    "ordinal": "orden",
    "outcome": "resultado",
    "owner": "titular",
    "paid": "pagada",
    "photo_reference": "fotografía",
    "place": "lugar",
    "plate": "placa",
    "post": "puesto",
    "prison": "prisión",
    "prison_months": "meses de prisión",
    "profession": "profesión",
    "programme": "programa",
    "registration": "matrícula",
    "relation": "parentesco",
    "released": "egreso",
    "reported": "reportado",
    "role": "calidad",
    "rule": "regla",
    "serial": "serie",
    "sex": "sexo",
    "share_percent": "porcentaje",
    "since": "desde",
    "state": "estado",
    "state_date": "fecha del estado",
    "station": "estación",
    "status": "situación",
    "street": "dirección",
    "text": "texto",
    "title": "título",
    "type": "tipo",
    "valid_from": "desde",
    "valid_to": "hasta",
    "vin": "VIN",
    "vin_check_digit_valid": "VIN válido",
    "weapon": "arma",
    "zone": "zona",
}

ROLES = {
    person_alerts_pb2.PROTECTION_ROLE_RESTRAINED: "agresor",
    person_alerts_pb2.PROTECTION_ROLE_PROTECTED: "persona protegida",
}


def sections_called(word: str) -> list[section_pb2.Section]:
    """Returns sections with a Spanish name that begins with the word or holds one that does; accents and case are
    ignored."""
    asked = _folded(word)
    names = {number: _folded(name) for number, name in spanish.SECTIONS.items()}
    exact = [number for number, name in names.items() if name == asked]
    return exact or [
        number for number, name in names.items() if any(part.startswith(asked) for part in (name, *name.split()))
    ]


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).strip()
