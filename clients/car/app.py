"""The application: who is logged in, what is asked, when it locks, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import App
from textual.binding import Binding

from clients.car.ask import AskScreen
from clients.car.link import Link
from clients.car.login import LoginScreen
from clients.car.plain_end import told_defect
from clients.car.session import Session, TokenMissing, boot_seconds
from clients.car.stop import Asked, History, Role, Shown, Stop, asked_of_candidate, asked_of_owner
from clients.car.themes import DAY, NIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.binding import BindingType

    from clients.car.confirming import Askable
    from clients.car.offline.desk import OfflineDesk
    from clients.car.settings import CarSettings
    from clients.client.questions import Question
    from ronda.v1.confirmation_service_pb2 import Confirmation
    from ronda.v1.context_pb2 import RequestContext

_PROBE_SECONDS = 5.0
_SYNC_SECONDS = 900.0
_CSS = """
Screen { background: $background; color: $foreground; }
#box, #token { border: round $primary; background: $background; height: 3; }
#status, #keys, #asked, #tabs { height: 1; }
#banner { height: 3; text-style: bold; }
#meaning { height: auto; }
#layers { height: 1fr; scrollbar-size-vertical: 1; }
#confirmation, #urgent, #who, #page { height: auto; }
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
        self._desk: OfflineDesk | None = None
        self._next_probe = self._next_sync = boot_seconds() + _PROBE_SECONDS

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
        if not self.session.open:
            return
        now = boot_seconds()
        if self._desk is not None and self._desk.ended():
            self._next_sync = now
        if not self.connected and now >= self._next_probe:
            self._next_probe = now + _PROBE_SECONDS
            self.run_worker(self._probe(), group="desk")
        elif self.connected and self._desk is not None and now >= self._next_sync:
            self._next_sync = now + _SYNC_SECONDS
            self.run_worker(self._synced(), group="desk")

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

    @property
    def notice(self) -> str:
        """What the line at the top says of the off-line log."""
        if self._desk is None:
            return ""
        if self._desk.gaps:
            return f"¡FALTAN {self._desk.gaps} CONSULTAS EN EL REGISTRO!"
        return f"{self._desk.waiting} por enviar" if self._desk.waiting else ""

    def enter(self, token: str, same: bool) -> None:
        """Somebody logged in; `same`: with the token of before, whose work goes on."""
        if self.settings.state:
            self.run_worker(self._open_desk(token), group="desk", exclusive=True)
        if not same:
            self.new_stop()
            self.history = History()
            self.main.blank()

    def lock(self, why: str) -> None:
        """Hides everything, forgets the token, gives up the question that runs."""
        if not self.session.open:
            return
        self.session.lock()
        self.workers.cancel_group(self, "desk")
        if self._desk is not None:
            self._desk.drop()
        self._desk = None
        self.link.close()  # what other threads follow ends
        self.main.give_up()
        self.main.blank()
        self.main.action_cancel()
        while self.screen is not self.main:
            self.pop_screen()
        self.push_screen(LoginScreen(why))

    def action_lock_now(self) -> None:
        self.lock("Bloqueado.")

    # -- where there is no network

    async def _open_desk(self, token: str) -> None:
        """A new key and the newest list; what cannot be had leaves the car without off-line answers."""
        from clients.car.offline.desk import OfflineDesk, officer_folder

        directory = Path(self.settings.state) / officer_folder(token)
        try:
            self._desk = await asyncio.to_thread(
                OfflineDesk, directory, self.settings.purpose, self.settings.case_number
            )
        except (OSError, ValueError, KeyError):  # the disk, or a head that somebody wrote over
            self._desk = None
            return
        await self._synced()

    async def _synced(self) -> None:
        from clients.car.link import NoAnswer

        desk = self._desk
        if desk is None:
            return
        with contextlib.suppress(NoAnswer, TokenMissing, OSError):
            metadata = self.session.metadata()
            await self.link.work(lambda connection: desk.sync(connection, metadata, self.frame))
            await self.link.work(lambda connection: desk.report(connection, metadata, self.frame))
        self._next_sync = boot_seconds() + _SYNC_SECONDS

    async def _probe(self) -> None:
        """Finds out that the network is back, without a call."""
        if await self.link.reachable():
            self.link.close()
            self.connected = True
            await self._synced()

    def answer_offline(self, asked: Asked, began: float) -> Shown | None:
        """What the hot list says; None where none is kept. Raises NothingOffline."""
        if self._desk is None:
            return None
        from clients.car.offline.listed_view import listed_layers
        from ronda.v1.check_service_pb2 import CheckResponse

        words = next(iter(asked.person.values()), asked.words)
        layers = listed_layers(self._desk.answer(words))
        shown = Shown(asked, CheckResponse(), layers, datetime.now().astimezone(), time.monotonic() - began)
        self.stop.take(shown)
        self.history.add(shown)
        return shown

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

    def choose_confirmation(self, shown: Shown) -> None:
        """Asks the institution that issued an alert whether it holds."""
        from clients.car.confirming import askable
        from clients.car.pick import PickScreen

        ways = askable(shown.response)
        if not ways:
            return

        def chosen(number: int | None) -> None:
            if number is not None:
                self.run_worker(self._confirm(shown, ways[number]), group="desk")

        self.push_screen(PickScreen("¿Confirmar cuál alerta, con qué urgencia?", [way.line for way in ways]), chosen)

    async def _confirm(self, shown: Shown, way: Askable) -> None:
        from clients.car import confirming
        from clients.car.link import NoAnswer
        from clients.car.no_answer import told_file

        main = self.main
        main.paint_confirmation(shown, "pidiendo…")
        try:
            metadata = self.session.metadata()
            asked = await self.link.work(lambda c: confirming.ask(c, metadata, self.frame(), way))
            main.paint_confirmation(shown, confirming.state_line(asked))
            if asked.state in confirming.ANSWERED:
                return

            loop = asyncio.get_running_loop()

            def told(confirmation: Confirmation) -> bool:
                loop.call_soon_threadsafe(main.paint_confirmation, shown, confirming.state_line(confirmation))
                return self.session.open and main.shows(shown)

            await self.link.work(lambda c: confirming.follow(c, metadata, self.frame(), asked.confirmation_id, told))
        except TokenMissing as error:
            main.paint_confirmation(shown, str(error))
        except NoAnswer as no:
            said = await self.link.explain(no.failure) if no.failure is not None else told_file(no.file)
            main.paint_confirmation(shown, f"sin confirmar: verifique. {said}")

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
