"""The door: asks for the officer's identity, at the start and after each lock; nothing else is on the screen then.

By NIP and password at the officer's institution's issuer, or by a token that they paste or that lies in the device's
file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.screen import Screen

from clients.car.clock import clock_of_token
from clients.car.door import BEGIN, HINTS, KEYS, KEYS_BACK, NAME, Way, first_way
from clients.car.link import NoAnswer
from clients.car.one_line import OneLine
from clients.car.session import TokenMissing
from clients.car.themes import LOW_ROWS
from clients.car.told_widgets import Input, Static

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import Key, Paste

    from clients.car.application import Application
    from clients.client.failures import CallFailure

_ACCEPTED_ANYWAY = ("PERMISSION_DENIED",)  # the token was read and believed; this question is not for its role
_UNREACHED = ("UNAVAILABLE", "DEADLINE_EXCEEDED")
_MOST = 16_384  # characters of a token
_LONGEST_NIP = 32
_BOXES = ("nip", "token", "again")


class LoginScreen(Screen[None]):
    """Gone once the server has accepted the token, or the token is the one of before."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "clear", "Borrar"), ("f2", "other_way", "De otro modo")]
    AUTO_FOCUS = ""

    def __init__(self, why: str = "") -> None:
        super().__init__()
        self._why = why
        self._way = Way.DEVELOPMENT
        self._told = ""
        self._nip = self._present = ""  # while a new password is chosen

    @property
    def car(self) -> Application:
        """The application."""
        return cast("Application", self.app)

    def compose(self) -> ComposeResult:
        yield Static(NAME, id="login-name", markup=False)
        yield Static(self._why or BEGIN, id="login-why", markup=False)
        yield Static("", id="login-hint", markup=False)
        yield OneLine(id="nip", max_length=_MOST)  # a token may be pasted there
        yield OneLine(password=True, id="token", max_length=_MOST)
        yield OneLine(password=True, id="again", max_length=_MOST)
        yield Static(" ", id="login-said", markup=False)
        yield Static("", id="login-keys", markup=False)

    def on_mount(self) -> None:
        self._turn(first_way(self.car.session.needs_token, self.car.officer is not None))

    def on_resize(self) -> None:
        self.set_class(self.size.height < LOW_ROWS, "low")

    def _turn(self, way: Way) -> None:
        """Shows the boxes of a way; what was typed for another goes."""
        self._way = way
        shown = {
            Way.DEVELOPMENT: ("token",),
            Way.TOKEN: ("token",),
            Way.PASSWORD: ("nip", "token"),
            Way.NEW_PASSWORD: ("token", "again"),
        }[way]
        titles = dict(zip(shown, way.value, strict=True))
        for name in _BOXES:
            box = self._box(name)
            box.display = name in shown
            box.value = ""
            box.border_title = titles.get(name, "")
        self.query_one("#login-hint", Static).update(HINTS[way])
        back = way is Way.TOKEN and self.car.officer is not None
        self.query_one("#login-keys", Static).update(KEYS_BACK if back else KEYS[way])
        self._box(shown[0]).focus()

    # -- what waits while a sign-in runs (clients.car.typed)

    @property
    def is_busy(self) -> bool:
        """Returns whether a sign-in runs: what is typed meanwhile belongs to the next screen."""
        return any(worker.node is self and not worker.is_finished for worker in self.workers)

    def takes_while_busy(self, _: Key | Paste) -> bool:
        """Takes nothing."""
        return False

    async def _trying(self, work: Coroutine[Any, Any, None]) -> None:
        """Tries a sign-in. Keys typed behind a failed one are no password: they are dropped, and the officer is
        informed."""
        await work
        if not self.car.session.open and self.car.typed.drop():
            self._say(f"{self._told} Lo que se tecleó mientras tanto no se tomó.".strip())

    def _box(self, name: str) -> Input:
        return self.query_one(f"#{name}", Input)

    def on_input_changed(self, event: Input.Changed) -> None:
        """A token that is pasted where the NIP belongs is not left to be read."""
        pasted = event.value.strip()
        if event.input.id == "nip" and len(pasted) > _LONGEST_NIP:
            self._turn(Way.TOKEN)
            self._box("token").value = pasted

    def on_one_line_not_taken(self, event: OneLine.NotTaken) -> None:
        """Half a token opens nothing, and nobody sees that it is half."""
        self._say(event.said)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "nip":
            if event.value.strip():
                self._box("token").focus()
            return
        if self._way is Way.NEW_PASSWORD and event.input.id == "token":
            self._box("again").focus()
            return
        nip, typed, again = (self._box(name).value for name in _BOXES)
        self._box("token").value = self._box("again").value = ""
        if self._way is Way.PASSWORD:
            if not nip.strip():
                self._say("Escriba su NIP.")
                self._box("nip").focus()
                return
            self.run_worker(self._trying(self._sign_in(nip.strip(), typed)), exclusive=True)
        elif self._way is Way.NEW_PASSWORD:
            self.run_worker(self._trying(self._change(typed, again)), exclusive=True)
        else:
            self.run_worker(self._trying(self._enter(typed)), exclusive=True)

    def action_clear(self) -> None:
        self.workers.cancel_group(self, "default")  # whoever waits for a server that is silent
        if self._way is Way.NEW_PASSWORD:
            self._nip = self._present = ""
        self._turn(Way.PASSWORD if self._way is Way.NEW_PASSWORD else self._way)
        self._say("")

    def action_other_way(self) -> None:
        if self.car.officer is not None and self._way in (Way.PASSWORD, Way.TOKEN):
            self._say("")
            self._turn(Way.TOKEN if self._way is Way.PASSWORD else Way.PASSWORD)

    def _say(self, text: str) -> None:
        self._told = text
        self.query_one("#login-said", Static).update(text or " ")

    def _leave(self, token: str, same: bool) -> None:
        for name in _BOXES:
            self._box(name).value = ""
        self._say("")
        self.car.enter(token, same)

    # -- by token

    async def _enter(self, typed: str) -> None:
        try:
            token = self.car.session.offered(typed)
        except TokenMissing as error:
            self._say(str(error))
            return
        if await self._accepted(token):
            self._leave(token, self.car.session.start(token, typed=bool(typed.strip())))

    # -- at the issuer

    async def _sign_in(self, nip: str, password: str) -> None:
        from clients.client.failures import CallFailure

        officer = self.car.officer
        assert officer is not None
        if not password:
            self._say("Escriba su contraseña.")
            return
        self._say("Iniciando sesión…")
        try:
            token = await officer.login(nip, password)
        except CallFailure as failure:
            if failure.reason == "PIN_EXPIRED":
                self._turn(Way.NEW_PASSWORD)
                self._nip, self._present = nip, password
                self._say("")
            else:
                await self._tell(failure)
            return
        except OSError as error:
            self._tell_file(error)
            return
        if await self._accepted(token):
            self._leave(token, self.car.session.start(token, typed=True, officer=nip))
        else:
            officer.end()

    async def _change(self, wanted: str, again: str) -> None:
        from clients.client.failures import CallFailure

        officer = self.car.officer
        assert officer is not None
        if wanted != again:
            self._turn(Way.NEW_PASSWORD)
            self._say("No son iguales: escríbala dos veces.")
            return
        self._say("Cambiando la contraseña…")
        try:
            await officer.change(self._nip, self._present, wanted)
        except CallFailure as failure:
            self._turn(Way.NEW_PASSWORD)
            await self._tell(failure)
            return
        except OSError as error:
            self._tell_file(error)
            return
        nip, self._nip, self._present = self._nip, "", ""
        self._turn(Way.PASSWORD)
        await self._sign_in(nip, wanted)

    async def _tell(self, failure: CallFailure) -> None:
        import asyncio

        from clients.car.no_answer import told_sign_in

        officer = self.car.officer
        assert officer is not None
        self._say(await asyncio.to_thread(told_sign_in, failure, officer.issuer, officer.device()))

    def _tell_file(self, error: OSError) -> None:
        from clients.car.no_answer import told_file

        self._say(told_file(str(error.filename)))

    # -- at the server

    async def _accepted(self, token: str) -> bool:
        """Returns whether the token is accepted; shows the reason if not."""
        self._say("Comprobando con el servidor…")
        refusal = await self._refusal(token)
        self._say(refusal)
        return not refusal

    async def _refusal(self, token: str) -> str:
        """Returns why the token opens nothing; "" when it does."""
        from ronda.v1.register_service_pb2 import ListRegistersRequest

        app = self.car
        metadata = [("authorization", f"Bearer {token}")] if token else []
        request = ListRegistersRequest(context=app.frame())
        try:
            await app.link.registers(request, metadata)
        except NoAnswer as no:
            return await self._refused(no, token)
        self._taken(token)
        return ""

    def _taken(self, token: str) -> None:
        """The server answered, and took the token: its clock stands between the token's beginning and end."""
        from clients.car.officer import claims_of

        claims = claims_of(token) if token else {}
        begins, ends = claims.get("iat"), claims.get("exp")
        if isinstance(begins, int | float) and isinstance(ends, int | float):
            self.car.clock = clock_of_token(begins, ends)
        self.car.coverage.connected = True

    async def _refused(self, no: NoAnswer, token: str) -> str:
        if no.failure is None:
            from clients.car.no_answer import told_file

            return told_file(no.file)
        if no.failure.status in _ACCEPTED_ANYWAY and no.failure.reason != "REVOKED":
            self._taken(token)
            return ""
        if no.failure.status in _UNREACHED and self.car.session.same_as_before(token):
            self.car.coverage.connected = False
            return ""
        return await self.car.link.explain(no.failure)
