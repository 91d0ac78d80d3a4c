"""A look-up is followed by a notice of a warrant that came afterwards, and of its cancellation; to nobody else.

Everything is real: a court's database, file or bus, the feed in production mode, officers with certificates and tokens.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import psutil
import psycopg
import pytest

from ronda.demo.postgres_cluster import PostgresCluster
from ronda.v1 import alert_service_pb2 as contract
from ronda.v1 import check_service_pb2 as checks
from tests.feed.outbox_kit import outbox_database
from tests.feed.test_jetstream import SERVER, Broker
from tests.indexer.small_registers import cui_of
from tests.kit.field_world import STOP, Asker
from tests.kit.small_world import HEADERS, SmallWorld
from tests.live.live_kit import RunningLive
from tests.server.running_server import ROOT, Failure, RunningServer, until
from tests.trust.trust_kit import TrustKit

pytestmark = pytest.mark.slow
WHO = {1: ("ANA LUCIA CAAL CHOC", "1980-05-17"), 2: ("LUIS ALBERTO POP TZUL", "1975-01-20")}
WHO |= {3: ("MARTA ELENA GARCIA LOPEZ", "1990-11-02"), 4: ("JOSE MANUEL PEREZ RAMIREZ", "1966-07-30")}
_COURT = {"institution": "oj", "registers": ["oj", "mp"], "silent_s": 3600}
SOURCES = dict.fromkeys(("by-outbox", "by-push", "by-bus"), _COURT)
NEW, CANCELLED = contract.RECALL_KIND_NEW, contract.RECALL_KIND_CANCELLED
UNSEEING = """
forbid (principal in Role::"pnc/unseeing", action == Action::"See", resource in Section::"WARRANT");
"""


class Fed(RunningLive):
    """A server in production mode, its recall, and the court's own identity."""

    def __init__(self, directory: Path, world: SmallWorld | None = None) -> None:
        self.world = world or SmallWorld()
        for number, (name, born) in WHO.items():
            self.world.person(number, name, born)
        self.world.car(4, "P-123BCD", [{"CUI": cui_of(4), "NOMBRE": WHO[4][0]}])
        self.world.warrant("W4", cui_of(4), *WHO[4])
        self.kit = TrustKit(directory / "keys")
        policy = self.kit.trust / "policy.cedar"
        policy.write_text(policy.read_text(encoding="utf-8") + UNSEEING, encoding="utf-8")
        self.identity = directory / "court"
        pair = self.kit.issuer("oj").device("sala-1", "feed-1")
        pair.write(self.identity.with_suffix(".pem"), self.identity.with_suffix(".key"))
        token = self.kit.issuer("oj").token("90001", "sala-1", ["feed"], pair.thumbprint)
        self.identity.with_suffix(".token").write_text(token, encoding="ascii")
        shutil.copyfile(self.kit.directory / "server-ca.pem", directory / "server-ca.pem")
        self.settings = {"feed_sources": json.dumps(SOURCES), "recall_days": 30, **self.kit.settings}
        self.pushed = 0
        super().__init__(directory, self.world, **self.settings)

    @property
    def address(self) -> str:
        return "localhost:" + self.server.address.rpartition(":")[2]

    def restart(self) -> None:
        """The whole server, by SIGKILL: the workers end with the supervisor."""
        workers = [psutil.Process(pid) for pid in self.server.worker_pids()]
        self.server.process.kill()
        self.server.process.wait()
        psutil.wait_procs(workers, timeout=60)
        given = {"workers": 2, "live_poll_ms": 50, "manifests": self.registers.manifests, **self.settings}
        self.server = RunningServer(self.registers.data, self.directory / "log", **given)
        self.server.wait_ready()

    def kill_recall(self) -> None:
        """It is started again."""
        for child in psutil.Process(self.server.process.pid).children():
            with suppress(psutil.NoSuchProcess):
                if "server.recall.recall_process" in child.cmdline():
                    child.send_signal(signal.SIGKILL)

    def officer(self, nip: str, *roles: str) -> Officer:
        """A patrol."""
        return Officer(self, nip, ["patrol", *roles])

    def push(self, **change: Any) -> None:
        """One change, by the command."""
        self.pushed += 1
        file = self.directory / f"change-{self.pushed}.json"
        file.write_text(json.dumps({"register": "oj", "event_time": "2026-11-20T10:00:00-06:00", **change}))
        subprocess.run(
            [*self.command("push", str(file)), "--source", "by-push"],
            cwd=ROOT, check=True, capture_output=True, timeout=120,
        )  # fmt: skip

    def command(self, *words: str) -> list[str]:
        """`ronda feed ...` of the court."""
        shown = ("--server", self.address, "--identity", str(self.identity))
        return [sys.executable, "-m", "ronda.command", "feed", *words, *shown]


class Officer(Asker):
    """An officer who looks people up, and the notices since the subscription."""

    def __init__(self, live: Fed, nip: str, roles: list[str]) -> None:
        super().__init__(live.kit, live.address, "pnc/patrol", STOP, nip=nip)
        self.token = live.kit.issuer("pnc").token(nip, "zona-1", roles, self.pair.thumbprint)
        self.client = live.kit.client(self.pair, self.token)
        self.live = live
        self.told: list[Any] = []
        self.resume_token = ""

    def subscribe(self, resume_token: str = "") -> Officer:
        """Listens from now on, in a thread; returns once the stream stands."""
        request = contract.SubscribeRequest(resume_token=resume_token)
        stream = self.stream("AlertService", request, contract.SubscribeResponse, timeout=600)
        next(stream)
        threading.Thread(target=self._listen, args=(stream,), daemon=True).start()
        return self

    def _listen(self, stream: Any) -> None:
        with suppress(grpc.RpcError):
            for message in stream:
                self.told += message.recalls
                self.resume_token = message.resume_token

    def kinds(self, record_id: str) -> list[int]:
        """Returns the notices of one record, in their order."""
        return [each.kind for each in self.told if each.record.record_id == record_id]

    def acknowledge(self, *ids: str) -> int:
        """The receipt."""
        request = contract.AcknowledgeRequest(recall_ids=ids)
        return int(self.ask("AlertService", request, contract.AcknowledgeResponse).acknowledged)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fed]:
    running = Fed(tmp_path_factory.mktemp("recall"))
    yield running
    running.stop()


def warrant(number: int) -> dict[str, str]:
    name, born = WHO[number]
    who = {"CUI": cui_of(number), "NOMBRE": name, "NACIMIENTO": born}
    return {"ORDEN": f"W{number}", **who, "ESTADO": "PENDIENTE", "FECHA": "2024-02-03", "DELITO": "ROBO"}


def told_of_both(live: Fed, number: int, issue: Any, cancel: Any) -> None:
    """Returns whether the officer who looked got both, and one who did not look, or may not see it, neither."""
    record = f"W{number}"
    ana, other, unseeing = (live.officer(f"7{number}{place}00", *roles) for place, roles in enumerate(((), (), ())))
    ana.person(cui_of(number))
    unseeing.person(cui_of(number))
    other.person(cui_of(4))
    for each in (ana, other):
        each.subscribe()
    blind = Officer(live, unseeing.nip, ["patrol", "unseeing"]).subscribe()
    issue()
    until(lambda: ana.kinds(record) == [NEW], 60)
    cancel()
    until(lambda: ana.kinds(record) == [NEW, CANCELLED], 60)
    until(lambda: scraped(live, "ronda_recall_waiting") >= 2 and scraped(live, "ronda_recall_looked_age_seconds") < 30)
    until(lambda: scraped(live, "ronda_recall_sequence") == scraped(live, "ronda_view_sequence") > 0, 60)
    last = ana.told[-1]
    assert last.text.startswith("CANCELADA: NO ACTÚE por esta orden de captura (OJ). Consulta: " + WHO[number][0])
    assert (last.other_alerts, last.answer_id != "", last.subject_text) == (
        False, True, f"{WHO[number][0]} (CUI {cui_of(number)})",
    )  # fmt: skip
    # Told of what they may be told of, the other two hear of nothing else.
    live.push(id=f"M{number}", register="mp", row=stolen(f"M{number}", f"P-{number}11BBB"))
    for each in (other, blind):
        each.vehicle(f"P-{number}11BBB")
    live.push(id=f"M{number}", register="mp", kind="CANCEL")
    for each in (other, blind):
        until(lambda each=each: each.kinds(f"M{number}")[-1:] == [CANCELLED], 60)
        assert {one.record.record_id for one in each.told} == {f"M{number}"}


def scraped(live: Fed, name: str) -> float:
    """A gauge of the server's; -1 = it has none of this name."""
    found = re.search(rf"^{name} (\S+)$", live.server.metrics(), re.MULTILINE)
    return float(found[1]) if found is not None else -1.0


def stolen(record_id: str, plate: str) -> dict[str, str]:
    return {
        **dict.fromkeys(HEADERS["mp"].split(), ""),
        "ID": record_id,
        "TIPO": "ROBO",
        "PLACA": plate,
        "ESTADO": "PENDIENTE",
        "FECHA": "2024-05-05",
    }


def sending(live: Fed, *words: str) -> subprocess.Popen[bytes]:
    """A program of the court's that goes on."""
    return subprocess.Popen(
        live.command(*words), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=(live.directory / "sending.log").open("ab")
    )


def test_through_the_courts_database(live: Fed, postgres: PostgresCluster, tmp_path: Path) -> None:
    dsn = outbox_database(postgres, "outbox_recall")
    options = ("--dsn", dsn, "--state", str(tmp_path / "outbox.state"), "--source", "by-outbox")
    put = "INSERT INTO ronda_outbox (register, record_id, kind, cells) VALUES ('oj', %s, %s, %s)"
    program = sending(live, "outbox", *options)
    try:
        with psycopg.connect(dsn, autocommit=True) as court:
            told_of_both(
                live,
                1,
                lambda: court.execute(put, ("W1", "UPSERT", json.dumps(warrant(1)))),
                lambda: court.execute(put, ("W1", "CANCEL", None)),
            )
    finally:
        program.kill()
        program.wait()


@pytest.mark.skipif(SERVER is None, reason="no nats-server: apt-get install nats-server")
def test_through_a_bus(live: Fed, tmp_path: Path) -> None:
    broker = Broker(tmp_path / "jetstream")
    program = None
    try:
        broker.ask(lambda js: js.add_stream(name="OJ", subjects=["oj.changes"]))

        def put(sequence: int, **change: Any) -> None:
            stated = {"register": "oj", "id": "W3", "sequence": sequence, "event_time": "2026-11-20T10:00:00-06:00"}
            broker.put(json.dumps({**stated, **change}).encode())

        words = ["--servers", broker.url, "--stream", "OJ", "--subject", "oj.changes", "--source", "by-bus"]
        words += ["--state", str(tmp_path / "bus.state")]
        program = sending(live, "jetstream", *words)
        told_of_both(live, 3, lambda: put(1, row=warrant(3)), lambda: put(2, kind="CANCEL"))
    finally:
        if program is not None:
            program.kill()
            program.wait()
        broker.kill()


def test_through_a_push_stream_and_kills(live: Fed) -> None:
    """The warrant was in force at the look-up; everybody is killed before the notice, and again before its receipt."""
    looked = live.officer("75001")
    hedged = checks.CheckPersonRequest(context=looked.frame(request_id=str(uuid.uuid4())), cui=cui_of(2))
    for _ in range(2):
        looked.ask("CheckService", hedged, checks.CheckPersonResponse)
    live.push(id="W2", row=warrant(2))
    first = live.officer("75001").subscribe()
    until(lambda: first.kinds("W2") == [NEW], 60)
    assert looked.person(cui_of(2)).answer.level == 5, "seen by now: this look-up is told of the cancellation alone"

    live.kill_recall()
    live.push(id="W2", kind="CANCEL")
    live.restart()
    again = live.officer("75001").subscribe()
    until(lambda: again.kinds("W2") == [CANCELLED, CANCELLED], 60)
    assert len({each.answer_id for each in again.told}) == 2, "one a look-up; the first's news of the warrant is over"

    live.restart()
    third = live.officer("75001").subscribe()
    until(lambda: third.kinds("W2") == [CANCELLED, CANCELLED], 60)
    ids = [each.recall_id for each in third.told]
    assert (third.acknowledge(*ids), third.acknowledge(*ids)) == (2, 2)
    assert live.officer("75002").acknowledge(*ids) == 0, "nobody else's"
    live.kill_recall()
    live.officer("75001").person(cui_of(1))
    live.push(id="W1", row={**warrant(1), "ESTADO": "PENDIENTE"})
    last = live.officer("75001").subscribe()
    until(lambda: last.kinds("W1") == [NEW], 60)
    assert [each.record.record_id for each in last.told] == ["W1"]


def test_what_may_mean_another_is_told_as_possible(live: Fed) -> None:
    """The number is one person's and the name another's: nobody is held for it before somebody looks."""
    officer = live.officer("75501")
    officer.person(cui_of(3))
    officer.subscribe()
    live.push(id="W30", row={**warrant(2), "ORDEN": "W30", "CUI": cui_of(3)})
    until(lambda: officer.kinds("W30") == [NEW], 60)
    assert officer.told[-1].text.startswith("POSIBLE ALERTA NUEVA: orden de captura (OJ); puede ser de otro.")
    assert WHO[3][0] in officer.told[-1].text, "of whom she asked for, not of the other whom it may mean"
    live.push(id="W30", kind="CANCEL")
    until(lambda: officer.kinds("W30") == [NEW, CANCELLED], 60)


def test_of_who_was_chosen_from_a_list_it_is_told_as_possible(live: Fed) -> None:
    """Nobody gave the number: the look-up was AMARILLO at most, and so is the notice."""
    chooser, comparer = live.officer("75601"), live.officer("75602")
    for officer, found in (
        (chooser, checks.SUBJECT_FOUND_CHOSEN_BY_NAME),
        (comparer, checks.SUBJECT_FOUND_DOCUMENT_COMPARED),
    ):
        request = checks.CheckPersonRequest(cui=cui_of(3), subject_found=found)
        officer.ask("CheckService", request, checks.CheckPersonResponse)
        officer.subscribe()
    live.push(id="W31", row={**warrant(3), "ORDEN": "W31"})
    until(lambda: chooser.kinds("W31") == comparer.kinds("W31") == [NEW], 60)
    said = "POSIBLE ALERTA NUEVA: orden de captura (OJ); elegido de una lista por nombre."
    assert (chooser.told[-1].uncertain, chooser.told[-1].text.startswith(said)) == (True, True)
    assert (comparer.told[-1].uncertain, comparer.told[-1].text[:12]) == (False, "NUEVA ALERTA")
    live.push(id="W31", kind="CANCEL")
    until(lambda: chooser.kinds("W31") == [NEW, CANCELLED], 60)


def test_of_who_was_found_by_name_it_is_told_as_possible(live: Fed) -> None:
    """The look-up was NEGRO: nobody knew whether the person at the roadside is the one on file."""
    officer = live.officer("75701")
    request = checks.CheckRequest(query=WHO[3][0])
    found = officer.ask("CheckService", request, checks.CheckResponse)
    assert found.person.subject_id or found.candidates
    officer.subscribe()
    live.push(id="W32", row={**warrant(3), "ORDEN": "W32"})
    until(lambda: officer.kinds("W32") == [NEW], 60)
    told = officer.told[-1]
    assert (told.uncertain, told.text.startswith("POSIBLE ALERTA NUEVA: orden de captura (OJ); ")) == (True, True)
    live.push(id="W32", kind="CANCEL")
    until(lambda: officer.kinds("W32") == [NEW, CANCELLED], 60)


def test_the_command_tells_and_acknowledges(live: Fed) -> None:
    officer = live.officer("76001")
    officer.person(cui_of(4))
    live.push(id="W4", kind="CANCEL")
    mine = live.directory / "patrol"
    for end in (".pem", ".key", ".token"):
        mine.with_suffix(end).unlink(missing_ok=True)
    officer.pair.write(mine.with_suffix(".pem"), mine.with_suffix(".key"))
    mine.with_suffix(".token").write_text(officer.token, encoding="ascii")
    words = ["alerts", "--once", "--server", live.address, "--identity", str(mine)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
    done = subprocess.run(
        [sys.executable, "-m", "ronda.command", *words],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "CANCELADA: NO ACTÚE por esta orden de captura (OJ). Consulta: JOSE MANUEL PEREZ RAMIREZ" in done.stdout
    heard = officer.subscribe()
    officer.person(cui_of(1))
    live.push(id="W1", kind="CANCEL")
    until(lambda: heard.kinds("W1") == [CANCELLED], 60)
    assert heard.kinds("W4") == [], "acknowledged by the command"


def test_what_is_refused(live: Fed) -> None:
    officer = live.officer("77001")
    for request in (
        contract.SubscribeRequest(resume_token="later"),
        contract.SubscribeRequest(resume_token="1-" + "9" * 20),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            list(officer.stream("AlertService", request, contract.SubscribeResponse))
        assert Failure(caught.value).reason == "FIELD_INVALID"
    for ids in (["x"], ["0" * 32] * 101):
        with pytest.raises(grpc.RpcError) as caught:
            officer.acknowledge(*ids)
        assert Failure(caught.value).reason == "FIELD_INVALID"
    assert officer.acknowledge("0" * 32) == 0
