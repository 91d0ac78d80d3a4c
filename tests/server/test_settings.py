"""The settings table and its page say the same; settings come from where the page says; bad ones are named."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from ronda.settings import SETTINGS, load_settings, settings_table, unknown_variables
from server.settings import SettingsError
from tests.command.terminal import piped

ROOT = Path(__file__).parents[2]
PARTS = ("ronda", "server", "indexer", "clients", "core", "bench", "tests")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RONDA_CONFIG", raising=False)
    for setting in SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)


NO_TEXT = "must be text in UTF-8 without a NUL"


def test_the_page_holds_the_table() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    shown = page.partition("<!-- settings table -->\n")[2].partition("<!-- end of settings table -->")[0]
    assert shown == settings_table()
    assert all(setting.help.endswith(".") or setting.help.endswith("JSON.") for setting in SETTINGS)


def test_the_example_file_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    example = ROOT / "deploy" / "ronda.toml"
    monkeypatch.setenv("RONDA_CONFIG", str(example))
    stated = tomllib.loads(example.read_text(encoding="utf-8"))
    settings = load_settings()
    assert settings.listen == stated["listen"]
    assert settings.data == Path(stated["data"])


def test_precedence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "ronda.toml"
    config.write_text('workers = 3\ndrain_s = 7\nmetrics = "off"\n[postgres]\nrenap = "postgresql://x"\n')
    monkeypatch.setenv("RONDA_CONFIG", str(config))
    monkeypatch.setenv("RONDA_WORKERS", "4")
    monkeypatch.setenv("RONDA_DRAIN_S", "8")
    settings = load_settings(drain_s=9, workers=None)
    assert (settings.drain_s, settings.workers, settings.metrics_address) == (9, 4, None)
    assert settings.postgres["renap"].get_secret_value() == "postgresql://x"
    assert "postgresql" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"listen": "nowhere"}, "listen: must be host:port"),
        ({"listen": "127.0.0.1:70000"}, "listen: must be host:port"),
        ({"listen": "0.0.0.0:50051"}, "in development mode only a loopback address"),
        ({"listen": "0.0.0.0:1", "tls_cert": "/c", "tls_key": "/k"}, "in development mode only a loopback address"),
        ({"trust": "/t"}, "trust needs tls_cert and tls_key"),
        ({"trust": "/t", "tls_cert": "/c", "tls_key": "/k", "tls_client_ca": "/a"}, "tls_client_ca: with trust"),
        ({"listen": "[::1:50051"}, "listen: must be host:port"),
        ({"listen": "::1:50051"}, "listen: must be host:port"),
        ({"listen": "[localhost]:50051"}, "listen: must be host:port"),
        ({"max_concurrent_streams": 2**31}, "max_concurrent_streams: must be 2147483647 at most"),
        ({"max_transport_message_bytes": 10**20}, "max_transport_message_bytes: must be 2147483647 at most"),
        ({"max_connection_age_s": 2147484}, "max_connection_age_s: must be 2147483 at most"),
        ({"workers": -1}, "workers: "),
        ({"log_level": "loud"}, "log_level: "),
        ({"tls_cert": "/x.pem"}, "tls_cert and tls_key belong together"),
        ({"tls_client_ca": "/x.pem"}, "tls_client_ca needs"),
        ({"limits_file": "/nowhere/limits"}, "limits_file needs trust"),
        ({"wrokers": 2}, "wrokers: "),
    ],
)
def test_a_bad_setting_is_named(given: dict[str, object], named: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(**given)
    assert named in str(caught.value)


def test_bad_files_and_variables_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RONDA_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(SettingsError, match=r"RONDA_CONFIG: no such file"):
        load_settings()
    config = tmp_path / "ronda.toml"
    config.write_text("workers = = 2\n")
    monkeypatch.setenv("RONDA_CONFIG", str(config))
    with pytest.raises(SettingsError, match="RONDA_CONFIG"):
        load_settings()
    config.write_text("drain = 2\n")
    with pytest.raises(SettingsError, match="drain: "):
        load_settings()
    monkeypatch.delenv("RONDA_CONFIG")
    monkeypatch.setenv("RONDA_POSTGRES", "no json")
    with pytest.raises(SettingsError, match="RONDA_POSTGRES"):
        load_settings()


@pytest.mark.parametrize(
    ("mistyped", "near"),
    [
        ("RONDA_SERVRE", "RONDA_SERVER"),
        ("RONDA_LISTN", "RONDA_LISTEN"),
        ("RONDA_DATA_DIR", "RONDA_DATA"),
        ("ronda_x", ""),
    ],
)
def test_a_variable_that_nothing_reads_is_refused(monkeypatch: pytest.MonkeyPatch, mistyped: str, near: str) -> None:
    monkeypatch.setenv(mistyped, "secret")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value) == f"{mistyped}: no such setting" + (f"; did you mean {near}?" if near else "")
    monkeypatch.setenv(mistyped, "")  # empty counts as not set
    load_settings()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("lisen = 'a'", "lisen: no such setting; did you mean listen?"),
        ("zzzzz = 1", "zzzzz: no such setting"),
        ("workers = 'abc'", "workers: must be a whole number"),
        ("workers = 1.5", "workers: must be a whole number"),
        ("workers = 300", "workers: must be 256 at most"),
        ("drain_s = -1", "drain_s: must be 0 or more"),
        ("reflection = 'perhaps'", "reflection: must be true or false"),
        ("data = 3", "data: must be a path"),
        ("listen = 3", "listen: must be a text"),
        ("listen = 'nowhere'", "listen: must be host:port, for example 127.0.0.1:50051 or [::1]:50051"),
        ("log_level = 'loud'", "log_level: must be 'debug', 'info', 'warning' or 'error'"),
        ("token_audience = ''", "token_audience: must not be empty"),
        ("postgres = 'x'", "postgres: must be a table"),
        ('data = "/srv/\\u0000/ronda"', f"data: {NO_TEXT}"),
        ('trust = "\\u0000"', f"trust: {NO_TEXT}"),
        ('tls_cert = "a\\u0000"', f"tls_cert: {NO_TEXT}"),
        ('sms_directory = "a\\u0000"', f"sms_directory: {NO_TEXT}"),
        ('token_audience = "a\\u0000"', f"token_audience: {NO_TEXT}"),
        ('[postgres]\noj = "a\\u0000"', f"postgres: {NO_TEXT}"),
        ('[postgres]\n"a\\u0000" = "b"', f"postgres: {NO_TEXT}"),
        ('[feed_sources.x]\ninstitution = "a"\nregisters = ["a\\u0000"]', f"feed_sources: {NO_TEXT}"),
        (
            "[feed_sources.x]\ninstitution = 'a'\nregisters = ['oj']\nsilent = 9",
            "feed_sources.x.silent: no such setting; did you mean silent_s?",
        ),
    ],
)
def test_what_the_file_says_wrongly_is_named_with_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, said: str
) -> None:
    config = tmp_path / "ronda.toml"
    config.write_text(line)
    monkeypatch.setenv("RONDA_CONFIG", str(config))
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value) == f"{config}: {said}"


def test_two_servers_on_one_address_are_refused_before_a_start() -> None:
    """The second would not come up: `ronda doctor --settings` passed it."""
    with pytest.raises(SettingsError, match=r"metrics: 127\.0\.0\.1:50051 is that of listen: name another port"):
        load_settings(metrics="127.0.0.1:50051")
    with pytest.raises(SettingsError, match=r"lane_listen: 127\.0\.0\.1:7 is that of listen"):
        load_settings(listen="127.0.0.1:7", lane_listen="127.0.0.1:7")
    load_settings(listen="127.0.0.1:0", lane_listen="127.0.0.1:0", metrics="127.0.0.1:0")


def test_what_a_variable_says_wrongly_is_named_with_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value, rule in (
        ("WORKERS", "abc", "must be a whole number"),
        ("POSTGRES", "x", "must be JSON"),
        ("POSTGRES", '{"oj": "\\ud800"}', NO_TEXT),
        ("TRUST", "/srv/\udcff", NO_TEXT),  # a byte that is no UTF-8
    ):
        with monkeypatch.context() as here, pytest.raises(SettingsError) as caught:
            here.setenv(f"RONDA_{variable}", value)
            load_settings()
        assert str(caught.value) == f"RONDA_{variable}: {rule}"


def test_each_variable_that_the_repository_names_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    named = {"RONDA_SERVRE", "RONDA_LISTN", "RONDA_DATA_DIR"}  # of this test
    for path in [*ROOT.glob("run"), *(p for part in PARTS for p in (ROOT / part).rglob("*.py"))]:
        for variable in re.findall(r"\bRONDA_[A-Z][A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8")):
            if variable not in named:
                monkeypatch.setenv(variable, "1")
    assert unknown_variables() == {}


def test_without_trust_a_server_is_in_development_mode() -> None:
    settings = load_settings(listen="[::1]:50051")
    assert settings.listen_address.is_loopback
    assert settings.development
    settings = load_settings(listen="0.0.0.0:50051", trust="/t", tls_cert="/c", tls_key="/k")
    assert not settings.development
    assert settings.limits_path == Path("data/limits")


@pytest.mark.parametrize("command", [("serve",), ("doctor",), ("doctor", "--settings"), ("index", "--sources", "/tmp")])
def test_a_path_that_the_system_cannot_have_is_told_by_its_setting(tmp_path: Path, command: tuple[str, ...]) -> None:
    config = tmp_path / "ronda.toml"
    config.write_text('data = "/srv/\\u0000"\n', encoding="ascii")
    done = piped(*command, RONDA_CONFIG=str(config))
    assert done.returncode == (2 if command[0] == "index" else 78), done.stderr
    assert f"data: {NO_TEXT}" in " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in done.stderr
