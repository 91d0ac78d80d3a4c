"""The door: asks for the officer's token, at the start and after each lock; nothing else is on the screen then."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.screen import Screen
from textual.widgets import Input, Static

from clients.car.link import NoAnswer
from clients.car.session import TokenMissing

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from clients.car.application import Application


_ACCEPTED_ANYWAY = ("PERMISSION_DENIED",)  # the token was read and believed; this question is not for its role
_UNREACHED = ("UNAVAILABLE", "DEADLINE_EXCEEDED")
_MOST = 16_384  # characters of a token


class LoginScreen(Screen[None]):
    """Dismissed once the server has accepted the token, or the token is the one of before."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "clear", "Borrar")]

    def __init__(self, why: str = "") -> None:
        super().__init__()
        self._why = why

    @property
    def car(self) -> Application:
        """The application."""
        return cast("Application", self.app)

    def compose(self) -> ComposeResult:
        yield Static("RONDA", id="login-name", markup=False)
        yield Static(self._why or "Inicie sesión", id="login-why", markup=False)
        needs = self.car.session.needs_token
        hint = "Pegue su token y Enter; vacío: el del archivo" if needs else "Modo de desarrollo, sin token: Enter"
        yield Static(hint, id="login-hint", markup=False)
        yield Input(password=True, id="token", max_length=_MOST)
        yield Static("", id="login-said", markup=False)
        yield Static("Enter entrar · Esc borrar · Ctrl+Q salir", id="login-keys", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        typed, event.input.value = event.value, ""
        self.run_worker(self._enter(typed), exclusive=True)

    def action_clear(self) -> None:
        self.query_one("#token", Input).value = ""

    def _say(self, text: str) -> None:
        self.query_one("#login-said", Static).update(text)

    async def _enter(self, typed: str) -> None:
        app, session = self.car, self.car.session
        try:
            token = session.offered(typed)
        except TokenMissing as error:
            self._say(str(error))
            return
        self._say("Comprobando con el servidor…")
        if refusal := await self._refusal(token):
            self._say(refusal)
            return
        app.enter(token, session.start(token, typed=bool(typed.strip())))
        self.dismiss()

    async def _refusal(self, token: str) -> str:
        """Why the token opens nothing; "" when it does."""
        from ronda.v1.register_service_pb2 import ListRegistersRequest

        app = self.car
        metadata = [("authorization", f"Bearer {token}")] if token else []
        request = ListRegistersRequest(context=app.frame())
        try:
            await app.link.registers(request, metadata)
        except NoAnswer as no:
            return await self._refused(no, token)
        app.connected = True
        return ""

    async def _refused(self, no: NoAnswer, token: str) -> str:
        if no.failure is None:
            from clients.car.no_answer import told_file

            return told_file(no.file)
        if no.failure.status in _ACCEPTED_ANYWAY and no.failure.reason != "REVOKED":
            return ""
        if no.failure.status in _UNREACHED and self.car.session.same_as_before(token):
            self.car.connected = False
            return ""
        return await self.car.link.explain(no.failure)
