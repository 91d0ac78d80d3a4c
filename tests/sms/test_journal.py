"""Checks what the journal has after a restart: what was seen and forgotten, and what a full disk put off."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clients.sms.journal import Entry, Journal


def take(journal: Journal, at: float, seen: bytes) -> Entry:
    """One message, accepted."""
    entry = Entry(journal.next_reference(), at, "id", "50255512345", 1, 1, "1110", "P 2357111360101")
    journal.accept(entry, seen)
    return entry


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow: what a full disk is to SQLite."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_was_seen_is_known_after_a_restart_and_what_was_forgotten_is_not(tmp_path: Path) -> None:
    async def run() -> None:
        journal = Journal(tmp_path)
        for at, seen in ((1.0, b"old"), (2.0, b"again"), (3.0, b"other"), (4.0, b"again"), (5.0, b"forgotten")):
            take(journal, at, seen)
        await journal.keep()
        take(journal, 6.0, b"forgotten at once")
        for seen in (b"forgotten", b"forgotten at once", b"never seen"):
            journal.forget(seen)
        journal.drop_seen(2.5)
        await journal.close()
        again = Journal(tmp_path)
        for _ in range(2):
            known = [seen for seen in (b"old", b"again", b"other", b"forgotten", b"forgotten at once")
                     if again.was_seen(seen, 0.0)]  # fmt: skip
            assert known == [b"again", b"other"]
            assert again.was_seen(b"again", 3.5) and not again.was_seen(b"other", 3.5)
            assert len(again.left_over()) == 6  # forgotten is what was seen, not what was asked
            take(again, 7.0, b"more")
            again.forget(b"more")
            await again.close()
            again = Journal(tmp_path)
            for entry in again.left_over()[6:]:
                again.done(entry.reference)
            await again.keep()
        await again.close()

    asyncio.run(run())


def test_a_full_disk_keeps_nothing_until_there_is_room(tmp_path: Path) -> None:
    async def run() -> None:
        journal = Journal(tmp_path)
        kept = take(journal, 1.0, b"kept")
        await journal.keep()
        with full_disk():
            journal.replied(kept._replace(reply="VERDE R1"))
            later = [take(journal, 2.0, b"later"), take(journal, 2.0, b"sent")]
            journal.forget(b"kept")
            for _ in range(2):
                with pytest.raises(sqlite3.Error):
                    await journal.keep()
            journal.done(later[1].reference)
        assert journal.unwritten == 1
        await journal.keep()
        assert journal.unwritten == 0
        await journal.close()
        again = Journal(tmp_path)
        assert [(entry.reference, entry.reply) for entry in again.left_over()] == [(1, "VERDE R1"), (2, "")]
        assert again.was_seen(b"later", 0.0) and not again.was_seen(b"kept", 0.0)
        assert again.next_reference() == 4
        await again.close()

    asyncio.run(run())


def test_an_entry_is_nobodys_in_a_log(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert repr(take(journal, 1.0, b"seen")) == "Entry(1)"
    asyncio.run(journal.close())


def test_half_a_character_is_kept_as_it_came(tmp_path: Path) -> None:
    async def run() -> None:
        journal = Journal(tmp_path)
        entry = take(journal, 1.0, b"seen")._replace(reference=journal.next_reference(), text="P \ud83d Ñ")
        journal.accept(entry, b"half")
        await journal.close()
        again = Journal(tmp_path)
        assert again.left_over()[1] == entry
        await again.close()

    asyncio.run(run())
