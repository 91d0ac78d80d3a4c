"""The situation room: its page, the parts that are asked for anew, what its charts draw, and its live events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from clients.client.failures import CallFailure
from clients.console import board
from clients.console.drawings import drawn_map, drawn_trend
from clients.console.forms import hold_to_session, read_form
from clients.console.schematic import LABEL, NAMES, scheme, scheme_of
from clients.console.telling import told
from clients.console.watching import OVER, STRIP, Watching

if TYPE_CHECKING:
    from starlette.requests import Request

    from clients.console.front import Console
    from clients.console.reading import SeenTable
    from clients.console.sessions import Session


class Room:
    """Pages below /sala."""

    def __init__(self, console: Console) -> None:
        self._console = console

    async def page(self, request: Request) -> Response:
        """GET /sala: the whole page, with its tiles; ?tema, ?depto."""
        session = self._console.session(request)
        topic, department = _topic(request), _department(request)
        mart_id, tiles = await self._tiles(session, topic, department)
        return self._console.pages.page(
            request,
            "sala.html",
            session=session,
            topics=board.TOPICS,
            topic=topic,
            title=board.TOPICS[topic][1],
            department=department,
            scheme_label=LABEL,
            hours_year=board.hours_year(board.today()),
            wall=session.wall,
            known=self._watching(session).known,
            now=datetime.now(UTC),
            mart_id=mart_id,
            tiles=Markup(tiles),  # noqa: S704 # of fichas.html, which escapes what is put into it
        )

    async def tiles(self, request: Request) -> Response:
        """GET /sala/fichas: the tiles alone."""
        session = self._console.session(request, touch=False)
        _, tiles = await self._tiles(session, _topic(request), _department(request))
        return HTMLResponse(tiles)

    async def drawings(self, request: Request) -> Response:
        """GET /sala/datos: what the charts draw."""
        session = self._console.session(request, touch=False)
        topic, department, day = _topic(request), _department(request), board.today()
        ask = self._watching(session).table
        found = await asyncio.gather(
            _or_why(ask(board.weekly(topic, day, department))),
            _or_why(ask(board.hours(topic, day, department))),
            _or_why(ask(board.trend(topic, day, department))),
            _or_why(ask(board.trend(topic, day, department, known_days_ago=board.VINTAGE_DAYS))),
        )
        weeks, hours, months, before = found
        drawn: dict[str, Any] = {"why": [each for each in found[:3] if isinstance(each, str)]}
        if not isinstance(weeks, str):
            drawn["map"] = drawn_map(weeks.tiles)
        if not isinstance(hours, str):
            drawn["hours"] = hours.hours
        if not isinstance(months, str):
            drawn["trend"] = drawn_trend(months.table, None if isinstance(before, str) else before.table)
        return JSONResponse(drawn)

    async def scheme(self, request: Request) -> Response:
        """GET /sala/esquema: the map's blocks; of a department its municipalities, as the server names them."""
        session = self._console.session(request, touch=False)
        department = _department(request)
        if not department:
            return JSONResponse(scheme())
        weeks = await _or_why(self._watching(session).table(board.weekly(_topic(request), board.today(), department)))
        tiles = () if isinstance(weeks, str) else weeks.tiles.tiles
        return JSONResponse(scheme_of(department, [(tile.code, tile.name) for tile in tiles]))

    async def wall(self, request: Request) -> Response:
        """POST /sala/pared: a wall on or off; a wall's session has no end by idleness, only that of the shift."""
        session = self._console.session(request)
        form = await read_form(request)
        hold_to_session(request, session, form)
        session.wall = form.get("pared") == "si"
        return Response(status_code=204, headers={"HX-Refresh": "true"})

    async def live(self, request: Request) -> Response:
        """Answers GET /sala/vivo: server-sent events of one screen; ?almacen = the mart of its figures."""
        session = self._console.session(request, touch=False)
        if self._watching(session).crowded:
            raise HTTPException(429, "Esta sesión tiene ya demasiadas pantallas en vivo: cierre alguna.")
        events = self._events(session, request.query_params.get("almacen", ""))
        return StreamingResponse(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    async def _events(self, session: Session, mart_id: str) -> AsyncIterator[str]:
        watching = self._watching(session)
        async for event in watching.screen(mart_id):
            if event == OVER or self._console.sessions.over(session):
                session.ended = True
                yield _event(OVER, "")
                return
            text = self._strip(watching) if event == STRIP else watching.known.mart_id
            yield _event(event, text)

    def _watching(self, session: Session) -> Watching:
        if session.watching is None:
            session.watching = Watching(session.officer, self._console.signal, self._console.tables)
        return session.watching

    def _strip(self, watching: Watching) -> str:
        return self._console.pages.text("vivo.html", known=watching.known, now=datetime.now(UTC))

    async def _tiles(self, session: Session, topic: str, department: str) -> tuple[str, str]:
        """(mart, text of fichas.html); what could not be asked is said in its place."""
        values: dict[str, Any] = {
            "topic": topic,
            "department": department,
            "department_name": NAMES.get(department, department),
        }
        render = self._console.pages.text
        try:
            seen = await self._watching(session).table(board.weekly(topic, board.today(), department))
        except CallFailure as failure:
            return "", render("fichas.html", **values, board=None, frame=None, why=told(failure))
        found = seen.text(
            (topic, department),
            lambda: render("fichas.html", **values, board=seen.tiles, frame=seen.table.frame, why=""),
        )
        return seen.mart_id, found


async def _or_why(asking: Any) -> SeenTable | str:
    try:
        table: SeenTable = await asking
    except CallFailure as failure:
        return told(failure)
    return table


def _event(name: str, text: str) -> str:
    return "".join([f"event: {name}\n", *(f"data: {line}\n" for line in text.splitlines() or [""]), "\n"])


def _topic(request: Request) -> str:
    topic = request.query_params.get("tema", board.DEFAULT_TOPIC)
    if topic not in board.TOPICS:
        raise HTTPException(404, "No hay tal tema.")
    return topic


def _department(request: Request) -> str:
    code = request.query_params.get("depto", "")
    if code and not (len(code) == 2 and code.isascii() and code.isdigit()):
        raise HTTPException(404, "No hay tal departamento.")
    return code
