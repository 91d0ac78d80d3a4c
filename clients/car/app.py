"""The application: who is logged in, what is asked, when it locks, how it ends."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import App
from textual.binding import Binding

from clients.car.ask import AskScreen
from clients.car.link import Link
from clients.car.login import LoginScreen
from clients.car.plain_end import told_defect
from clients.car.session import Session
from clients.car.stop import Asked, History, Role, Shown, Stop, asked_of_candidate, asked_of_owner
from clients.car.themes import DAY, NIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.binding import BindingType

    from clients.car.settings import CarSettings
    from clients.client.questions import Question
    from ronda.v1.context_pb2 import RequestContext

_CSS = """
Screen { background: $background; color: $foreground; }
#box, #token { border: round $primary; background: $background; height: 3; }
#status, #keys, #asked, #tabs { height: 1; }
#banner { height: 3; text-style: bold; }
#meaning { height: auto; }
#layers { height: 1fr; scrollbar-size-vertical: 1; }
#urgent, #who, #page { height: auto; }
#who { margin-top: 1; }
#tabs { margin-top: 1; }
LoginScreen { align: center middle; }
LoginScreen Static { width: 100%; text-align: center; height: auto; }
#login-name { text-style: bold reverse; margin-bottom: 1; }
#login-said { text-style: bold; margin: 1 0; }
PickScreen, HelpScreen { background: $background; }
#pick-title { text-style: bold; }
#pick-list { height: 1fr; }
"""


class CarApp(App[None]):
    """The officer's screen."""

    CSS = _CSS
    TITLE = "Ronda"
    ENABLE_COMMAND_PALETTE = False  # it writes pictures of the screen to disk
    ALLOW_SELECT = False  # a selection goes to the terminal's clipboard, and stays there
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help_card", "Ayuda"),
        Binding("f8", "light", "Noche o día"),
        Binding("f10,ctrl+l", "lock_now", "Bloquear", priority=True),
        Binding("ctrl+q,ctrl+c", "quit", "Salir", priority=True),
    ]
    level_of_hit = 5  # LEVEL_HIT; a test holds it to the contract, which is imported with the first answer

    def __init__(self, settings: CarSettings) -> None:
        super().__init__()
        self.settings = settings
        self.link = Link(settings.server, settings.identity, settings.deadline)
        self.session = Session(self.link.token_file, settings.idle_minutes * 60)
        self.stop = Stop()
        self.history = History()
        self.main = AskScreen()
        self._connected = False

    # -- its life

    async def on_mount(self) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        for theme in (NIGHT, DAY):
            self.register_theme(theme)
        self.theme = DAY.name if self.settings.day else NIGHT.name
        await self.push_screen(self.main)
        await self.push_screen(LoginScreen())
        self.set_interval(1.0, self._tick)
        self.call_after_refresh(self.run_worker, self._warm(), exclusive=False)

    async def _warm(self) -> None:
        from clients.car.link import NoAnswer

        try:
            await self.link.warm()
        except NoAnswer:
            return  # the login says it

    async def on_event(self, event: events.Event) -> None:
        """A key after too long a pause locks before it does anything else."""
        from textual.events import Key, Paste

        if isinstance(event, Key | Paste) and not event.is_forwarded:
            if self.session.idle_over:
                self.lock("Bloqueado por inactividad.")
                return
            self.session.touch()
        await super().on_event(event)

    def _tick(self) -> None:
        if self.session.idle_over:
            self.lock("Bloqueado por inactividad.")
        self.main.paint_status()

    def _handle_exception(self, error: Exception) -> None:
        """As Textual's own, which prints every local variable beside the traceback: what was asked is in them."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self.panic(Text(told_defect(error)))

    def _fatal_error(self) -> None:
        self.panic(Text(told_defect(self._exception)))

    async def on_unmount(self) -> None:
        self.link.close()

    # -- the session

    @property
    def connected(self) -> bool:
        """Whether the last call reached a server."""
        return self._connected

    @connected.setter
    def connected(self, connected: bool) -> None:
        self._connected = connected
        if self.main.is_mounted:
            self.main.paint_status()

    def enter(self, same: bool) -> None:
        """Somebody logged in; `same`: with the token of before, whose work goes on."""
        if not same:
            self.new_stop()
            self.history = History()
            self.main.blank()

    def lock(self, why: str) -> None:
        """Hides everything, forgets the token, gives up the question that runs."""
        if not self.session.open:
            return
        self.session.lock()
        self.main.give_up()
        self.main.blank()
        self.main.action_cancel()
        while self.screen is not self.main:
            self.pop_screen()
        self.push_screen(LoginScreen(why))

    def action_lock_now(self) -> None:
        self.lock("Bloqueado.")

    # -- questions

    def new_stop(self) -> None:
        """Forgets the vehicle, owner and driver."""
        self.stop = Stop()

    async def answer(self, asked: Asked, began: float) -> Shown:
        """Asks the server. Raises NoAnswer, TokenMissing. `began`: time.monotonic() at Enter."""
        metadata = self.session.metadata()
        question = await asyncio.to_thread(self._question, asked)
        response = await self.link.ask(question, metadata)
        from clients.car.layers import layers_of
        from clients.terminal.told_message import told_message

        response = told_message(response)
        now = datetime.now().astimezone()
        shown = Shown(asked, response, layers_of(response), now, time.monotonic() - began)
        self.stop.take(shown)
        self.history.add(shown)
        return shown

    def frame(self) -> RequestContext:
        """Why a question is asked, with an id and the time."""
        from clients.client.connection import request_context
        from ronda.v1.context_pb2 import Purpose

        return request_context(Purpose.Value(self.settings.purpose), self.settings.case_number, self.settings.reason)

    def _question(self, asked: Asked) -> Question:
        from clients.client.questions import check_question

        return check_question(self.frame(), "" if asked.person else asked.words, asked.person, {})

    # -- keys of choice

    def _choose(self, title: str, lines: Sequence[Text], questions: Sequence[Asked]) -> None:
        from clients.car.pick import PickScreen

        def chosen(number: int | None) -> None:
            if number is not None:
                self.main.start(questions[number])

        self.push_screen(PickScreen(title, lines), chosen)

    def choose_owner(self) -> None:
        """Asks about the owner; of several lets choose."""
        pairs = [(owner, asked) for owner in self.stop.owners if (asked := asked_of_owner(owner)) is not None]
        if len(pairs) == 1:
            self.main.start(pairs[0][1])
        elif pairs:
            from clients.officer_view.styles import level_badge

            lines = [Text(f"{o.ordinal}. {o.name}  ").append_text(level_badge(o.level)) for o, _ in pairs]
            self._choose("¿Cuál dueño?", lines, [asked for _, asked in pairs])

    def choose_candidate(self, shown: Shown) -> None:
        """Asks about one of several who fit."""
        from clients.officer_view.styles import level_badge
        from clients.spanish.words import cui_text, date_text

        lines: list[Text] = []
        questions: list[Asked] = []
        for candidate in shown.response.candidates:
            asked = asked_of_candidate(candidate, shown.asked.role)
            if asked is None:
                continue
            facts: list[Any] = [candidate.name or candidate.plate, cui_text(candidate.cui)]
            facts += [date_text(candidate.birth_date), candidate.description]
            said = " · ".join(fact for fact in facts if fact)
            lines.append(level_badge(candidate.level).append_text(Text(f" {said}", style="not bold")))
            questions.append(asked)
        if questions:
            self._choose("¿Cuál de ellos?", lines, questions)

    def choose_from_history(self) -> None:
        """Asks one of the last questions again."""
        from clients.officer_view.styles import level_badge

        kept = list(self.history)
        if not kept:
            return
        lines = [
            Text(f"{each.at:%H:%M:%S}  ")
            .append_text(level_badge(each.layers.level))
            .append(f"  {each.asked.words}", style="not bold")
            for each in kept
        ]
        questions = [Asked(each.asked.words, Role.ANY, each.asked.person) for each in kept]
        self._choose("Últimas consultas: el nivel es el de aquella hora", lines, questions)

    # -- other keys

    def action_help_card(self) -> None:
        from clients.car.help import HelpScreen

        if self.screen is self.main:
            self.push_screen(HelpScreen())

    def action_light(self) -> None:
        self.theme = DAY.name if self.theme == NIGHT.name else NIGHT.name
