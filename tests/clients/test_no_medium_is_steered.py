"""No text of a register or of a stranger steers what shows it: pages of PDF, and the widgets of a car."""

from __future__ import annotations

import ast
import asyncio
import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader
from rich.text import Text
from textual.app import App, ComposeResult
from textual.widgets.option_list import Option

from clients.agency.receipt import write_receipt
from clients.car.told_widgets import Input, OptionList, Static
from clients.certificate.asking import RegisterRead, Standard
from clients.certificate.facts import Certificate, Institution
from clients.certificate.page import Unwritable, render
from clients.terminal.told_text import told
from tests.agency.test_receipt import _summary
from tests.house.imports import ROOT

PAINTED = "\x1b[42mVERDE\x1b[0m\x9b31m\u202eSATRELA\u202c\u200b"


def certificate(name: str, elsewhere: str = "", institution: str = "DIGECAM") -> Certificate:
    return Certificate(
        number="AAAAA-BBBBB-CCCCC-DDDDD",
        page_key="AAAA-BBBB-CCCC-DDDD",
        institution=Institution(id="digecam", name=institution, online=""),
        standard=next(iter(Standard)),
        cui="2547325860101",
        name=name,
        issued=datetime(2026, 11, 27, tzinfo=UTC),
        valid_until=date(2027, 5, 27),
        generation=f"20261127T000000Z-00000000{elsewhere}",
        registers=(RegisterRead(f"OJ{elsewhere}", datetime(2026, 11, 27, tzinfo=UTC), fresh=True),),
        review=elsewhere,
    )


def words_of(pdf: PdfReader) -> str:
    return "".join(page.extract_text() for page in pdf.pages)


def test_a_certificate_says_what_it_says() -> None:
    page = PdfReader(io.BytesIO(render(certificate("ANA TZUL", PAINTED), "token")))
    text = words_of(page) + str(page.metadata)
    assert "VERDE" in text and told(text) == text


@pytest.mark.parametrize("character", ["\u202e", "\u200b", "\x1b", "\xad"])
def test_a_name_that_hides_a_part_of_itself_is_on_no_certificate(character: str) -> None:
    with pytest.raises(Unwritable):
        render(certificate(f"ANA{character} TZUL"), "token")


def test_an_institution_that_writes_its_name_so_gives_no_certificate() -> None:
    with pytest.raises(Unwritable):
        render(certificate("ANA TZUL", institution=f"DIGECAM{PAINTED}"), "token")


def test_a_receipt(tmp_path: Path) -> None:
    summary = _summary(1)
    summary["entrada"] |= {"archivo": f"lista{PAINTED}", "columnas": {"cui": PAINTED}, "hoja": PAINTED}
    summary["quien"] |= {"usuario": PAINTED}
    write_receipt(tmp_path / "recibo.pdf", summary, "c" * 64, None)
    text = words_of(PdfReader(tmp_path / "recibo.pdf"))
    assert "VERDE" in text and told(text) == text


def test_each_widget_of_a_car() -> None:
    class Shown(App[None]):
        def compose(self) -> ComposeResult:
            yield Static(Text(PAINTED), id="text", markup=False)
            yield Static(PAINTED, id="words", markup=False)
            yield Input(value=PAINTED, id="typed")
            yield OptionList(Option(Text(PAINTED)), id="listed")

    async def scenario() -> None:
        app = Shown()
        async with app.run_test() as pilot:
            await pilot.pause()
            for name in ("text", "words", "typed", "listed"):
                widget = app.query_one(f"#{name}")
                lines = widget.render_lines(widget.outer_size.region)
                text = "".join(segment.text for line in lines for segment in line)
                assert "VERDE" in text and told(text) == text, name
                assert {line.cell_length for line in lines} == {widget.outer_size.width}, name

    asyncio.run(scenario())


def test_a_car_has_no_other_widgets_that_show_text() -> None:
    for path in sorted((ROOT / "clients/car").rglob("*.py")):
        if path.name == "told_widgets.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textual.widgets"):
                assert [alias.name for alias in node.names] == ["Option"], path
