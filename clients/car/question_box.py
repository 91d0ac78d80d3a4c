"""The box of a stop: what is typed, pasted or scanned becomes one whole question, or none and a word why."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.message import Message

from clients.car.detection import likely_kind
from clients.car.one_line import OneLine
from clients.car.scanned import (
    LICENCE_MOST,
    LINE_END,
    is_licence_code,
    is_zone_so_far,
    lacking_lines,
    licence_question,
)

if TYPE_CHECKING:
    from textual.events import Key, Paste
    from textual.timer import Timer

    from clients.car.application import Application

LONGEST_QUESTION = 200  # characters: CheckRequest.query
_SCAN_SECONDS = 0.4  # without a key: a scanner has typed all of a code


class QuestionBox(OneLine):
    """Posts `Complete` for a question, or for Enter in an empty box. At its border: what is being typed."""

    class Complete(Message):
        """words: the question; "" = Enter in an empty box."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    only_keeps_letters = True
    _unread = ""  # said of the change that is under way
    _lines = ""  # of a document with further lines to come
    _scan_end: Timer | None = None
    _dropped_scan = ""  # why a code is not taken while its further lines are still being typed

    @property
    def is_scanning(self) -> bool:
        """Returns whether a code of several lines is being typed."""
        return self._scan_end is not None

    def is_of_scan(self, event: Key | Paste) -> bool:
        """Returns whether this belongs to the code that is being scanned: a scanner makes no pause within one."""
        return cast("Application", self.app).typed.comes_within(event, _SCAN_SECONDS)

    def say(self, text: str) -> None:
        """Shows why something is not done, at the border until something is typed."""
        self.border_subtitle = text

    def clear_text(self) -> None:
        """Empties the box and forgets what was refused or half scanned."""
        self._stop_scan()
        self.value = self.refused = self._unread = ""
        self.say("")

    def give_back(self, words: str) -> None:
        """Puts words into an empty box, selected: Enter asks them again, and typing replaces them."""
        self.value = words
        self.select_all()

    def on_input_changed(self, event: OneLine.Changed) -> None:
        unread, self._unread = self._unread, ""
        self.say(unread or likely_kind(event.value))

    def on_one_line_not_taken(self, event: OneLine.NotTaken) -> None:
        """Shows the reason until something is typed, and not only until the paste has changed the box."""
        self.say(event.said)
        self._unread = event.said if event.changes else ""

    def on_input_submitted(self, event: OneLine.Submitted) -> None:
        event.stop()
        words = event.value.strip(f" {LINE_END}")
        if self.refused or self._dropped_scan:  # what is left is no question, nor is an empty box the former one's
            self._drop(words)
        elif _holds_lines_of_two(self._lines, words):
            self.refused = "Renglones de dos documentos"
            self._drop(words)
        elif not self._goes_on(words):
            self._complete(words)

    def _complete(self, words: str) -> None:
        """Empties the box: it is of the next question, which may be typed already."""
        question = licence_question(words) if is_licence_code(words) else words
        if words and not question:
            self.refused = "El código de la licencia no dice nombre y nacimiento"
            self._drop(words)
            return
        if words:
            self.clear_text()
        self.post_message(self.Complete(question))

    def watch_value(self) -> None:
        """A licence's code is longer than a question."""
        super().watch_value()
        self.make_room(self.value)

    def make_room(self, text: str) -> None:
        self.max_length = LICENCE_MOST if is_licence_code(text) else LONGEST_QUESTION

    def _drop(self, words: str) -> None:
        """Asks nothing of what did not fit; the further lines of such a code are dropped with it."""
        said = self.refused or self._dropped_scan
        if not self._scanner_goes_on():
            self._stop_scan()
        elif self._dropped_scan or is_licence_code(words) or lacking_lines(self._lines):
            self._dropped_scan = said
            self._wait_for_scan()
        told = f"{said}: no se preguntó nada"
        self._unread = told if self.value else ""
        self.value = ""
        self.refused = said
        self.say(told)

    def _goes_on(self, words: str) -> bool:
        """Returns whether further lines of the same document are to come; Enter once more asks what is there."""
        lacking = lacking_lines(words)
        if words == self._lines or not (lacking or (is_licence_code(words) and self._scanner_goes_on())):
            return False
        self._lines = words
        if lacking:
            self._unread = f"documento: faltan {lacking} renglones; Enter consulta sin ellos"
        else:
            self._wait_for_scan()
        self.value = f"{words} " if lacking else f"{words}{LINE_END}"
        self.cursor_position = len(self.value)
        return True

    def _scanner_goes_on(self) -> bool:
        """Returns whether what was typed behind this Enter came so soon that it belongs to the same code."""
        return cast("Application", self.app).typed.goes_on_within(_SCAN_SECONDS)

    def _wait_for_scan(self) -> None:
        """Waits until the scanner has finished."""
        if self._scan_end is not None:
            self._scan_end.stop()
        self._scan_end = self.set_timer(_SCAN_SECONDS, self._end_scan)

    def _end_scan(self) -> None:
        words = self.value.strip(f" {LINE_END}")
        self._scan_end = None
        if self._dropped_scan:
            self._drop("")
            self._stop_scan()
        elif words == self._lines and not self.refused:
            self._complete(words)

    def _stop_scan(self) -> None:
        if self._scan_end is not None:
            self._scan_end.stop()
            self._scan_end = None
        self._lines = self._dropped_scan = ""


def _holds_lines_of_two(lines: str, words: str) -> bool:
    """Returns whether something else was typed behind the first lines of a document."""
    return bool(lacking_lines(lines)) and words != lines and words.startswith(lines) and not is_zone_so_far(words)
