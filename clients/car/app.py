"""The application: who is logged in, what is asked, when it locks, how it ends."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import App
from textual.binding import Binding

from clients.car.ask import AskScreen
from clients.car.clock import TrustedClock
from clients.car.coverage import Coverage
from clients.car.hang_up import end_on_signals, give_grace
from clients.car.link import Link, NoAnswer
from clients.car.login import LoginScreen
from clients.car.officer import OfficerAtIssuer
from clients.car.outdated import Outdated
from clients.car.plain_end import told_defect
from clients.car.recalled import Recalled
from clients.car.session import Session, TokenMissing, boot_seconds
from clients.car.stop import Asked, History, Role, Shown, Stop, asked_of_candidate
from clients.car.themes import DAY, NIGHT, STYLES
from clients.car.typed import Typed

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from textual import events
    from textual.binding import BindingType
    from textual.driver import Driver

    from clients.car.confirming import Askable
    from clients.car.settings import CarSettings
    from clients.client.questions import Question
    from ronda.v1.alert_service_pb2 import Recall
    from ronda.v1.confirmation_service_pb2 import Confirmation
    from ronda.v1.context_pb2 import RequestContext

_RENEW_SECONDS = 5.0  # where the issuer is not reached
_FOLLOW_AGAIN_SECONDS = 5.0
_SIGN_OFF_SECONDS = 1.0  # that leaving waits for the issuer
_HUNG_UP = 129  # exit status, as of SIGHUP
_SIGNED_OFF = ("SESSION_OVER", "SIGN_IN_REFUSED", "REVOKED")


class CarApp(App[None]):
    """The officer's screen."""

    CSS = STYLES
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

    def __init__(self, settings: CarSettings, driver: type[Driver] | None = None) -> None:
        """driver: of the terminal; None = Textual's own."""
        super().__init__(driver_class=driver)
        self._has_terminal = driver is not None
        for theme in (NIGHT, DAY):
            self.register_theme(theme)
        self.set_reactive(App.theme, DAY.name if settings.day else NIGHT.name)
        self.settings = settings
        self.link = Link(settings.server, settings.identity, settings.deadline)
        self.session = Session(self.link.token_file, settings.idle_minutes * 60)
        self.officer = OfficerAtIssuer(settings.issuer, Path(settings.identity)) if settings.issuer else None
        self.coverage = Coverage(self, settings.state)
        self.recalled = Recalled(self)
        self.clock: TrustedClock | None = None
        self.stop = Stop()
        self.history = History()
        self.main = AskScreen()
        self.takes_keys = threading.Event()
        self.typed = Typed(self)
        self.outdated = Outdated()
        self._next_renewal = 0.0
        self._hanging_up = False

    # -- its life

    def get_default_screen(self) -> LoginScreen:
        """The login comes first; the screen of a stop is made while the server checks who it is."""
        return LoginScreen()

    async def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: None)
        if self._has_terminal:  # and with it the main thread
            end_on_signals(loop, self._hang_up)
        self.set_interval(1.0, self._tick)
        self.screen.call_after_refresh(self.run_worker, self._warm(), exclusive=False)

    async def _warm(self) -> None:
        self.takes_keys.set()
        if not gc.isenabled():  # the command put it off
            gc.freeze()  # what was made at the start stays: it need not be looked at again
            gc.enable()
        try:
            await self.link.warm()
        except NoAnswer:
            return  # the login says it

    async def on_event(self, event: events.Event) -> None:
        """Keys and pastes wait for their turn. One after too long a pause locks before it does anything else."""
        from textual.events import Key, Paste

        if isinstance(event, Key | Paste) and not event.is_forwarded and not self.typed.is_due(event):
            if self.session.idle_over:
                self.lock("Bloqueado por inactividad.")
                return
            self.session.touch()
            if not self.typed.add(event):
                self.bell()
                self.main.say("Demasiadas teclas a la vez: no se tomó ninguna")
            return
        await super().on_event(event)

    def _tick(self) -> None:
        if self._has_terminal and getattr(self._driver, "gone", False):
            give_grace()
            self._hang_up(_HUNG_UP)
        if self.session.idle_over:
            self.lock("Bloqueado por inactividad.")
        self.paint_status()
        if not self.session.open:
            return
        self.coverage.tick()
        if self.officer is not None and self.officer.due and boot_seconds() >= self._next_renewal:
            self._next_renewal = boot_seconds() + _RENEW_SECONDS
            self.run_in_session(self.renew_token())

    def _handle_exception(self, error: Exception) -> None:
        """Handles an exception as Textual does, without printing local variables: they hold the question."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self.panic(Text(told_defect(error)))

    def _fatal_error(self) -> None:
        self.panic(Text(told_defect(self._exception)))

    async def on_unmount(self) -> None:
        await self._leave()

    async def _leave(self) -> None:
        """Forgets the key and signs off; what was under way ends without an answer."""
        await self.typed.end()
        self.coverage.drop()
        self.link.close()
        if self.officer is not None and (ending := self.officer.end()) is not None:
            await asyncio.to_thread(ending.join, _SIGN_OFF_SECONDS)

    def _hang_up(self, status: int) -> None:
        """Ends the program; before Textual, which may wait for a terminal that is gone."""
        if self._hanging_up:
            return
        self._hanging_up = True

        async def leave() -> None:
            await self._leave()
            self.exit(return_code=status)

        self.run_worker(leave(), group="hang-up")

    # -- the session

    def paint_status(self) -> None:
        """The line at the top, if it is there."""
        if self.main.is_mounted:
            self.main.paint_status()

    @property
    def is_never_told(self) -> bool:
        """Returns whether no notice will come of changes about subjects that the officer looked up."""
        return self.recalled.never_comes

    def paint_recalls(self) -> None:
        """Paints the changes about subjects that the officer looked up, if there is a screen for it."""
        if self.main.is_mounted:
            self.main.paint_recalls(self.recalled.line)

    def close_lists(self) -> None:
        """Closes a list or the help: it would hide what changed, and a list shows levels of before."""
        from textual.screen import ModalScreen

        if isinstance(self.screen, ModalScreen):
            self.screen.dismiss(None)

    def take_changes(self, recalls: Sequence[Recall]) -> None:
        """Answers that these contradict show no level any more."""
        on_screen = self.main.shown
        known = [*self.history, *(shown for _, shown in self.stop.parts())]
        self.outdated.take(recalls, known if on_screen is None else [*known, on_screen])
        if on_screen is not None and self.outdated.holds(on_screen):
            self.main.show_answer(on_screen, again=True)
        self.paint_status()

    def read_recalls(self) -> None:
        """F12: they were read."""
        self.recalled.read()

    def run_in_session(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs work in the background, until the lock."""
        self.run_worker(work, group="desk")

    def enter(self, token: str, same: bool) -> None:
        """Opens after a login; `same`: with the token of before, so the earlier work goes on."""
        if self.settings.state:
            self.run_in_session(self.coverage.open_desk(token))
            self.run_in_session(self.coverage.follow())
        if not same:
            self.new_stop()
            self.history = History()
            self.outdated.forget()
            self.main.blank()
        if self.main in self.screen_stack:
            self.pop_screen()
        else:
            self.push_screen(self.main)  # above the first login, which stays below, empty
        self.run_in_session(self.recalled.watch())

    async def renew_token(self) -> None:
        """Gets another token from the issuer, if this one ends soon. A session that is over locks."""
        if self.officer is None or not self.officer.due:
            return
        from clients.client.failures import CallFailure

        try:
            self.session.renew(await self.officer.renewed())
        except CallFailure as failure:
            if failure.reason in _SIGNED_OFF:
                self.lock("Su sesión terminó: entre de nuevo.")

    def lock(self, why: str) -> None:
        """Hides everything, forgets the token, gives up the question that runs."""
        if not self.session.open:
            return
        self.session.lock()
        self.typed.drop()
        if self.officer is not None:
            self.officer.end()
        self.coverage.drop()
        self.recalled.drop()
        self.link.close()  # what other threads follow ends
        self.main.give_up()
        self.main.blank()
        self.main.action_cancel()
        while self.screen is not self.main:
            self.pop_screen()
        self.push_screen(LoginScreen(why))
        self.workers.cancel_group(self, "desk")  # last: the one that locks may be among them

    def action_lock_now(self) -> None:
        self.lock("Bloqueado.")

    # -- questions

    def answer_offline(self, asked: Asked, began: float) -> Shown | None:
        """Returns the hot list's answer; None if none is kept. Raises NothingOffline."""
        if "handle" in asked.person:
            from clients.car.nothing_offline import NothingOffline

            raise NothingOffline("Fuera de línea no se abre a quien eligió de una lista: pida su DPI y escríbalo.")
        listed = self.coverage.look_up(next(iter(asked.person.values()), asked.words), asked.person_found)
        if listed is None:
            return None
        from clients.car.offline.canonical import is_of_vehicle
        from clients.car.offline.listed_view import listed_layers
        from ronda.v1.check_service_pb2 import CheckResponse

        if is_of_vehicle(asked.words):
            asked = replace(asked, role=Role.ANY)  # as on line: no vehicle is a driver
        return self._filed(
            Shown(
                asked, CheckResponse(), listed_layers(listed, asked.person_found), self.now(), time.monotonic() - began
            )
        )

    def _filed(self, shown: Shown) -> Shown:
        shown = self.stop.take(shown)
        self.history.add(shown)
        return shown

    def now(self) -> datetime:
        """The time that the screen shows: Guatemala's, by the server's clock once it is known."""
        from clients.officer_view.words import GUATEMALA

        seconds = self.clock.by_server() if self.clock is not None else time.time()
        return datetime.fromtimestamp(seconds, GUATEMALA)

    def new_stop(self) -> None:
        """Forgets the vehicle, owner and driver."""
        self.stop = Stop()

    async def answer(self, asked: Asked, began: float) -> Shown:
        """Asks the server. Raises NoAnswer, TokenMissing. `began`: time.monotonic() at Enter."""
        if self.officer is not None and self.officer.over:  # there was no network to renew it
            await self.renew_token()
        metadata = self.session.metadata()
        question = await asyncio.to_thread(self._question, asked)
        response = await self.link.ask(question, metadata)
        from clients.car.layers import layers_of
        from clients.terminal.told_message import told_message

        response = told_message(response)
        if response.answer.HasField("answered_at"):
            self.clock = TrustedClock(response.answer.answered_at.ToMilliseconds() / 1000)
        layers = layers_of(response, of_owner=asked.role is Role.OWNER, typed=not asked.person)
        return self._filed(Shown(asked, response, layers, self.now(), time.monotonic() - began))

    def frame(self) -> RequestContext:
        """Returns the context of a question: its purpose, an id and the time."""
        from clients.client.connection import request_context
        from ronda.v1.context_pb2 import Purpose

        return request_context(Purpose.Value(self.settings.purpose), self.settings.case_number, self.settings.reason)

    def _question(self, asked: Asked) -> Question:
        from clients.client.questions import check_question

        words = "" if asked.person else asked.words
        return check_question(self.frame(), words, asked.person, {}, asked.person_found)

    # -- keys of choice

    def _choose(self, title: str, lines: Sequence[Text], questions: Sequence[Asked]) -> None:
        from clients.car.pick import PickScreen

        def chosen(number: int | None) -> None:
            if number is not None:
                self.main.start(questions[number])

        self.push_screen(PickScreen(title, lines), chosen)

    def choose_owner(self) -> bool:
        """Asks about the owner; of several lets choose. Whether there is one."""
        pairs = self.stop.owners_asked()
        if len(pairs) == 1:
            self.main.start(pairs[0][1])
        elif pairs:
            from clients.officer_view.styles import level_badge

            lines = [Text(f"{o.ordinal}. {o.name}  ").append_text(level_badge(o.level)) for o, _ in pairs]
            self._choose("¿Cuál dueño?", lines, [asked for _, asked in pairs])
        return bool(pairs)

    def choose_candidate(self, shown: Shown) -> bool:
        """Asks about one of several who fit; whether there are any."""
        from clients.officer_view.candidates import number_text
        from clients.officer_view.styles import level_badge
        from clients.spanish.words import date_text

        lines: list[Text] = []
        questions: list[Asked] = []
        for candidate in shown.response.candidates:
            asked = asked_of_candidate(candidate, shown.asked.role)
            if asked is None:
                continue
            facts: list[Any] = [candidate.name or candidate.plate, number_text(candidate)]
            facts += [
                date_text(candidate.birth_date),
                candidate.description,
                "parecido débil" if candidate.weak else "",
            ]
            said = " · ".join(fact for fact in facts if fact)
            lines.append(level_badge(candidate.level).append_text(Text(f" {said}", style="not bold")))
            questions.append(asked)
        if questions:
            self._choose("¿Cuál de ellos?", lines, questions)
        return bool(questions)

    def choose_confirmation(self, shown: Shown) -> bool:
        """Asks the institution that issued an alert whether it holds; whether there is one."""
        from clients.car.confirming import askable
        from clients.car.pick import PickScreen

        ways = askable(shown.response)
        if not ways:
            return False

        def chosen(number: int | None) -> None:
            if number is not None:
                self.run_worker(self._confirm(shown, ways[number]), group="desk")

        self.push_screen(PickScreen("¿Confirmar cuál alerta, con qué urgencia?", [way.line for way in ways]), chosen)
        return True

    async def _confirm(self, shown: Shown, way: Askable) -> None:
        """Asks, and follows what is said while the answer is on the screen, also over an outage."""
        from clients.car import confirming

        main = self.main
        main.paint_confirmation(shown, "pidiendo…")
        try:
            metadata = self.session.metadata()
            asked = await self.link.work(lambda c: confirming.ask(c, metadata, self.frame(), way))
        except TokenMissing as error:
            main.paint_confirmation(shown, str(error))
            return
        except NoAnswer as no:
            main.paint_confirmation(shown, await self._unconfirmed(no))
            return
        main.paint_confirmation(shown, confirming.state_line(asked))
        answered = asked.state in confirming.ANSWERED
        while not answered and self.session.open and main.shows(shown):
            try:
                await self._follow(shown, asked.confirmation_id)
                return
            except TokenMissing:
                return
            except NoAnswer as no:
                main.paint_confirmation(shown, await self._unconfirmed(no))
                answered = not no.of_the_network
            await asyncio.sleep(_FOLLOW_AGAIN_SECONDS)

    async def _follow(self, shown: Shown, confirmation_id: str) -> None:
        from clients.car import confirming

        loop, main, metadata = asyncio.get_running_loop(), self.main, self.session.metadata()

        def told(confirmation: Confirmation) -> bool:
            loop.call_soon_threadsafe(main.paint_confirmation, shown, confirming.state_line(confirmation))
            return self.session.open and main.shows(shown)

        await self.link.work(lambda c: confirming.follow(c, metadata, self.frame(), confirmation_id, told))

    async def _unconfirmed(self, no: NoAnswer) -> str:
        from clients.car.no_answer import told_file

        said = await self.link.explain(no.failure) if no.failure is not None else told_file(no.file)
        return f"sin confirmar: verifique. {said}"

    def choose_from_history(self) -> bool:
        """Asks one of the last questions again; whether there is one."""
        kept = list(self.history)
        if not kept:
            return False
        lines = [
            Text(f"{each.at:%H:%M:%S}  ")
            .append_text(self.outdated.badge(each))
            .append(f"  {each.asked.words}", style="not bold")
            for each in kept
        ]
        questions = [each.asked.again() for each in kept]
        self._choose("Últimas consultas: el nivel es el de aquella hora", lines, questions)
        return True

    # -- other keys

    def action_help_card(self) -> None:
        from clients.car.help import HelpScreen

        if self.screen is self.main:
            self.push_screen(HelpScreen())

    def action_light(self) -> None:
        self.theme = DAY.name if self.theme == NIGHT.name else NIGHT.name
