"""The PDF of a printout: A4, black on white, the seal and the QR code on each sheet."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import segno
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from clients.console.desk.printout import TITLE
from clients.terminal.told_text import told

if TYPE_CHECKING:
    from clients.console.desk.marked import Line
    from clients.console.desk.printout import Printout

# Debian's package fonts-dejavu-core, as for certificates: the letters of registers, and the signs of levels.
_FONTS = Path("/usr/share/fonts/truetype/dejavu")
_FACES = {"": _FONTS / "DejaVuSans.ttf", "B": _FONTS / "DejaVuSans-Bold.ttf"}
_FAMILY = "dejavu"
_MARGIN, _FOOT, _QR_MM = 15, 15, 26
_SEAL_PT, _TEXT_PT, _HEADING_PT, _TITLE_PT = 7, 9, 11, 13
_MM_A_POINT = 0.5  # height of a line, of each point


class FontMissing(Exception):
    """The fonts of the PDF are not on this machine."""


class _Sheet(FPDF):
    def __init__(self, printout: Printout) -> None:
        super().__init__(format="A4")
        self._dossier, self._code = printout, _picture(printout.code)
        self.set_margins(_MARGIN, _MARGIN)
        self.set_auto_page_break(auto=True, margin=_FOOT)
        for style, path in _FACES.items():
            if not path.exists():
                raise FontMissing(str(path))
            self.add_font(_FAMILY, style, path)

    def header(self) -> None:
        """The seal, the QR code, and a line below them."""
        self.image(io.BytesIO(self._code), x=self.w - _MARGIN - _QR_MM, y=8, w=_QR_MM, alt_text="Código QR")
        self.set_xy(_MARGIN, 10)
        width = self.w - 2 * _MARGIN - _QR_MM - 4
        for text in self._dossier.seal:
            self.written(text, _SEAL_PT, width=width)
        below = max(self.get_y(), 8 + _QR_MM) + 1
        self.line(_MARGIN, below, self.w - _MARGIN, below)
        self.set_y(below + 3)

    def footer(self) -> None:
        """The page's number."""
        self.set_y(-12)
        self.set_font(_FAMILY, size=_SEAL_PT)
        self.cell(0, 5, f"Página {self.page_no()} de {{nb}}", align="C")

    def written(self, text: str, size: float, *, bold: bool = False, within: bool = False, width: float = 0) -> None:
        """A paragraph."""
        style = "B" if bold else ""
        self.set_font(_FAMILY, style=style, size=size)
        self.set_x(_MARGIN + (6 if within else 0))
        font = self.fonts[f"{_FAMILY}{style}"]
        known = font.cmap if isinstance(font, TTFFont) else {}
        text = "".join(c if c in " \t" or ord(c) in known else f"[U+{ord(c):04X}]" for c in told(text))
        self.multi_cell(width, size * _MM_A_POINT, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def line_of(self, line: Line) -> None:
        """A line of the printout; bold if its first words are marked."""
        text = "".join(span.text for span in line.spans)
        if not text.strip():
            return
        first = next(span for span in line.spans if span.text.strip())
        self.written(text, _TEXT_PT, bold=bool(first.mark), within=line.within)
        self.ln(0.6)


def pdf_of(printout: Printout) -> bytes:
    """Returns the PDF. Raises FontMissing."""
    sheet = _Sheet(printout)
    sheet.set_title(TITLE)
    sheet.set_lang("es-GT")
    sheet.add_page()
    sheet.written(TITLE, _TITLE_PT, bold=True)
    sheet.ln(2)
    for part in printout.parts:
        sheet.written(part.heading, _HEADING_PT, bold=True)
        sheet.ln(1)
        for line in part.lines:
            sheet.line_of(line)
        sheet.ln(2)
    return bytes(sheet.output())


def code_address(text: str) -> str:
    """Returns a QR code as an address that a page shows without a request."""
    return segno.make(text, error="m", micro=False).svg_data_uri(scale=3, border=2)


def _picture(text: str) -> bytes:
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="png", scale=6, border=2)
    return picture.getvalue()
