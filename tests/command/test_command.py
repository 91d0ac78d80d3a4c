"""The `ronda` command as people and scripts run it: a real server, a real terminal, exit statuses, JSON."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import RunningServer

ROOT = Path(__file__).parents[2]
RONDA = [sys.executable, "-m", "ronda.command"]


@pytest.fixture(scope="module")
def server(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on the small nation."""
    running = RunningServer(small_nation.data, tmp_path_factory.mktemp("server") / "server.log", workers=1)
    yield running.wait_ready()
    running.stop()


@pytest.fixture(scope="module")
def asked(small_nation: BuiltNation) -> dict[str, Any]:
    """The cases' requests by name."""
    cases = json.loads((small_nation.directory / "truth" / "cases.json").read_text(encoding="utf-8"))["cases"]
    return {case["name"]: case["request"] for case in cases}


def ronda(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the command with its output captured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
    return subprocess.run(
        [*RONDA, *arguments],
        cwd=ROOT,
        env=kept | {"COLUMNS": "160"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_wanted_person_reads_as_rojo_with_source_and_as_of(server: RunningServer, asked: dict[str, Any]) -> None:
    done = ronda("check", asked["wanted"]["cui"], "--server", server.address)
    assert done.returncode == 0, done.stderr
    for said in ("ROJO: HAY ALERTA", "Orden de captura (persona)", "Acción: Detener", "Referencia: oj", "datos al"):
        assert said in done.stdout
    assert "\x1b[" not in done.stdout


def test_a_clean_person_is_verde_and_an_unknown_cui_is_not(server: RunningServer, asked: dict[str, Any]) -> None:
    clean = ronda("check", asked["clean"]["cui"], "--server", server.address)
    unknown = ronda("check", asked["unknown_cui"]["cui"], "--server", server.address)
    assert "VERDE: SIN ALERTAS" in clean.stdout
    assert "AMARILLO" in unknown.stdout
    assert "documento no consta" in unknown.stdout
    assert "VERDE" not in unknown.stdout


def test_a_vehicle_shows_its_owner_and_both_levels(server: RunningServer, asked: dict[str, Any]) -> None:
    done = ronda("check", "--plate", asked["wanted_owner"]["plate"], "--server", server.address)
    assert "ROJO" in done.stdout
    assert "Orden de captura (propietario 1)" in done.stdout
    assert "Propietario 1:" in done.stdout


def test_json_is_the_whole_answer(server: RunningServer, asked: dict[str, Any]) -> None:
    done = ronda("check", asked["wanted"]["cui"], "--server", server.address, "--json")
    answer = json.loads(done.stdout)
    assert answer["answer"]["level"] == "LEVEL_HIT"
    assert answer["person"]["warrants"]


def test_search_by_name_and_by_partial_plate(server: RunningServer, asked: dict[str, Any]) -> None:
    persons = ronda("search", asked["search_clean"]["names"], "--server", server.address, "--json")
    assert json.loads(persons.stdout)["candidates_total"] == 1
    plate = asked["clean_vehicle"]["plate"]
    vehicles = ronda("search", "--plate", plate[:4] + "??" + plate[-2:], "--server", server.address, "--json")
    assert plate in [candidate["plate"] for candidate in json.loads(vehicles.stdout)["candidates"]]
    seen = ronda("search", "--vehicle", f"carro {plate[:4]}?...", "--server", server.address)
    assert plate in seen.stdout


def test_a_year_of_birth_ranks_persons_and_keeps_those_a_year_off(server: RunningServer) -> None:
    """Six of the sixty namesakes and an alert by their name, as an officer reads them, and as free text finds them.

    Behind them, as weak ones, the likeliest of those with another year of birth.
    """
    heard, year, father = "Ulogio Zamperio Cojulun", 1970, ("--father", "Wenceslao Arzu")
    done = ronda("search", heard, "--born", str(year), *father, "--server", server.address)
    assert done.returncode == 0, done.stderr
    assert "AMARILLO: POSIBLE" in done.stdout
    rows = [
        row for row in re.split(r"^[├└].*$", done.stdout, flags=re.MULTILINE) if re.search("parecido(:| débil)", row)
    ]
    assert f"Candidatos: {len(rows)}" in done.stdout
    rows, weak = rows[:7], rows[7:]
    assert all("parecido débil" in row and "NO coincide: fecha de nacimiento" in row for row in weak)
    assert weak
    assert not any("parecido débil" in row for row in rows)
    found = {}
    for place, row in enumerate(rows, 1):
        level = re.search(rf"│ {place} +│ (\w+)", row)
        born = re.search(r"nac\. \d\d/\d\d/(\d{4})", row)
        likeness = re.search(r"parecido: (?:> )?(\d+) %", row)
        assert level
        assert likeness
        found[place] = (level[1], int(born[1]) if born else 0, int(likeness[1]))
        assert "coincide: nombres" in row
        said = r"coincide en lo que se\s.*sabe: .*nacimiento|se parece: .*nacimiento|sin dato: .*nacimiento"
        assert re.search(said, row, re.DOTALL)  # of a year alone nobody's whole date agrees
        assert ("NO coincide: padres" in row) == bool(born)  # only the civil registry knows parents
    persons = [fact for fact in found.values() if fact[1]]
    assert [level for level, born, _ in found.values() if not born] == ["AMARILLO"]  # an alert by name alone
    assert [level for level, _, _ in persons] == ["NEGRO"] * 6
    assert sorted(born for _, born, _ in persons) == [year - 1] * 2 + [year] * 2 + [year + 1] * 2
    assert [born for _, born, _ in persons[:2]] == [year, year], "the year that was asked comes first"
    assert persons[1][2] > persons[2][2]
    free = ronda("search", f"N {heard} {year}", *father, "--server", server.address)
    assert free.stdout.split("Respuesta")[0] == done.stdout.split("Respuesta")[0]


def test_why_a_record_is_linked_by_name(small_nation: BuiltNation) -> None:
    """It shows what agrees, the score and the rule's version; nothing found is no error, a wrong CUI the caller's."""
    data, cui = str(small_nation.data), small_nation.cast["persons"]["wanted_by_name"]
    found = ronda("why", cui, "--data", data, "--json")
    links = json.loads(found.stdout)["links"]
    assert links
    assert {link["cui"] for link in links} == {cui}
    assert {"NAMES", "BIRTH_DATE"} <= set(links[0]["agrees"])
    assert (links[0]["level"], links[0]["rule"], links[0]["people"]) == ("HIT", "names-21", 1)
    people = ronda("why", cui, links[0]["record_id"], "--data", data)
    assert "Coincide: nombres" in people.stdout
    assert "puntaje" in people.stdout
    assert "Ningún enlace por nombre" in ronda("why", cui, "none", "--data", data).stdout
    assert ronda("why", "12", "--data", data).returncode == 2


def test_registers_lists_the_twelve_with_their_as_of(server: RunningServer) -> None:
    done = ronda("registers", "--server", server.address, "--json")
    registers = json.loads(done.stdout)["registers"]
    assert len(registers) == 12
    assert all(register["status"]["state"] == "REGISTER_STATE_FRESH" for register in registers)
    people = ronda("registers", "--server", server.address)
    assert "al día" in people.stdout


def test_a_slip_in_a_cui_says_what_was_meant(server: RunningServer, asked: dict[str, Any]) -> None:
    cui = asked["clean"]["cui"]
    wrong = cui[0] + cui[2] + cui[1] + cui[3:]
    done = ronda("check", wrong, "--server", server.address)
    assert done.returncode == 0
    assert "AMARILLO" in done.stdout
    assert "el CUI no puede existir: revise sus dígitos" in done.stdout
    assert "Se buscó como: CUI" in done.stdout
    assert f"¿Quiso decir {cui} (consta)" in done.stdout
    for miscounted in (cui[:5] + cui[6:], cui[:5] + cui[5] + cui[5:]):
        assert f"¿Quiso decir {cui} (consta)" in ronda("check", miscounted, "--server", server.address).stdout


def test_what_is_no_identifier_gets_no_nonsense_hint(server: RunningServer) -> None:
    for query in ("66", "12345"):
        done = ronda("check", query, "--server", server.address)
        assert done.returncode == 2
        assert "quiso decir" not in done.stderr.casefold()
    by_nit = ronda("check", "--nit", "12345670", "--server", server.address)
    assert "sin buscar" in by_nit.stderr


def test_no_server_says_what_to_do() -> None:
    done = ronda("check", "P-123BCD", "--server", "127.0.0.1:9", "--deadline", "1")
    assert done.returncode == 10
    assert "ronda serve" in done.stderr


def test_a_mistyped_variable_is_said_and_stops_a_server() -> None:
    mistyped = {"RONDA_SERVRE": "192.0.2.1:50051"}
    asked = ronda("check", "P-123BCD", "--server", "127.0.0.1:9", "--deadline", "1", **mistyped)
    assert asked.returncode == 10
    assert (
        "Aviso: RONDA_SERVRE no es un ajuste de Ronda y no se toma en cuenta; ¿quiso decir RONDA_SERVER?"
        in asked.stderr
    )
    served = ronda("serve", **mistyped)
    assert served.returncode == 78
    assert "RONDA_SERVRE: no such setting" in served.stderr


def test_persons_and_vehicles_are_not_asked_at_once() -> None:
    done = ronda("check", "--cui", "1", "--plate", "P-123BCD")
    assert done.returncode == 2
    assert "no por ambos" in done.stderr


def test_a_terminal_gets_colours(server: RunningServer, asked: dict[str, Any]) -> None:
    main, side = pty.openpty()
    environment = dict(os.environ) | {"TERM": "xterm-256color", "COLUMNS": "120"}
    process = subprocess.Popen(
        [*RONDA, "check", asked["wanted"]["cui"], "--server", server.address],
        cwd=ROOT,
        env=environment,
        stdout=side,
        stderr=side,
        stdin=side,
    )
    os.close(side)
    seen = b""
    while True:
        try:
            piece = os.read(main, 65536)
        except OSError:  # the other side is closed: the command has ended
            break
        if not piece:
            break
        seen += piece
    os.close(main)
    assert process.wait(60) == 0
    text = seen.decode()
    assert "\x1b[" in text
    assert "ROJO: HAY ALERTA" in re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_generations_list_and_verify(small_nation: BuiltNation) -> None:
    listed = ronda("generations", "list", "--data", str(small_nation.data), "--json")
    generations = json.loads(listed.stdout)
    assert [generation["current"] for generation in generations] == [True]
    verified = ronda("generations", "verify", "--data", str(small_nation.data), "--deep")
    assert verified.returncode == 0, verified.stdout
    assert generations[0]["generation_id"] in verified.stdout


def test_an_unknown_setting_is_named() -> None:
    done = ronda("serve", RONDA_WORKERS="many")
    assert done.returncode == 78
    assert "RONDA_WORKERS" in done.stderr
    assert "many" not in done.stderr


def test_a_shell_completes_subcommands() -> None:
    installed = str(Path(sys.executable).parent / "ronda")
    script = subprocess.run(
        [installed],
        env=dict(os.environ) | {"_RONDA_COMPLETE": "source_bash"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "complete" in script.stdout
    completed = subprocess.run(
        [installed],
        env=dict(os.environ) | {"_RONDA_COMPLETE": "complete_bash", "COMP_WORDS": "ronda gener", "COMP_CWORD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "generations" in completed.stdout.split()


def test_without_a_size_limit_generations_are_kept_for_roll_back(small_nation: BuiltNation, tmp_path: Path) -> None:
    data = tmp_path / "data"
    dsns = [word for register, dsn in small_nation.dsns.items() for word in ("--postgres", f"{register}={dsn}")]
    index = ["index", "--data", str(data), "--sources", str(small_nation.registers), *dsns, "--json"]
    first = json.loads(ronda(*index).stdout)
    second = json.loads(ronda(*index, "--withdraw", "oj").stdout)
    back = ronda("generations", "rollback", "--data", str(data), "--json")
    preview = json.loads(back.stdout)
    assert (preview["current"], preview["target"]) == (second["generation_id"], first["generation_id"])
    assert preview["switched"] is False
    assert preview["revived_total"] > 0
    assert ronda("generations", "rollback", "--data", str(data), "--yes").returncode == 0
    assert (data / "CURRENT").read_text(encoding="utf-8").strip() == first["generation_id"]
    assert first["generation_id"] in (data / "publish.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--out", "/proc/nope"), "--out: /proc/nope"),
        (("--postgres", "postgresql://127.0.0.1:1/none"), "--postgres: connection failed"),
    ],
)
def test_a_nation_that_cannot_be_written_is_a_sentence(tmp_path: Path, given: tuple[str, str], said: str) -> None:
    done = ronda("nation", "--persons", "1000", *(() if "--out" in given else ("--out", str(tmp_path))), *given)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "command"),
    [("CURRENT", ["generations", "list"]), ("subject.key", ["index", "--sources", "{data}", "--manifests", "{data}"])],
)
def test_a_file_that_cannot_be_read_is_named_in_one_line(tmp_path: Path, name: str, command: list[str]) -> None:
    """It is another account's, a directory stands in its place, the disk is at fault: no traceback."""
    (tmp_path / "generations").mkdir()
    (tmp_path / name).mkdir()
    done = ronda(*(word.format(data=tmp_path) for word in command), RONDA_DATA=str(tmp_path))
    assert done.returncode not in (0, 1)
    assert "Traceback" not in done.stderr
    assert name in done.stderr or "manifest" in done.stderr
