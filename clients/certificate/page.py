"""The certificate as a page of A4, not signed yet; beside it, in the file, the token and what the page says."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import segno
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from clients.certificate.validity import GUATEMALA
from clients.certificate.wording import AFTER_REVIEW, TITLES, VERIFYING, limits, statement
from clients.spanish.words import cui_text
from clients.terminal.told_text import told

if TYPE_CHECKING:
    from clients.certificate.facts import Certificate

ATTACHED = "constancia.json"
# Debian's package fonts-dejavu-core. The fonts that every reader has know Latin-1 alone, and would not be in the file.
_FONTS = Path("/usr/share/fonts/truetype/dejavu")
_REGULAR, _BOLD = _FONTS / "DejaVuSans.ttf", _FONTS / "DejaVuSans-Bold.ttf"
_FAMILY = "dejavu"
_MARGIN, _QR_MM, _LINE_MM = 20, 48, 5


class FontMissing(Exception):
    """The fonts of the page are not on this machine; `path`: where they should be."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


class Unwritable(Exception):
    """The name has a letter that the page's font has not, or a character that hides or turns a part of it.

    A name is never written with another one in its place.
    """


class _Page(FPDF):
    def __init__(self, number: str) -> None:
        super().__init__(format="A4")
        self._number = number
        self.set_margins(_MARGIN, _MARGIN)
        self.set_auto_page_break(auto=True, margin=18)
        for style, path in (("", _REGULAR), ("B", _BOLD)):
            if not path.exists():
                raise FontMissing(path)
            self.add_font(_FAMILY, style, path)

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(_FAMILY, size=7)
        self.cell(0, 5, f"{self._number}   Página {self.page_no()} de {{nb}}", align="C")

    def text_of(self, text: str, size: float = 9, *, bold: bool = False, align: str = "L") -> None:
        """A paragraph."""
        self.set_font(_FAMILY, style="B" if bold else "", size=size)
        self.multi_cell(0, _LINE_MM * size / 9, told(text), align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def field(self, label: str, value: str, size: float = 10) -> None:
        """A label and its value, which goes on under itself however long it is."""
        self.set_font(_FAMILY, size=8)
        self.cell(42, 6, label)
        self.set_font(_FAMILY, style="B", size=size)
        self.multi_cell(0, 6, told(value), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def qr_text(certificate: Certificate, token: str) -> str:
    """What the QR code holds: the token, behind the office's address where it has one.

    Behind `#`: a browser that opens the address sends nothing of it, so that the token stands in no log.
    """
    return f"{certificate.institution.online}#{token}" if certificate.institution.online else token


def attached(certificate: Certificate, token: str) -> dict[str, str]:
    """What the file holds beside the page, so that a program reads no letters off it."""
    return {
        "format": "ronda-certificate/1",
        "number": certificate.number,
        "cui": certificate.cui,
        "page_key": certificate.page_key,
        "token": token,
    }


def render(certificate: Certificate, token: str) -> bytes:
    """The PDF. Raises FontMissing, Unwritable."""
    page = _Page(certificate.number)
    _check_letters(page, certificate.name)
    page.set_title(TITLES[certificate.standard])
    page.set_author(told(certificate.institution.name))
    page.set_lang("es-GT")
    page.set_creation_date(certificate.issued)
    content = json.dumps(attached(certificate, token), indent=1).encode()
    page.embed_file(bytes=content, basename=ATTACHED, desc="Para comprobar la constancia con un programa")
    page.add_page()
    page.text_of(certificate.institution.name, 11, bold=True, align="C")
    page.ln(2)
    page.text_of(TITLES[certificate.standard], 15, bold=True, align="C")
    page.ln(4)
    _write_facts(page, certificate)
    _write_statement(page, certificate)
    _write_code(page, certificate, token)
    return bytes(page.output())


def _write_facts(page: _Page, certificate: Certificate) -> None:
    issued = certificate.issued.astimezone(GUATEMALA)
    page.field("Número", certificate.number)
    page.field("Nombre", certificate.name, 12)
    page.field("CUI", cui_text(certificate.cui), 12)
    page.field("Fecha de emisión", f"{issued:%d/%m/%Y %H:%M} (hora de Guatemala)")
    page.field("Válida hasta", f"{certificate.valid_until:%d/%m/%Y}, ese día incluido")
    page.ln(3)


def _write_statement(page: _Page, certificate: Certificate) -> None:
    page.text_of("SIN REGISTRO", 13, bold=True)
    page.text_of(statement(certificate.standard), 10)
    if certificate.review:
        page.text_of(AFTER_REVIEW.format(review=certificate.review), 10)
    page.ln(2)
    page.text_of("Registros consultados", bold=True)
    for register in certificate.registers:
        as_of = f"{register.as_of.astimezone(GUATEMALA):%d/%m/%Y %H:%M}" if register.as_of is not None else "sin fecha"
        page.text_of(f"{register.name}: al {as_of}", 8)
    page.text_of(f"Extracto {certificate.generation}", 8)
    page.ln(2)
    page.text_of("Qué no dice esta constancia", bold=True)
    for line in limits(certificate.standard):
        page.text_of(f"• {line}", 8)
    page.ln(3)


def _write_code(page: _Page, certificate: Certificate, token: str) -> None:
    picture = io.BytesIO()
    code = segno.make(qr_text(certificate, token), error="m", micro=False)
    code.save(picture, kind="png", scale=8, border=4)
    if page.get_y() + _QR_MM > page.h - 22:
        page.add_page()
    top = page.get_y()
    page.image(picture, x=_MARGIN, y=top, w=_QR_MM, h=_QR_MM, alt_text="Código QR para comprobar la constancia")
    page.set_left_margin(_MARGIN + _QR_MM + 6)
    page.set_y(top + 2)
    page.text_of(VERIFYING, 8)
    page.ln(2)
    page.text_of(f"Clave de página: {certificate.page_key}", 9, bold=True)
    if certificate.institution.online:
        page.text_of(f"En línea: {certificate.institution.online}", 8)
    page.text_of("Firmada electrónicamente: la firma va en este archivo, no en su impresión.", 8)
    page.set_left_margin(_MARGIN)


def _check_letters(page: _Page, name: str) -> None:
    for style in ("", "B"):
        font = page.fonts[f"{_FAMILY}{style}"]
        known = font.cmap if isinstance(font, TTFFont) else {}
        if told(name) != name or any(ord(letter) not in known for letter in name if letter != " "):
            raise Unwritable
