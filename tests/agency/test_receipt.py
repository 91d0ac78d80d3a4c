"""The receipt is one page, whatever a run came to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from clients.agency import words
from clients.agency.receipt import write_receipt
from clients.agency.results import all_codes, code_name

_FOOT_PT = 28  # what printers leave white


def _summary(many: int) -> dict[str, Any]:
    """A run in which everything happened, `many` times."""
    return {
        "norma": "órdenes y alertas vigentes",
        "muestra": True,
        "entrada": {
            "archivo": "lista" * many,
            "sha256": "a" * 64,
            "bytes": 10**12,
            "columnas": {"cui": "DPI" * many, "name": "NOMBRE"},
            "encabezado": "fila 3, tras 1 de título",
            "hoja": "«Hoja1»; no se leen: " + "«Hoja2», " * many,
            "parte": "1/1",
        },
        "filas": 10**9,
        "filas_en_blanco": 10**6,
        "resultados": {code_name(code): 10**6 for code in all_codes()},
        "reglas": {f"CUI: regla {number} ñ → é": number for number in range(many)},
        "generacion": "20261127T000000Z-00000000",
        "generaciones": ["1", "2", "3"],
        "generacion_al_terminar": "20261127T000001Z-00000000",
        "cambios_en_vivo": {"desde": 10**18, "hasta": 10**19},
        "cambiadas": {
            "filas": many,
            "primeras": [{"fila": "1", "antes": "NO_RECORD" * 9, "ahora": "x" * 99} for _ in range(many)],
        },
        "salidas": [{"archivo": f"{'resultados' * many}.csv", "sha256": "b" * 64} for _ in range(4)],
        "servidor": "localhost:50051",
        "quien": {"usuario": "u" * many, "equipo": "e", "certificado": "spiffe://digecam.gob.gt/" + "d" * many},
        "inicio": "2026-11-27T00:00:00+00:00",
        "fin": "2026-11-27T00:00:00+00:00",
    }


@pytest.mark.parametrize("many", [1, 100])
def test_it_is_one_page_and_nothing_falls_off_it(tmp_path: Path, many: int) -> None:
    path = tmp_path / "recibo.pdf"
    write_receipt(path, _summary(many), "c" * 64, {"ed25519": "s" * 88, "llave_sha256": "d" * 64})
    (page,) = PdfReader(path).pages
    lowest, rightmost = 1e9, 0.0

    def seen(text: str, _current: Any, matrix: list[float], _font: Any, size: float) -> None:
        nonlocal lowest, rightmost
        if text.strip():
            lowest = min(lowest, matrix[5])
            rightmost = max(rightmost, matrix[4] + len(text.strip()) * size * 0.4)

    said = page.extract_text(visitor_text=seen)
    assert lowest > _FOOT_PT
    assert rightmost < page.mediabox.width
    assert "d" * 64 in said and words.RESULTS[1] in said
