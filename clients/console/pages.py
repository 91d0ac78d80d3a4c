"""Pages from templates: everything that is put into one is escaped, and a name that is missing is an error."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from clients.console.tiles import SIGNS, WORDS
from clients.terminal.told_text import told
from ronda.v1 import register_pb2

if TYPE_CHECKING:
    from starlette.requests import Request

    from ronda.v1.register_service_pb2 import Register

HERE = Path(__file__).parent
STATIC = HERE / "static"
VENDOR = STATIC / "vendor"
ASSETS = ("htmx.min.js", "sse.min.js", "echarts.min.js")
"""Files of npm packages, which `./run console-assets` puts into VENDOR (package.json)."""
MODE_COOKIE = "ronda_modo"
_COUNTRY = ZoneInfo("America/Guatemala")


class Pages:
    """Renders templates with what all of them show."""

    def __init__(self, development: bool) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            finalize=_shown,
        )
        self._environment.globals.update(development=development, state_words=WORDS, state_signs=SIGNS)
        self._environment.filters.update(dia=_day, reloj=_clock, cifra=_figure, edad=_age)

    def text(self, name: str, **values: Any) -> str:
        """A template's text."""
        return self._environment.get_template(name).render(**values)

    def page(self, request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A whole page or a part of one."""
        night = request.cookies.get(MODE_COOKIE) == "noche"
        return HTMLResponse(self.text(name, night=night, **values), status_code=status)


def _shown(value: Any) -> Any:
    """A value as a page shows it: what turns the order of reading, or hides, becomes visible. Markup stays markup."""
    if isinstance(value, Markup):
        return Markup(told(value))  # noqa: S704 - it was markup before
    return told(value) if isinstance(value, str) else value


def _day(value: Any) -> str:
    """dd/mm/yyyy of a date, or of one as the contract has it."""
    return f"{value.day:02}/{value.month:02}/{value.year}" if isinstance(value, date) or value.year else "nunca"


def _clock(value: datetime) -> str:
    return f"{value.astimezone(_COUNTRY):%H:%M:%S}"


def _age(register: Register, now: datetime) -> str:
    """Returns the age of a register's data, and its effect on checks."""
    status = register.status
    if not status.HasField("as_of"):
        return "falta"
    seconds = max(0.0, now.timestamp() - status.as_of.ToSeconds())
    minutes = int(seconds // 60)
    age = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} días"
    return f"GRIS, hace {age}" if status.state == register_pb2.REGISTER_STATE_STALE else f"hace {age}"


def _figure(value: int | None) -> str:
    return "oculta" if value is None else f"{value:,}"
