"""Packages that an install of the server leaves out, and the extra of `ronda` that brings each (pyproject.toml)."""

from __future__ import annotations

EXTRA_OF = {
    "aiosmpplib": "sms",
    "asn1crypto": "certificates",
    "jinja2": "desk",
    "nats": "nats",
    "pyhanko": "certificates",
    "segno": "certificates",
    "starlette": "desk",
    "textual": "car",
    "uvicorn": "desk",
    "xlsxwriter": "figures",
}


def missing_extra(error: ModuleNotFoundError) -> str | None:
    """Returns the message, in Spanish, for a module of an extra that is not installed; None for any other module."""
    package = (error.name or "").partition(".")[0]
    if (extra := EXTRA_OF.get(package)) is None:
        return None
    return f"Falta el paquete {package}, que este comando necesita: instale ronda[{extra}] (docs/production.md)."
