"""Log lines are JSON with an event, and no text of an exception or of a foreign library gets into them."""

from __future__ import annotations

import json
import logging

import pytest

from server import logs

SECRET = "2345678901234"


@pytest.fixture(autouse=True)
def _loggers_put_back() -> object:
    root, own = logging.getLogger(), logging.getLogger("ronda")
    kept = (list(root.handlers), root.level, own.level)
    yield
    root.handlers[:], root.level, own.level = kept
    return None


def _fail() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise ValueError(f"cannot read {SECRET}") from error


def test_exceptions_keep_type_and_stack_only(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", process="worker")
    try:
        _fail()
    except ValueError as error:
        logs.log("internal_error", level=logs.ERROR, error=error, method="CheckPerson")
    line = capsys.readouterr().err
    assert SECRET not in line
    entry = json.loads(line)
    assert (entry["event"], entry["level"], entry["process"]) == ("internal_error", "error", "worker")
    stack = " ".join(entry["exc_info"])
    assert "builtins.ValueError" in stack
    assert "builtins.KeyError" in stack
    assert "_fail" in stack


def test_foreign_lines_lose_their_text(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", process="worker")
    logging.getLogger("asyncio").error("task failed with %s", SECRET)
    line = capsys.readouterr().err
    assert SECRET not in line
    assert json.loads(line)["logger"] == "asyncio"


def test_fields_may_be_called_as_what_a_record_has(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", process="worker")
    logs.log("room_moved", module="core", name="x", args=[1], message="m", time="now", exc_info="no", event_="e")
    entry = json.loads(capsys.readouterr().err)
    assert (entry["event"], entry["module"], entry["name"], entry["args"]) == ("room_moved", "core", "x", [1])
    assert entry["time_"] == "now" and entry["time"] != "now", "a line's own head stays"


def test_below_the_level_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("warning")
    logs.log("generation_serves")
    assert capsys.readouterr().err == ""


def test_no_field_steers_the_terminal_that_shows_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    painted = "/srv/\x1b[42mVERDE\x9b31m\u202eSATRELA\x7f\u200b"
    logs.set_up("info", process="worker", host=painted)
    logs.log("settings_do_not_work", why=painted)
    line = capsys.readouterr().err.rstrip("\n")
    assert line.isprintable()
    assert json.loads(line)["why"] == json.loads(line)["host"] == painted
    assert logs.printable(f"ronda serve: {painted}\nñ\n").replace("\n", "").isprintable()
