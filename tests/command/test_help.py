"""The whole of `ronda --help`, and what is said of a mistyped command: Spanish, with an example, and nothing cut."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.free_text.vehicles import vehicle_words
from ronda.command import app
from ronda.commands.exit_status import MEANING, ExitStatus
from ronda.commands.options import COLOURS
from ronda.commands.spanish_usage import speak_spanish
from tests.command.terminal import piped

ROOT = Path(__file__).parents[2]
# Words that stand in every English sentence of a help page, and in no Spanish one.
ENGLISH = re.compile(
    r"\b(the|of|and|or|to|is|are|with|what|who|from|this|that|it|its|for|by|show|file|must|should|input|value|valid|"
    r"usage|options?|arguments?|commands?|default|required|missing|such|try|exit|message|error:? [a-z]* ?is)\b",
    re.IGNORECASE,
)
# Names of options and files, and what is typed as it stands.
TYPED = re.compile(r"--[a-z-]+|`[^`]*`|<[^>]*>|\bronda [a-z -]*|[a-z-]+\.[a-z]+|\[variable: \w+|Error:|'[^']*'")


def pages() -> dict[str, str]:
    """Help page by command."""
    speak_spanish()
    found: dict[str, str] = {}

    def walk(path: tuple[str, ...]) -> None:
        done = piped(*path, "--help")
        assert done.returncode == 0, done.stderr
        found[" ".join(path)] = done.stdout
        for heading in ("Órdenes", "Consultar", "Instituciones", "Operar"):
            listed = done.stdout.partition(f"\n{heading}:\n")[2].partition("\n\n")[0]
            for name in re.findall(r"^  ([a-z][a-z-]*)(?:  |$)", listed, re.MULTILINE):
                walk((*path, name))

    walk(())
    return found


@pytest.fixture(scope="module")
def every_page() -> dict[str, str]:
    """One walk for all tests."""
    return pages()


def test_every_page_is_spanish(every_page: dict[str, str]) -> None:
    assert len(every_page) > 30
    for path, text in every_page.items():
        said = re.sub(r"Ejemplos?:\n(?:    .*\n)+|^Uso: .*|^  [a-z-]+(?=  )", "", text, flags=re.MULTILINE)
        assert not ENGLISH.findall(TYPED.sub("", said)), path


def test_what_is_to_be_written_has_a_spanish_name(every_page: dict[str, str]) -> None:
    for path, text in every_page.items():
        usage = text.partition("\n\n")[0].partition("[OPCIONES]")[2]
        assert usage == usage.upper(), path
        assert not re.search(r"[{}]|<list|%Y|env var", text), path


def test_every_command_has_an_example_and_is_not_cut(every_page: dict[str, str]) -> None:
    for path, text in every_page.items():
        assert "Órdenes:" in text or "Ejemplo" in text, path
        assert "..." not in re.sub(r"\S\.\.\.|\[ARGUMENTOS\]\.\.\.", "", text), path


@pytest.mark.parametrize("path", ["", "check", "search", "audit who-asked", "index"])
def test_help_is_as_narrow_as_its_terminal(path: str) -> None:
    """A wider line is a command to copy, or one word; the terminal breaks no line within a word."""
    for line in piped(*path.split(), "--help", COLUMNS="40").stdout.splitlines():
        word = max(map(len, line.split()), default=0)
        assert len(line.rstrip()) <= 40 or "ronda " in line or line.startswith("Uso:") or word > 20, line


def test_every_colour_that_is_named_is_known_and_every_known_one_is_named() -> None:
    bits = [vehicle_words(colour)["colours"] for colour in COLOURS]  # type: ignore[index]
    assert all(bits)
    source = (ROOT / "core" / "free_text" / "vehicles.pyx").read_text(encoding="utf-8")
    known = source.partition("COLOUR_WORDS[] = {")[2]
    for word in re.findall(r'\{"([A-Z]+)",', known.partition("};")[0]):
        assert any(vehicle_words(word)["colours"] & each for each in bits), word  # type: ignore[index,operator]


def test_the_statuses_stand_in_help_and_on_the_page(every_page: dict[str, str]) -> None:
    page = (ROOT / "docs" / "command.md").read_text(encoding="utf-8")
    assert set(MEANING) == set(ExitStatus)
    for status, meaning in MEANING.items():
        assert re.search(rf"^ +{int(status)}  {re.escape(meaning)}$", every_page[""], re.MULTILINE)
        assert f"| {int(status)} | {meaning} |" in page
    assert app.info.epilog


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("check --sex X", "escriba m (masculino) o f (femenino)"),
        ("check --deadline abc", "escriba un número"),
        ("check --deadline 0.001", "escriba 0.05 o más"),
        ("check --nope", "no existe la opción --nope"),
        ("check --born 19x", "dd/mm/aaaa"),
        ("search --page-size a", "escriba un número entero"),
        ("check --purpose x", "'x' no es ninguno de 'traffic-stop'"),
        ("check --json=3", "la opción '--json' no lleva valor"),
        ("buscar", "no existe la orden 'buscar'"),
        ("chekc", "no existe la orden 'chekc'"),
        ("audit who-asked --until", "la opción '--until' lleva un valor"),
        ("keys token x", "falta '--nip'"),
        ("why", "falta 'PERSONA'"),
        ("why a b c", "sobra: c"),
        ("why a b c d", "sobra: c d"),
        ("keys enrol t --id a --name b --trust-domain c --ca /nope --jwks /nope", "'/nope' no existe"),
        ("nation --persons 5", "escriba 1000 o más"),
        ("nation --persons 50000000", "escriba 21700000 o menos"),
        ("nation --as-of 2020", "'2020' no tiene la forma 'aaaa-mm-dd'"),
        ("check P-323ZZB --server nope", "en '--server' (variable: RONDA_SERVER): escriba anfitrión:puerto"),
        ("keys server", "keys server [OPCIONES] DIRECTORIO"),
        ("audit", "Órdenes:"),
        ("", "Operar:"),
    ],
)
def test_what_is_mistyped_is_said_in_spanish_with_status_2(typed: str, said: str) -> None:
    done = piped(*typed.split())
    assert done.returncode == ExitStatus.CALLER
    assert said in done.stdout + done.stderr
    if said not in ("Órdenes:", "Operar:"):
        assert not ENGLISH.findall(TYPED.sub("", done.stderr)), done.stderr


@pytest.mark.parametrize("typed", ["--workers abc", "--listen 127.0.0.1:99999", "--nope"])
def test_whatever_is_wrong_with_what_serve_is_given_ends_it_for_good(typed: str) -> None:
    assert piped("serve", *typed.split()).returncode == ExitStatus.SETTINGS


def test_the_version_is_that_of_the_package() -> None:
    done = piped("--version")
    assert re.fullmatch(r"ronda \d+\.\d+\.\d+\S*\n", done.stdout)
