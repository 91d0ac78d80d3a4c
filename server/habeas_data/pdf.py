"""The person's export as a PDF to print."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from fpdf import FPDF
from fpdf.enums import XPos, YPos

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # C0 but tab and line feed, DEL, C1
_SECTIONS = {
    "IDENTITY": "Identidad",
    "ADDRESS": "Direcciones",
    "TELEPHONE": "Teléfonos",
    "FAMILY": "Vínculos familiares",
    "WARRANT": "Órdenes de captura",
    "TRAVEL_BAN": "Arraigos",
    "PROTECTION_ORDER": "Medidas de seguridad",
    "MISSING_PERSON": "Denuncias por desaparición",
    "PRISON": "Internamientos",
    "DOCUMENT_ALERT": "Documentos reportados",
    "DETENTION": "Detenciones",
    "SENTENCE": "Sentencias",
    "COMPLAINT": "Denuncias y casos",
    "POLICE_RECORD": "Antecedentes policiacos",
    "FINE": "Remisiones de tránsito",
    "BORDER_CROSSING": "Movimientos migratorios",
    "LICENCE": "Licencias de conducir",
    "FIREARM": "Armas",
    "SECURITY_GUARD": "Seguridad privada",
    "TAX": "Registro tributario",
    "OWNED_VEHICLE": "Vehículos",
    "OTHER_RECORD": "Otros registros",
}
_LINE = 5  # mm


class _Document(FPDF):
    def footer(self) -> None:
        self.set_y(-12)
        self.set_font("helvetica", size=8)
        self.cell(0, 5, f"Página {self.page_no()} de {{nb}}", align="C")


def render(released: dict[str, Any]) -> bytes:
    """PDF, A4. Letters outside Latin-1, which its fonts do not have, are shown as a question mark."""
    document = _Document()
    document.set_title("Constancia de datos personales")
    document.set_creation_date(datetime.fromisoformat(released["made_at"]))
    document.set_auto_page_break(auto=True, margin=18)
    document.add_page()
    _text(document, "Constancia de datos personales", size=16, bold=True)
    _text(document, f"CUI {released['cui']}   Fecha {released['made_at']}   Extracto {released['generation']}")
    _text(document, released["notice"])
    _heading(document, "Registros consultados")
    for register in released["registers"]:
        _text(document, f"{register['name']} ({register['owner'] or register['id']}): al {register['as_of'] or '-'}")
    names = {register["id"]: register["name"] for register in released["registers"]}
    section = ""
    for record in released["records"]:
        if record["section"] != section:
            section = record["section"]
            _heading(document, _SECTIONS.get(section, section))
        source = f"{names.get(record['register'], record['register'])}, {record['record_id']}"
        cancelled = " (cancelado: no figura en constancias)" if record["expunged"] else ""
        _text(document, f"{source}{cancelled}", bold=True)
        _text(document, "; ".join(_flat(record["data"])) or "-")
    if not released["records"]:
        _text(document, "No constan datos.")
    _heading(document, "Consultas")
    for look in released["looks"]:
        who = " ".join(filter(None, (look["institution"], look["unit"]))) or "-"
        _text(document, f"{look['at']}  {who}  {look['purpose']}  {', '.join(look['how'])}")
    if not released["looks"]:
        _text(document, "No constan consultas.")
    return bytes(document.output())


def _heading(document: FPDF, text: str) -> None:
    document.ln(3)
    _text(document, text, size=12, bold=True)


def _text(document: FPDF, text: str, size: int = 9, bold: bool = False) -> None:
    document.set_font("helvetica", style="B" if bold else "", size=size)
    shown = _CONTROL.sub("?", text).encode("latin-1", "replace").decode("latin-1")
    document.multi_cell(0, _LINE if size < 12 else 8, shown, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _flat(data: Any, name: str = "") -> list[str]:
    """`name: value` of everything within, in order; dates as one value."""
    if isinstance(data, dict):
        if data and set(data) <= {"year", "month", "day"}:
            return [f"{name}: {data.get('day', 0):02}/{data.get('month', 0):02}/{data.get('year', 0):04}"]
        return [text for key, value in data.items() for text in _flat(value, f"{name}.{key}" if name else key)]
    if isinstance(data, list):
        return [text for value in data for text in _flat(value, name)]
    return [f"{name}: {data}"]
