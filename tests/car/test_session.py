"""The token's life: in memory, asked for again after a lock; whoever finds the car has its files, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.car.session import Session, TokenMissing


def test_the_files_token_opens_once_and_after_a_lock_only_another(tmp_path: Path) -> None:
    file = tmp_path / "own.token"
    file.write_text("first", encoding="ascii")
    session = Session(file, 600)
    assert not session.start(session.offered(""), typed=False)
    assert session.metadata() == [("authorization", "Bearer first")]
    session.lock()
    with pytest.raises(TokenMissing, match="bloqueada"):
        session.metadata()
    with pytest.raises(TokenMissing, match="pegue su token"):
        session.offered("")
    file.write_text("second", encoding="ascii")
    assert session.offered("") == "second"
    assert session.offered(" Bearer first \n") == "first", "typed, the same one opens: only who has it can"
    assert session.start("first", typed=True)


def test_a_renewed_file_is_followed_and_does_not_open_a_lock(tmp_path: Path) -> None:
    file = tmp_path / "own.token"
    file.write_text("first", encoding="ascii")
    session = Session(file, 600)
    session.start(session.offered(""), typed=False)
    file.write_text("renewed", encoding="ascii")
    assert session.metadata() == [("authorization", "Bearer renewed")]
    session.lock()
    with pytest.raises(TokenMissing):
        session.offered("")


def test_a_file_that_lay_there_all_the_time_opens_no_lock(tmp_path: Path) -> None:
    """However the session began: the file is the car's, and a finder has it."""
    file = tmp_path / "own.token"
    file.write_text("of yesterday", encoding="ascii")
    for officer in ("", "10001"):
        session = Session(file, 600)
        session.start("typed", typed=True, officer=officer)
        session.lock()
        with pytest.raises(TokenMissing, match="bloqueada"):
            session.offered("")
        file.write_text(f"of the morning {officer}", encoding="ascii")
        assert session.offered("")


def test_the_same_officer_goes_on_and_her_renewed_token_is_taken_while_open(tmp_path: Path) -> None:
    session = Session(tmp_path / "none.token", 600)
    assert not session.start("first", typed=True, officer="10001")
    session.renew("second")
    assert session.metadata() == [("authorization", "Bearer second")]
    session.lock()
    session.renew("third")
    with pytest.raises(TokenMissing):
        session.metadata()
    assert session.start("fourth", typed=True, officer="10001")
    session.lock()
    assert not session.start("fifth", typed=True, officer="10002")


def test_nothing_of_a_typed_token_is_kept_after_a_lock(tmp_path: Path) -> None:
    session = Session(tmp_path / "none.token", 600)
    session.start("typed-token", typed=True)
    session.lock()
    assert "typed-token" not in repr(vars(session))
    with pytest.raises(TokenMissing, match="pegue su token"):
        session.offered("")
    assert not session.start("another", typed=True)


def test_what_is_no_token_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TokenMissing, match="no es un token"):
        Session(tmp_path / "none", 600).offered("contraseña")


def test_idle_counts_from_the_last_key() -> None:
    session = Session(None, 0)
    assert not session.idle_over, "nobody is in"
    session.start("", typed=False)
    assert session.idle_over
    session = Session(None, 600)
    session.start("", typed=False)
    assert not session.idle_over
