"""Page /buscar: persons by what is known of them, vehicles by a partial plate, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from clients.client.failures import CallFailure
from clients.client.questions import BothSubjects, NoDate, Question, search_question
from clients.console.desk.asked import PURPOSES, NotAsked, Why, field_of, why_of
from clients.console.desk.refused import said_of, status_of
from clients.console.desk.shown import shown
from clients.console.forms import hold_to_session, read_form
from ronda.v1 import value_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from clients.console.front import Console
    from clients.console.sessions import Session

PERSON_FIELDS = {
    "names": "Nombres y apellidos, o parte",
    "birth_date": "Nacimiento, dd/mm/aaaa o el año",
    "birth_year_from": "Nacimiento desde el año",
    "birth_year_to": "hasta el año",
    "father_name": "Padre",
    "mother_name": "Madre",
}
VEHICLE_FIELDS = {
    "plate_pattern": "Placa, ? por lo que falta",
    "number": "Número de VIN, chasis o motor, o su final",
    "make": "Marca",
    "colour": "Color",
    "model_year": "Año",
}
SEXES = {"SEX_FEMALE": "mujer", "SEX_MALE": "hombre"}
_NUMBERS = ("birth_year_from", "birth_year_to", "model_year")
_PAGE = 20
_LONGEST_TOKEN = 1000


class Searching:
    """Searches of whoever is signed in. As at the desk, no address holds what was asked."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def routes(self) -> list[Route]:
        """The page."""
        return [
            Route("/buscar", self.form, methods=["GET"]),
            Route("/buscar", self.search, methods=["POST"]),
        ]

    async def form(self, request: Request) -> Response:
        """GET /buscar."""
        session = self._console.session(request)
        return self._page(request, session, session.why, {})

    async def search(self, request: Request) -> Response:
        """POST /buscar: a page of what fits."""
        session = self._console.session(request)
        form = await read_form(request)
        hold_to_session(request, session, form)
        why, fields = session.why, dict[str, str]()
        try:
            why, fields = why_of(form), _fields(form)
            question = _question(why, fields, form.get("pagina", "")[:_LONGEST_TOKEN])
        except NotAsked as error:
            return self._page(request, session, why, fields, str(error), 422)
        session.why = why
        try:
            response = await session.officer.check(question.method, question.request)
        except CallFailure as failure:
            return self._page(request, session, why, fields, said_of(failure), status_of(failure))
        return self._page(request, session, why, fields, answer=response)

    def _page(
        self,
        request: Request,
        session: Session,
        why: Why,
        fields: dict[str, str],
        said: str = "",
        status: int = 200,
        *,
        answer: Any = None,
    ) -> Response:
        return self._console.pages.page(
            request,
            "buscar.html",
            status,
            session=session,
            why=why,
            fields=fields,
            said=said,
            answer=shown(answer, typed=True) if answer is not None else None,
            next_page=answer.next_page_token if answer is not None else "",
            purposes=PURPOSES,
            person_fields=PERSON_FIELDS,
            vehicle_fields=VEHICLE_FIELDS,
            sexes=SEXES,
        )


def _fields(form: Mapping[str, str]) -> dict[str, str]:
    labels = PERSON_FIELDS | VEHICLE_FIELDS | {"sex": "Sexo"}
    return {name: text for name, label in labels.items() if (text := field_of(form, name, label))}


def _question(why: Why, fields: Mapping[str, str], page_token: str) -> Question:
    """Returns the request. Raises NotAsked."""
    context = why.context()
    if not fields:
        raise NotAsked("Escriba qué buscar.")
    read = {name: _number(name, text) if name in _NUMBERS else text for name, text in fields.items()}
    if "sex" in read:
        if read["sex"] not in SEXES:
            raise NotAsked("Sexo: elija de la lista.")
        read["sex"] = value_pb2.Sex.Value(str(read["sex"]))
    person = {name: read[name] for name in (*PERSON_FIELDS, "sex") if name in read}
    vehicle = {name: read[name] for name in VEHICLE_FIELDS if name in read}
    try:
        return search_question(context, person, vehicle, _PAGE, page_token)
    except BothSubjects:
        raise NotAsked("Busque personas o vehículos, no ambos a la vez.") from None
    except NoDate:
        raise NotAsked("Nacimiento: escriba dd/mm/aaaa, mm/aaaa o el año.") from None


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) != len("2026"):
        raise NotAsked(f"{(PERSON_FIELDS | VEHICLE_FIELDS)[name]}: escriba un año de cuatro cifras.")
    return int(text)
