"""The certificate as a page of A4, not signed yet; beside it, in the file, the token and what the page says."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import segno
from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos
from fpdf.fonts import TTFFont

from clients.certificate.validity import GUATEMALA
from clients.certificate.wording import AFTER_REVIEW, SAMPLE_TEXT, SAMPLE_WORD, TITLES, VERIFYING, limits, statement
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
_ARMS_MM = 22  # height of the arms, and most of their width
_SAMPLE_PT = 130
_CAPITAL_MM = 0.257  # height of a capital letter, of each point


class FontMissing(Exception):
    """The fonts of the page are not on this machine; `path`: where they should be."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


class Unwritable(Exception):
    """A text has a letter missing in the page's font, or a character that hides or turns a part of it.

    A name is never written with another one in its place. `institution`: it is a text of the institution.
    """

    def __init__(self, *, institution: bool) -> None:
        super().__init__("institution" if institution else "name")
        self.institution = institution


class _Page(FPDF):
    def __init__(self, number: str, foot: str, *, sample: bool) -> None:
        super().__init__(format="A4")
        self._number, self._foot, self._sample = number, foot, sample
        self.set_margins(_MARGIN, _MARGIN)
        self.set_auto_page_break(auto=True, margin=20)
        for style, path in (("", _REGULAR), ("B", _BOLD)):
            if not path.exists():
                raise FontMissing(path)
            self.add_font(_FAMILY, style, path)

    def header(self) -> None:
        """Says MUESTRA across the page, from corner to corner, under what is written on it."""
        if not self._sample:
            return
        width, height = self.w, self.h
        angle = math.degrees(math.atan2(height, width))
        with self.local_context(fill_opacity=0.25, text_color=(200, 0, 0)):
            self.set_font(_FAMILY, style="B", size=_SAMPLE_PT)
            half = self.get_string_width(SAMPLE_WORD) / 2
            with self.rotation(angle, width / 2, height / 2):
                self.text(width / 2 - half, height / 2 + _SAMPLE_PT * _CAPITAL_MM / 2, SAMPLE_WORD)

    def footer(self) -> None:
        """The institution's foot, the number and the page."""
        self.set_font(_FAMILY, size=7)
        if self._foot:
            self.set_y(-18)
            self.cell(0, 4, told(self._foot), align="C")
        self.set_y(-14)
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
    """Returns the content of the QR code: the token, behind the office's address if it has one.

    The token stands behind `#`: a browser that opens the address sends nothing of it, so it is in no log.
    """
    return f"{certificate.institution.online}#{token}" if certificate.institution.online else token


def attached(certificate: Certificate, token: str) -> dict[str, str]:
    """Returns the data attached to the page, so that a program need not read its letters."""
    return {
        "format": "ronda-certificate/1",
        "number": certificate.number,
        "cui": certificate.cui,
        "page_key": certificate.page_key,
        "token": token,
    }


def render(certificate: Certificate, token: str) -> bytes:
    """The PDF. Raises FontMissing, Unwritable."""
    institution = certificate.institution
    page = _Page(certificate.number, institution.foot, sample=certificate.sample)
    _check_letters(page, certificate.name, institution=False)
    _check_letters(page, institution.name + institution.foot + institution.heading.replace("\n", ""), institution=True)
    page.set_title(TITLES[certificate.standard])
    page.set_author(told(certificate.institution.name))
    page.set_lang("es-GT")
    page.set_creation_date(certificate.issued)
    content = json.dumps(attached(certificate, token), indent=1).encode()
    page.embed_file(bytes=content, basename=ATTACHED, desc="Para comprobar la constancia con un programa")
    page.add_page()
    if institution.arms is not None:
        page.image(io.BytesIO(institution.arms), x=Align.C, h=_ARMS_MM, alt_text="Escudo de la institución")
        page.ln(1)
    for line in filter(None, institution.heading.split("\n")):
        page.text_of(line, 10, align="C")
    page.text_of(institution.name, 11, bold=True, align="C")
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
    if certificate.sample:
        page.text_of(SAMPLE_TEXT, 11, bold=True)
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


def _check_letters(page: _Page, text: str, *, institution: bool) -> None:
    for style in ("", "B"):
        font = page.fonts[f"{_FAMILY}{style}"]
        known = font.cmap if isinstance(font, TTFFont) else {}
        if told(text) != text or any(ord(letter) not in known for letter in text if letter != " "):
            raise Unwritable(institution=institution)
