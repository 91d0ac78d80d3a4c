"""Independent readers of a signed PDF and its QR code: openssl, poppler's pdfsig and pdftoppm, zbar."""

from __future__ import annotations

import io
import re
import subprocess
from pathlib import Path

import pypdf


def signature_and_content(pdf: bytes) -> tuple[bytes, bytes]:
    """The CMS signature (DER) and the bytes that it signs, by the file's own ByteRange."""
    found = re.search(rb"/ByteRange\s*\[\s*(\d+) (\d+) (\d+) (\d+)\s*\]", pdf)
    assert found is not None
    first, first_size, second, second_size = (int(number) for number in found.groups())
    assert first == 0
    assert second + second_size == len(pdf), "everything but the signature is signed"
    fields = pypdf.PdfReader(io.BytesIO(pdf)).get_fields() or {}
    (field,) = [each for each in fields.values() if each.get("/FT") == "/Sig"]
    padded = bytes(field["/V"]["/Contents"].original_bytes)
    size = 4 + int.from_bytes(padded[2:4], "big")  # a SEQUENCE with a length of two bytes, then zeros
    assert padded[:2] == b"\x30\x82"
    assert not padded[size:].strip(b"\0")
    return padded[:size], pdf[:first_size] + pdf[second : second + second_size]


def openssl_verifies(pdf: bytes, authority: Path, directory: Path) -> bool:
    """`openssl cms -verify` of the signature and its chain."""
    signature, content = signature_and_content(pdf)
    (directory / "signature.der").write_bytes(signature)
    (directory / "content").write_bytes(content)
    ended = subprocess.run(
        [
            *("openssl", "cms", "-verify", "-binary", "-cades", "-inform", "DER", "-in", directory / "signature.der"),
            *("-content", directory / "content", "-CAfile", authority, "-purpose", "any", "-x509_strict"),
            *("-out", "/dev/null"),
        ],
        check=False,
        capture_output=True,
    )
    return ended.returncode == 0


def pdfsig_says(path: Path) -> str:
    """Returns what poppler says of the signature; its store of trusted CAs is empty here."""
    return subprocess.run(["pdfsig", path], check=False, capture_output=True, text=True).stdout


def code_on_page(path: Path, directory: Path) -> str:
    """The text of the QR code, read off the picture of the page at the resolution of a plain scanner."""
    subprocess.run(["pdftoppm", "-r", "150", "-png", "-f", "1", "-l", "1", path, directory / "page"], check=True)
    (picture,) = directory.glob("page*.png")
    read = subprocess.run(
        ["zbarimg", "-q", "--raw", "--nodbus", picture], check=True, capture_output=True, text=True
    ).stdout
    return read.strip()
