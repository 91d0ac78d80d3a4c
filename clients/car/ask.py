"""The screen of a stop: the box above, the answer in layers below, the keys at the foot."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from rich.console import Group
from rich.text import Text
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.events import Paste
from textual.screen import Screen

from clients.car.banner import REPEAT, WAITING, level_banner, state_banner
from clients.car.clock import wrong_by
from clients.car.key_line import key_line
from clients.car.link import NoAnswer
from clients.car.nothing_offline import NothingOffline
from clients.car.outdated import CHANGED
from clients.car.question_box import LONGEST_QUESTION, QuestionBox
from clients.car.session import TokenMissing
from clients.car.stop import Asked, Found, Role, Shown, subject_id
from clients.car.themes import LOW_ROWS
from clients.car.told_widgets import Static

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import Key

    from clients.car.application import Application
    from clients.car.layers import Layers, Page

_LATE_SECONDS = 2.0
_EDITING = ("backspace", "delete", "left", "right", "home", "end")
_PLACEHOLDERS = {
    Role.ANY: "DPI, placa, VIN, licencia, teléfono o nombre",
    Role.DRIVER: "Conductor: DPI, licencia o nombre",
}
_HIDDEN_EMPTY = ("recalls", "confirmation", "urgent", "who", "tabs", "page")


class AskScreen(Screen[None]):
    """One question at a time; while it runs, and when it got no answer, no earlier answer is on the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancelar"),
        Binding("f2", "new", "Nueva"),
        Binding("f3", "owner", "Dueño"),
        Binding("f4", "driver", "Conductor"),
        Binding("f5", "vehicle", "Vehículo"),
        Binding("f6", "history", "Historial"),
        Binding("f7", "choose", "Elegir"),
        Binding("f9", "confirm", "Confirmar"),
        Binding("f11,ctrl+o", "compared", "DPI comparado"),  # some terminals keep F11 for themselves
        Binding("f12", "read_recalls", "Leído"),
        Binding("tab", "page(1)", "Página", priority=True),
        Binding("shift+tab", "page(-1)", "Página anterior", priority=True),
        Binding("pageup,up", "scroll(-1)", "Subir", priority=True),
        Binding("pagedown,down", "scroll(1)", "Bajar", priority=True),
    ]
    AUTO_FOCUS = "#box"

    def __init__(self) -> None:
        super().__init__()
        self._role = Role.ANY
        self._began: float | None = None
        self._under_way: Asked | None = None
        self._shown: Shown | None = None
        self._page = 0
        self._places: dict[str, Static] = {}  # by their ids, while the screen is there
        self._filled: set[str] = set()
        self._banner: Callable[[int, bool], Text] | None = None  # of a width, and whether the screen is low
        self._asked = ("", "", "")
        self._from_box: Asked | None = None  # what runs, if it was typed
        self._failed: Asked | None = None  # what got no answer

    @property
    def car(self) -> Application:
        """The application."""
        return cast("Application", self.app)

    def compose(self) -> ComposeResult:
        yield Static(id="status", markup=False)
        yield Static(id="recalls", markup=False)
        yield QuestionBox(placeholder=_PLACEHOLDERS[Role.ANY], id="box", max_length=LONGEST_QUESTION)
        yield Static(id="asked", markup=False)
        yield Static(id="banner", markup=False)
        yield Static(id="meaning", markup=False)
        with VerticalScroll(id="layers", can_focus=False):
            yield Static(id="confirmation", markup=False)
            yield Static(id="urgent", markup=False)
            yield Static(id="who", markup=False)
            yield Static(id="tabs", markup=False)
            yield Static(id="page", markup=False)
        yield Static(id="keys", markup=False)

    def on_mount(self) -> None:
        self._places = {str(each.id): each for each in self.query(Static)}
        self.set_interval(0.1, self._tick)
        self._put("keys", key_line(self.size.width, low=self._is_low))
        self.paint_status()

    # -- what is on the screen

    def paint_status(self) -> None:
        """The line at the top: a driver without alerts does not hide what the vehicle came to."""
        app = self.car
        link = "● EN LÍNEA" if app.coverage.connected else "○ SIN CONEXIÓN"
        if app.coverage.notice:
            link += f"  {app.coverage.notice}"
        if app.is_never_told:
            link += "  SIN AVISOS"
        clock = app.now().strftime("%H:%M")
        if wrong := wrong_by(app.clock):
            clock += f", ¡reloj {wrong}!"
        parts = app.stop.parts()
        for name, times, gap in ((" RONDA  ", True, "  "), (" ", True, "  "), (" ", False, "  "), ("", False, " ")):
            line = Text(f"{name}{link}  {clock}{gap}")
            for word, shown in parts:
                line.append(f"{word} ").append_text(app.outdated.badge(shown))
                line.append(f" {shown.at:%H:%M}{gap}" if times else gap)
            if line.cell_len <= self.size.width + len(gap):  # no level is ever cut off
                break
        self._put("status", line)

    def paint_recalls(self, line: Text | None) -> None:
        """Paints the changes about earlier look-ups; the line stays above any question and answer."""
        self._put("recalls", "" if line is None else line)

    def action_read_recalls(self) -> None:
        self.car.read_recalls()

    def _put(self, place: str, content: RenderableType) -> None:
        found = self._places.get(place)  # none before the screen is made
        if found is None or (content == "" and place not in self._filled):
            return
        found.update(content)
        if place in _HIDDEN_EMPTY:
            found.display = content != ""  # an empty one would still take a row
        if content == "":
            self._filled.discard(place)
        else:
            self._filled.add(place)

    def _paint_banner(self, drawn: Callable[[int, bool], Text]) -> None:
        self._banner = drawn
        self._put("banner", drawn(self.size.width, self._is_low))

    def on_resize(self) -> None:
        """Draws anew what depends on the screen's size: large letters or a word, the keys, what was asked."""
        self.set_class(self._is_low, "low")
        if "banner" in self._filled and self._banner is not None:
            self._paint_banner(self._banner)
        if "asked" in self._filled:
            self._paint_asked(*self._asked)
        self._put("keys", key_line(self.size.width, low=self._is_low))
        self.paint_status()

    @property
    def _is_low(self) -> bool:
        """Returns whether there are so few rows that only what is acted on is seen without scrolling."""
        return self.size.height < LOW_ROWS

    def say(self, text: str) -> None:
        """Shows why a key does nothing, at the box's border until something is typed."""
        self._box.say(text)

    @property
    def _box(self) -> QuestionBox:
        return self.query_one("#box", QuestionBox)

    def blank(self) -> None:
        """Removes every part of an answer from the screen."""
        self._shown = None
        self._page = 0
        for place in ("asked", "banner", "meaning", "confirmation", "urgent", "who", "tabs", "page"):
            self._put(place, "")

    def _paint_asked(self, before: str, words: str, after: str) -> None:
        """One row: a long question gives way to how long it takes, and of when its answer is."""
        self._asked = (before, words, after)
        shown = Text(words)
        shown.truncate(max(1, self.size.width - len(before) - len(after)), overflow="ellipsis")
        self._put("asked", Text(f"{before}{shown.plain}{after}", style="bold"))

    def _paint_waiting(self) -> None:
        if self._under_way is None or self._began is None:
            return
        seconds = time.monotonic() - self._began
        self._paint_asked("", self._under_way.words, f" · {seconds:.1f} s · Esc cancela")

    def _paint_no_answer(self, asked: Asked, said: str, seconds: float) -> None:
        self.blank()
        self._failed = asked
        self._give_back(asked)
        self._paint_asked("", asked.words, f" · {self.car.now():%H:%M:%S} · {seconds:.1f} s")
        self._paint_banner(lambda width, low: state_banner(REPEAT, width, low=low))
        self._put("meaning", Text("SIN RESPUESTA: no es verde, repita", style="bold reverse"))
        self._put_reason(said)

    def _give_back(self, asked: Asked) -> None:
        """Puts words without an answer back into the box, selected: Enter repeats them, and typing replaces them."""
        if asked is self._from_box and not self._box.value and not self.car.typed.waits:
            self._set_role(asked.role)
            self._box.give_back(asked.words)
        self._from_box = None

    def _put_reason(self, said: str) -> None:
        """Shows why there is no answer; a wrong clock may be a reason, now or next."""
        lines = [Text(said)]
        if wrong := wrong_by(self.car.clock):
            lines.append(Text(f"El reloj de este equipo está {wrong}: corríjalo, o avise a operaciones.", style="bold"))
        self._put("urgent", Group(*lines))

    def show_answer(self, shown: Shown, *, again: bool = False) -> None:
        """Paints an answer; `again`: an earlier one, with its time."""
        self.blank()
        self._shown = shown
        layers = shown.layers
        took = f"{shown.took:.1f} s, TARDÓ" if shown.took >= _LATE_SECONDS else f"{shown.took:.2f} s"
        when = f"respuesta de las {shown.at:%H:%M:%S}; Enter la repite" if again else f"{shown.at:%H:%M:%S} · {took}"
        self._paint_asked(f"{shown.asked.role.value}: ", shown.asked.words, f" · {when}")
        if self.car.outdated.holds(shown):
            self._paint_outdated(layers)
            return
        self._paint_banner(lambda width, low: level_banner(layers.level, width, low=low))
        self._put("meaning", Group(Text(layers.meaning, style="bold reverse"), *layers.dangers))
        from clients.officer_view.styles import level_badge

        graver = self.car.stop.graver_parts(shown, outdated=self.car.outdated.holds)
        others = [
            Text(f"{word}: ", style="bold").append_text(level_badge(level)).append(", esta respuesta no lo quita")
            for word, level in graver
        ]
        # the name comes first where the rest must be scrolled to
        urgent = [*(layers.who[:1] if self._is_low else ()), *others, *layers.urgent]
        if shown.asked.found is Found.CHOSEN and subject_id(shown):
            urgent.append(Text("F11 (o Ctrl+O): ya comparé su DPI", style="bold"))
        elif shown.asked.found is Found.COMPARED:
            urgent.append(Text("Usted dijo que comparó su DPI."))
        if shown.asked.role is Role.DRIVER and (said := self.car.stop.driver_line()):
            urgent.append(Text(said, style="bold"))
        self._put("urgent", Group(*urgent) if urgent else "")
        who = layers.who[1:] if self._is_low else layers.who
        self._put("who", Group(*who) if who else "")
        self._paint_page()
        self.query_one("#layers", VerticalScroll).scroll_home(animate=False)

    def _paint_outdated(self, layers: Layers) -> None:
        """Shows the subject of the answer, and that it changed; neither its level nor its action."""
        self._paint_banner(lambda width, low: state_banner(REPEAT, width, low=low))
        self._put("meaning", Text(CHANGED, style="bold reverse"))
        self._put("who", Group(*layers.who[:1]) if layers.who else "")

    @property
    def shown(self) -> Shown | None:
        """The answer on the screen."""
        return self._shown

    def _paint_page(self) -> None:
        pages: list[Page] = self._shown.layers.pages if self._shown is not None else []
        if not pages:
            return
        line = Text(" ")
        for number, page in enumerate(pages):
            line.append(f" {page.title} ", style="bold reverse" if number == self._page else "")
            line.append(" ")
        self._put("tabs", line.append("(Tab)"))
        self._put("page", pages[self._page].body())

    # -- asking

    def on_question_box_complete(self, event: QuestionBox.Complete) -> None:
        if event.words:
            asked = Asked(event.words, self._role)
            self._set_role(Role.ANY)
            self._from_box = asked
            self.start(asked)
        elif self._repeatable is not None:
            self.start(self._repeatable)

    @property
    def _repeatable(self) -> Asked | None:
        """Returns what Enter in an empty box asks again: what is shown, or what got no answer."""
        return self._shown.asked if self._shown is not None else self._failed

    # -- what waits while a question runs (clients.car.typed)

    @property
    def is_busy(self) -> bool:
        """Returns whether a question runs: the next one waits for its answer."""
        return not self.idle or (self.is_mounted and self._box.is_scanning)

    def takes_while_busy(self, event: Key | Paste) -> bool:
        """Text is taken into the box, of a scan that goes on what is still of it; its Enter too."""
        if self._box.is_scanning and not self._box.is_of_scan(event):
            return False
        if isinstance(event, Paste) or event.is_printable or event.key in _EDITING:
            return True
        return self.idle and event.key == "enter"

    def start(self, asked: Asked) -> None:
        """Asks; another question that runs is given up. An answer that the device has itself is painted at once."""
        self.workers.cancel_group(self, "question")
        self._end_question()
        self._failed = None
        self.blank()
        self.car.stop.begin(asked.role)
        began = time.monotonic()
        if self._answered_offline(asked, began):
            return
        self.paint_status()
        self._under_way, self._began = asked, began
        self._paint_banner(lambda width, low: state_banner(WAITING, width, low=low))
        self._paint_waiting()
        self.run_worker(self._ask(asked), group="question")

    def _answered_offline(self, asked: Asked, began: float) -> bool:
        """Answers without a network; returns whether it did, from a list on the device or with the reason for none."""
        if self.car.coverage.connected:
            return False
        try:
            shown = self.car.answer_offline(asked, began)
        except NothingOffline as error:
            self._paint_no_answer(asked, str(error), 0.0)
            self.paint_status()
            return True
        if shown is not None:
            self._take_answer(shown)
        return shown is not None

    def _take_answer(self, shown: Shown) -> None:
        self._end_question()
        self.show_answer(shown)
        self._from_box = None
        if shown.layers.level == self.car.level_of_hit:
            self.car.bell()

    async def _ask(self, asked: Asked) -> None:
        began = time.monotonic()
        try:
            shown = await self._answer_online(asked, began)
        except NoAnswer as no:
            await self._no_answer(asked, no, time.monotonic() - began)
        except (TokenMissing, NothingOffline) as error:
            self._end_question()
            self._paint_no_answer(asked, str(error), 0.0)
        else:
            self._take_answer(shown)

    async def _answer_online(self, asked: Asked, began: float) -> Shown:
        try:
            shown = await self.car.answer(asked, began)
        except NoAnswer as no:
            if not no.of_the_network:
                raise
            self.car.coverage.connected = False
            offline = self.car.answer_offline(asked, began)
            if offline is None:
                raise
            return offline
        self.car.coverage.connected = True
        return shown

    async def _no_answer(self, asked: Asked, no: NoAnswer, seconds: float) -> None:
        from clients.car.no_answer import TOKEN_REFUSED, told_file

        self._end_question()
        if no.failure is None:
            self._paint_no_answer(asked, told_file(no.file), seconds)
            return
        self.car.coverage.connected = not no.of_the_network
        self._paint_no_answer(asked, "Buscando la causa…", seconds)
        said = await self.car.link.explain(no.failure)
        self._put_reason(said)
        self.paint_status()
        if no.failure.reason in TOKEN_REFUSED:
            self.car.lock(said)

    def _end_question(self) -> None:
        self._under_way = self._began = None

    @property
    def idle(self) -> bool:
        """True if no question runs."""
        return self._under_way is None

    def _tick(self) -> None:
        self._paint_waiting()

    def give_up(self) -> bool:
        """Cancels the question that runs; whether one did."""
        running = self._under_way
        self.workers.cancel_group(self, "question")
        self._end_question()
        if running is None:
            return False
        self._paint_no_answer(running, "Cancelada.", 0.0)
        return True

    # -- keys

    def _set_role(self, role: Role) -> None:
        self._role = role
        self._box.placeholder = _PLACEHOLDERS.get(role, _PLACEHOLDERS[Role.ANY])
        self.paint_status()

    def action_cancel(self) -> None:
        """Gives up the question that runs, and what was typed behind it; else empties the box."""
        self._box.clear_text()
        self._set_role(Role.ANY)
        self.give_up()

    def action_new(self) -> None:
        self.action_cancel()
        self._failed = None
        self.blank()
        self._box.clear_text()
        self.car.new_stop()
        self.paint_status()

    def action_owner(self) -> None:
        if not self.car.choose_owner():
            self.say("F3: en esta parada no hay dueño por consultar")

    def action_driver(self) -> None:
        stop = self.car.stop
        if stop.driver is not None and self._shown is not stop.driver:
            self._again(stop.driver)
            return
        self._set_role(Role.DRIVER)
        self._box.clear_text()

    def action_vehicle(self) -> None:
        if self.car.stop.vehicle is not None:
            self._again(self.car.stop.vehicle)
        else:
            self.say("F5: antes consulte una placa")

    def _again(self, shown: Shown) -> None:
        self.give_up()
        self.show_answer(shown, again=True)

    def action_history(self) -> None:
        if not self.car.choose_from_history():
            self.say("F6: aún no hay consultas")

    def action_choose(self) -> None:
        if self._shown is None or not self.car.choose_candidate(self._shown):
            self.say("F7: no hay varios entre quienes elegir")

    def action_compared(self) -> None:
        """The officer states that the chosen person's document was compared: the same question, certain now."""
        shown = self._shown
        if shown is None or shown.asked.found is not Found.CHOSEN or not subject_id(shown):
            self.say("F11: en pantalla no hay nadie elegido de una lista")
        else:
            self.start(replace(shown.asked, found=Found.COMPARED))

    def action_confirm(self) -> None:
        if self._shown is None or not self.car.choose_confirmation(self._shown):
            on_line = self.car.coverage.connected
            self.say("F9: en pantalla no hay alerta por confirmar" if on_line else "F9: sin conexión, por radio")

    def paint_confirmation(self, shown: Shown, line: str) -> None:
        """Paints an institution's statement about a hit, if that answer is still on the screen."""
        if self.shows(shown):
            self._put("confirmation", Text(f"Confirmación: {line}", style="bold reverse"))

    def shows(self, shown: Shown) -> bool:
        """Returns whether this answer is on the screen."""
        return self._shown is shown

    def action_page(self, step: int) -> None:
        if self._shown is not None and self._shown.layers.pages and not self.car.outdated.holds(self._shown):
            self._page = (self._page + step) % len(self._shown.layers.pages)
            self._paint_page()
            tabs, layers = self.query_one("#tabs"), self.query_one("#layers", VerticalScroll)
            self.call_after_refresh(layers.scroll_to_widget, tabs, animate=False, top=True)

    def action_scroll(self, step: int) -> None:
        layers = self.query_one("#layers", VerticalScroll)
        layers.scroll_relative(y=step * max(1, layers.size.height - 2), animate=False)
