"""A discreet alert is issued: its owner learns once of the looks in the days before; no officer learns anything."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from server.notifications import FOLDER, read_lines
from server.recall import notices as notices_module
from server.recall.alerts import StandingAlert, What, discreet_between
from server.recall.looks import Found, Look
from server.recall.notices import Notices
from server.recall.orders import FOLDER as RECALL
from server.recall.store import FILE, AlertChange, RecallStore, Taken
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.kit.small_world import HEADERS, SmallWorld
from tests.live.test_recall import NEW, WHO, Fed, stolen, warrant
from tests.server.running_server import until

WATCHED = """
[[record]]
source = "denuncias"
section = "{section}"
when = {{ column = "TIPO", in = ["{kind}"] }}
record_id = "ID"
date = "FECHA"
sensitivity = "DISCREET"

[record.subject]
{who}

[record.alert]
kind = "{alert}"
state = {{ column = "ESTADO", codes = "state" }}
issued = "FECHA"
"""
PERSON = {"section": "discreet_alert", "kind": "OBSERVAR", "alert": "DISCREET", "who": 'cui = "CUI"'}
VEHICLE = {
    "section": "vehicle_alert",
    "kind": "OBSERVAR-VEHICULO",
    "alert": "STOLEN_VEHICLE",
    "who": 'plate = "PLACA"\nvin = "VIN"',
}


class WatchedWorld(SmallWorld):
    """The prosecutors may watch a person or a vehicle."""

    def write(self, directory: Path) -> SmallRegisters:
        registers = super().write(directory)
        with (registers.manifests / "mp.toml").open("a", encoding="utf-8") as manifest:
            manifest.write(WATCHED.format(**PERSON) + WATCHED.format(**VEHICLE))
        return registers


def watched(record_id: str, **who: str) -> dict[str, str]:
    kind = VEHICLE["kind"] if "PLACA" in who else PERSON["kind"]
    row = dict.fromkeys(HEADERS["mp"].split(), "")
    return {**row, "ID": record_id, "TIPO": kind, "ESTADO": "PENDIENTE", "FECHA": "2024-05-05", **who}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fed]:
    running = Fed(tmp_path_factory.mktemp("discreet"), WatchedWorld())
    yield running
    running.stop()


def told_of(live: Fed, record_id: str) -> list[dict[str, Any]]:
    """Returns what the register's owner reads of one alert."""
    return [line for line in read_lines(live.registers.data / FOLDER, "mp") if record_id in line["records"]]


@pytest.mark.slow
def test_the_owner_is_told_of_earlier_looks_and_officers_of_nothing(live: Fed) -> None:
    """The owner learns of earlier looks with the alert, of later ones as ever; a warrant still reaches the officer."""
    ana, other = live.officer("91001"), live.officer("91002")
    answer = ana.person(cui_of(1)).answer
    other.person(cui_of(2))
    car = other.vehicle("P-123BCD").answer
    for each in (ana, other):
        each.subscribe()
    live.push(id="D1", register="mp", row=watched("D1", CUI=cui_of(1)))
    live.push(id="D2", register="mp", row=watched("D2", PLACA="P-123BCD"))
    until(lambda: told_of(live, "D1") and told_of(live, "D2"), 60)
    [line], [of_car] = told_of(live, "D1"), told_of(live, "D2")
    assert (line["answer_id"], line["how"], line["method"]) == (answer.answer_id, "asked", "CheckPerson")
    assert (line["purpose"], line["case_number"]) == ("TRAFFIC_STOP", "MP001-2026-1")
    assert (line["asker"]["nip"], line["asker"]["unit"]) == ("91001", "zona-1")
    assert line["looked_at"] < line["at"]
    assert (of_car["answer_id"], of_car["asker"]["nip"], of_car["method"]) == (car.answer_id, "91002", "CheckVehicle")

    later = ana.person(cui_of(1)).answer
    until(lambda: len(told_of(live, "D1")) == 2, 60)
    assert told_of(live, "D1")[-1]["answer_id"] == later.answer_id and "looked_at" not in told_of(live, "D1")[-1]

    live.kill_recall()
    live.restart()
    again = live.officer("91001").subscribe()
    live.push(id="W1", row=warrant(1))
    live.push(id="D1", register="mp", kind="CANCEL")
    until(lambda: again.kinds("W1") == [NEW, NEW], 60)
    live.push(id="M91", register="mp", row=stolen("M91", "P-911BBB"))
    assert {each.record.record_id for each in (*ana.told, *other.told, *again.told)} == {"W1"}
    assert len(told_of(live, "D1")) == 2, "no process tells it again"
    [file] = (live.registers.data / FOLDER).glob("mp-*.jsonl")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not any(one in file.read_text(encoding="utf-8") for one in (cui_of(1), WHO[1][0]))


@pytest.mark.slow
def test_an_alert_that_is_changed_is_no_new_one(live: Fed) -> None:
    """Its owner heard of each look as it was; another alert on the same person brings its own notices."""
    ana = live.officer("92001")
    live.push(id="D3", register="mp", row=watched("D3", CUI=cui_of(3)))
    until(lambda: taken_over(live, "D3"), 60)
    answer_id = ana.person(cui_of(3)).answer.answer_id
    until(lambda: told_of(live, "D3"), 60)
    live.push(id="D3", register="mp", row={**watched("D3", CUI=cui_of(3)), "FECHA": "2024-05-06"})
    live.push(id="D4", register="mp", row=watched("D4", CUI=cui_of(3)))
    until(lambda: told_of(live, "D4"), 60)
    assert [(line["answer_id"], "looked_at" in line) for line in told_of(live, "D3")] == [(answer_id, False)]
    assert [(line["answer_id"], "looked_at" in line) for line in told_of(live, "D4")] == [(answer_id, True)]


def taken_over(live: Fed, record_id: str) -> bool:
    """Returns whether recall saw the alert."""
    with closing(sqlite3.connect(live.registers.data / RECALL / FILE)) as database:
        [[count]] = database.execute("SELECT count(*) FROM change WHERE record = ?", (record_id,))
        return bool(count)


def discreet(*records: tuple[str, str], pending: bool = True) -> StandingAlert:
    return StandingAlert(records, 11, 11, False, pending, True)


def test_each_register_is_told_of_its_own_records() -> None:
    both = discreet(("mp", "D1"), ("mp", "D2"), ("sipol", "S1"))
    assert [each.records for each in discreet_between([], [both])] == [
        (("mp", "D1"), ("mp", "D2")),
        (("sipol", "S1"),),
    ]
    assert discreet_between([both], [both]) == []
    assert discreet_between([], [discreet(("mp", "D1"), pending=False)]) == []
    assert discreet_between([StandingAlert((("mp", "D1"),), 11, 11, True, True)], [discreet(("mp", "D1"))]) != []
    of_before = StandingAlert.of_fields([[["mp", "D1"]], 11, 11, False, True])
    assert discreet_between([of_before], [discreet(("mp", "D1"))]) == [], "an earlier release kept it"


def test_a_kill_between_the_file_and_the_table_writes_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RecallStore(tmp_path / "recall")
    change = AlertChange(What.NEW, bytes(16), discreet(("mp", "D1")), "base", 4, True, 1000)
    identity = json.dumps({"institution": "pnc", "nip": "1"}).encode()
    found = [Found(0, Look(f"w/1/{n}", "pnc/1", bytes(16), 900 + n, "base", 0, identity=identity)) for n in range(3)]
    store.take(Taken("base", 4, {}), [(change, found)])
    assert store.waiting("pnc/1", 0, 1000, 10) == [], "no recall"

    def refuse(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    writer = Notices(tmp_path / FOLDER, store)
    with monkeypatch.context() as full:
        full.setattr(notices_module, "append_lines", refuse)
        writer.write()
    assert len(store.notices(10)) == 3, "they wait"
    with monkeypatch.context() as killed:
        killed.setattr(store, "written", refuse)
        with pytest.raises(OSError, match="No space"):
            writer.write()
    Notices(tmp_path / FOLDER, store).write()
    assert len(read_lines(tmp_path / FOLDER)) == 3
    assert store.notices(10) == []
    store.tell(store.recent(1000)[0], found)
    assert store.notices(10) == [], "each look once"
