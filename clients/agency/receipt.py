"""The receipt of a run: one page as PDF, for the agency's file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fpdf import FPDF

from clients.agency import words
from clients.terminal.told_text import told

_LINE_MM, _LABEL_MM = 4.6, 46.0
_RESULTS, _RULES, _CHANGES = 15, 6, 8  # of each at most on the page; the summary has all


def write_receipt(path: Path, summary: dict[str, Any], digest: str, signature: dict[str, str] | None) -> None:
    """digest: sha256 of the summary's bytes, which ties the page to it. Raises OSError."""
    page = FPDF(format="letter")
    page.set_auto_page_break(auto=False)
    page.add_page()
    page.set_title("Recibo de consulta de antecedentes")
    page.set_font("helvetica", "B", 15)
    sample = "MUESTRA: datos inventados, o un servidor de desarrollo"
    _line(page, sample if summary["muestra"] else "Recibo de consulta en lote")
    page.set_font("helvetica", "", 9)
    _line(page, "No es una constancia: las filas REVISAR e INCOMPLETO las resuelve una persona.")
    page.ln(2)
    source = summary["entrada"]
    _pair(page, "Norma", summary["norma"])
    _pair(page, "Entrada", f"{source['archivo']}, {source['bytes']:,} bytes, parte {source['parte']}")
    _pair(page, "sha256", source["sha256"])
    if source["hoja"]:
        _pair(page, "Hoja", source["hoja"])
    _pair(page, "Columnas", ", ".join(f"{field} = {name}" for field, name in source["columnas"].items()))
    _pair(page, "Generación de datos", summary["generacion"])
    if summary["generacion_al_terminar"] != summary["generacion"]:
        _pair(page, "", f"Al terminar ya servía otra: {summary['generacion_al_terminar']}")
    if changes := summary["cambios_en_vivo"]:
        same = changes["desde"] == changes["hasta"]
        told = f"hasta el {changes['hasta']}" if same else f"entre el {changes['desde']} y el {changes['hasta']}"
        _pair(page, "Cambios en vivo", f"{told} del libro de cambios")
    _pair(page, "Inicio y fin (UTC)", f"{summary['inicio']}   {summary['fin']}")
    quien = summary["quien"]
    _pair(page, "Quién", f"{quien['usuario']} en {quien['equipo']}; {quien['certificado']}")
    _pair(page, "Servidor", summary["servidor"])
    _heading(page, f"Filas: {summary['filas']:,} (en blanco, no contadas: {summary['filas_en_blanco']:,})")
    _counted(page, {words.told(code): many for code, many in summary["resultados"].items()}, _RESULTS)
    if summary["reglas"]:
        _heading(page, "Filas no válidas, por regla")
        _counted(page, summary["reglas"], _RULES)
    if len(summary["generaciones"]) > 1:
        changed = summary["cambiadas"]
        _heading(page, f"Cambiaron con datos más nuevos y se juzgaron de nuevo: {changed['filas']:,} filas")
        for row in changed["primeras"][:_CHANGES]:
            _pair(page, f"fila {row['fila']}", f"{row['antes']}  ->  {row['ahora']}")
    _heading(page, "Archivos (sha256)")
    for file in summary["salidas"]:
        _pair(page, file["archivo"], file["sha256"])
    _pair(page, "Resumen (JSON)", digest)
    _heading(page, "Firma del resumen (Ed25519)")
    if signature is None:
        _line(page, "sin firma")
    else:
        _pair(page, "Firma", signature["ed25519"])
        _pair(page, "Llave (sha256)", signature["llave_sha256"])
    page.output(str(path))


def _latin(text: str, most: int) -> str:
    """Returns the text as the built-in fonts have it, without characters that steer or hide, cut to its place."""
    text = told(text)
    text = text if len(text) <= most else f"{text[: most - 3]}..."
    return text.encode("latin-1", "replace").decode("latin-1")


def _line(page: FPDF, text: str) -> None:
    page.cell(0, _LINE_MM, _latin(text, 110), new_x="LMARGIN", new_y="NEXT")


def _pair(page: FPDF, label: str, text: str) -> None:
    page.set_font("helvetica", "", 8)
    page.cell(_LABEL_MM, _LINE_MM, _latin(label, 32))
    page.cell(0, _LINE_MM, _latin(text, 100), new_x="LMARGIN", new_y="NEXT")


def _counted(page: FPDF, counts: dict[str, int], most: int) -> None:
    """A line each, the greatest first; the rest together."""
    lines = sorted(counts.items(), key=lambda each: -each[1])
    if len(lines) > most:
        lines = [*lines[: most - 1], ("otros: vea el resumen", sum(many for _, many in lines[most - 1 :]))]
    for said, many in lines:
        _pair(page, f"{many:>12,}", said)


def _heading(page: FPDF, text: str) -> None:
    page.ln(1.5)
    page.set_font("helvetica", "B", 9)
    _line(page, text)
    page.set_font("helvetica", "", 8)
