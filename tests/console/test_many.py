"""Many connections, screens and sessions of one: what they cost themselves, and nobody else."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from types import SimpleNamespace
from typing import Any, cast

import pytest

from clients.console.officer import Officer
from clients.console.sessions import MOST, MOST_OF_ONE, Session, Sessions
from clients.console.watching import MOST_SCREENS
from tests.console.console_kit import Browser, RunningConsole


def test_a_session_has_so_many_screens_and_no_more(console: RunningConsole) -> None:
    browser, other = Browser(console.address), Browser(console.address)
    browser.enter()
    other.enter()

    def screen(who: Browser) -> Any:
        cookies = "; ".join(f"{each.name}={each.value}" for each in who.cookies)
        request = urllib.request.Request(f"{console.address}/sala/vivo?almacen=x", headers={"Cookie": cookies})
        stream = urllib.request.urlopen(request, timeout=60)
        assert stream.readline().startswith(b"event: ")
        return stream

    open_ones = [screen(browser) for _ in range(MOST_SCREENS)]
    with pytest.raises(urllib.error.HTTPError) as refused:
        screen(browser)
    assert refused.value.code == 429
    open_ones.append(screen(other))  # another's are hers
    assert browser.get("/sala").status == 200
    for each in open_ones:
        each.close()


@pytest.mark.slow
@pytest.mark.parametrize("said", [b"", b"GET /entrar HTTP/1.1\r\nHost: 127.0.0.1\r\n"])
def test_a_connection_that_asks_nothing_whole_is_closed(console: RunningConsole, said: bytes) -> None:
    host, _, port = console.address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as silent:
        silent.sendall(said)
        assert silent.recv(1024) == b""  # and no TimeoutError
    assert Browser(console.address).get("/entrar").status == 200


@pytest.mark.slow
def test_a_form_that_never_comes_whole_is_given_up(console: RunningConsole) -> None:
    address = console.address.removeprefix("http://")
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as slow:
        slow.sendall(f"POST /entrar HTTP/1.1\r\nHost: {address}\r\nContent-Length: 100\r\n\r\ncsrf=".encode())
        assert slow.recv(1024).startswith(b"HTTP/1.1 408")


def session(name: str) -> Session:
    return Session(cast(Officer, SimpleNamespace(sign_off=lambda: None)), name)


def test_who_signs_in_again_and_again_ends_her_own_sessions() -> None:
    sessions = Sessions(900, 28_800)
    hers = sessions.begin(session("NIP 1"))
    own = [sessions.begin(session("NIP 2")) for _ in range(2 * MOST)]
    assert sessions.find(hers, touch=False) is not None
    alive = [each for each in own if sessions.find(each, touch=False) is not None]
    assert alive == own[-MOST_OF_ONE:]
