"""The nation built again with the fed warrants in the court's extract: a base with the answers of the view."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from bench.foundation import index_nation
from bench.live.feeding import warrant

_EXTRACT = Path("registers") / "oj" / "ordenes.xml"
_END = b"</ORDENES>"


def fold(nation: Path, work: Path, cuis: Sequence[str]) -> str:
    """Adds a warrant on each to the extract, and builds in <work>/folded; id of the generation."""
    extract = nation / _EXTRACT
    with extract.open("r+b") as file:
        file.seek(-64, os.SEEK_END)
        at = file.tell() + file.read().rindex(_END)
        file.seek(at)
        file.writelines(_row(f"C-{cui}", cui) for cui in cuis)
        file.write(_END + b"\n")
    return str(index_nation(nation, work / "folded", work / "postgres")["generation_id"])


def _row(record_id: str, cui: str) -> bytes:
    cells = {name: escape(text) for name, text in warrant(record_id, cui).cells.items()}
    return (
        f'<ORDEN TIPO="{cells["@TIPO"]}"><NUMERO>{cells["NUMERO"]}</NUMERO><CAUSA>{cells["CAUSA"]}</CAUSA>'
        f"<JUZGADO>{cells['JUZGADO']}</JUZGADO>"
        f'<DELITO codigo="{cells["DELITO/@codigo"]}">{cells["DELITO"]}</DELITO><FECHA>{cells["FECHA"]}</FECHA>'
        f"<ESTADO>{cells['ESTADO']}</ESTADO><PERSONA><CUI>{cells['PERSONA/CUI']}</CUI></PERSONA></ORDEN>\n"
    ).encode("latin-1")
