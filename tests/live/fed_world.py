"""A small world that changes: a base with what was fed over it, beside the same world built anew.

The rebuild is the model: whatever is asked, the view over the base must say what a build of the changed registers says.
"""

from __future__ import annotations

import copy
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.errors import QuestionError
from core.generation.store import Generation
from core.generation.subject_key import SUBJECT_KEY
from core.generation.view_file import LIVE
from core.ledger.change import Change, Kind
from core.ledger.reader import FOLDER, LedgerReader
from core.ledger.writer import LedgerWriter
from indexer.generations.publishing import current_generation
from indexer.live.shared_keys import FILE
from indexer.live.writer import LiveWriter, TickResult
from indexer.manifest.loading import load_manifests
from indexer.pipeline import build
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from server.calls.live_levels import LiveLevels
from tests.indexer.small_registers import SmallRegisters
from tests.kit.small_world import HEADERS, SmallWorld

AS_OF_S = 1_780_000_000  # of every file, and of every change
SOURCES = {"renap": "personas", "oj": "ordenes", "sat": "vehiculos", "mp": "denuncias"}
_HOMONYMS = re.compile(r" *(homonyms: \d+|name_only_alerts: \d+|cautions: CAUTION_FLAG_HOMONYMS)\n")
_CLEAR = "level: LEVEL_CLEAR"
_IDS = {name: header.split()[0] for name, header in HEADERS.items()}


def built(directory: Path, world: SmallWorld) -> SmallRegisters:
    """The registers of a world and a base made of them."""
    registers = world.write(directory)
    _same_as_of(registers.sources)
    build(replace(registers.options(), live=True))
    return registers


def built_with_key(directory: Path, world: SmallWorld, data: Path) -> SmallRegisters:
    """As `built`, with the subject ids of another data directory."""
    registers = copy.deepcopy(world).write(directory)
    _same_as_of(registers.sources)
    registers.data.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(data / SUBJECT_KEY, registers.data / SUBJECT_KEY)
    build(replace(registers.options(), live=True))
    return registers


class FedWorld:
    """Base, writer and model over the rows of a SmallWorld."""

    def __init__(self, directory: Path, world: SmallWorld, base: SmallRegisters) -> None:
        """base: what `built` made of the world; it stays as it is."""
        self.directory = directory
        self.world = copy.deepcopy(world)
        self.registers = registers = base.copied(directory / "base")  # as they were, whatever was fed since
        self.data = registers.data
        self.manifests = load_manifests(registers.manifests)
        self.base_id = str(current_generation(self.data))
        self.writer = LiveWriter(self.data, self.base_id, self.manifests)
        self.levels = LiveLevels(self.writer.base, self.data)
        self.sequence = 0
        self.taken: list[Change] = []  # the ledger
        self._rebuilds = 0

    # ---- what is fed ----

    def upsert(self, register: str, **cells: str) -> Change:
        """A row as it stands now, in the world too."""
        record_id = cells[_IDS[register]]
        self.world.rows[register] = [r for r in self.world.rows[register] if r[_IDS[register]] != record_id] + [cells]
        return self._change(Kind.UPSERT, register, record_id, cells)

    def cancel(self, register: str, record_id: str, event_ms: int = AS_OF_S * 1000) -> Change:
        """A record that holds no more; the model's row says so in its own way."""
        for row in self.world.rows[register]:
            if row[_IDS[register]] == record_id:
                row["ESTADO"] = "CANCELADA"  # type: ignore[index]
        return replace(self._change(Kind.CANCEL, register, record_id, {}), event_ms=event_ms)

    def _change(self, kind: Kind, register: str, record_id: str, cells: Mapping[str, str]) -> Change:
        self.sequence += 1
        return Change(
            kind,
            register,
            "test",
            sequence=self.sequence,
            record_id=record_id,
            event_ms=AS_OF_S * 1000,
            taken_ms=AS_OF_S * 1000,
            record=dict(cells),
        )

    def take(self, *changes: Change) -> TickResult:
        """One tick of the writer."""
        self.taken += changes
        return self.writer.take(changes)

    def over(self, data: Path, base_id: str, pieces: Iterable[Sequence[Change]]) -> None:
        """A new writer over this base, which takes the ledger from its first entry on in these pieces."""
        self.writer.close()
        if (
            data != self.data and (kept := self.data / LIVE / FILE).exists()
        ):  # of the one data directory that a server has
            (data / LIVE).mkdir(exist_ok=True)
            shutil.copyfile(kept, data / LIVE / FILE)
        self.data, self.base_id = data, base_id
        self.writer = LiveWriter(self.data, self.base_id, self.manifests)
        self.levels = LiveLevels(self.writer.base, self.data)
        self.writer.publish()
        for piece in pieces:
            self.writer.take(piece)

    def over_taken_in(self) -> tuple[Path, str]:
        """Starts a new writer over a base of the registers as they were; its build took in what was fed so far.

        Returns data directory and generation.
        """
        self._rebuilds += 1
        registers = self.registers.copied(self.directory / f"taken-in-{self._rebuilds}")
        shutil.rmtree(registers.data / FOLDER, ignore_errors=True)
        with closing(LedgerWriter(registers.data / FOLDER)) as ledger:
            ledger.append(self.taken, AS_OF_S * 1000)
        (registers.data / LIVE).mkdir(exist_ok=True)
        if (kept := self.data / LIVE / FILE).exists():
            shutil.copyfile(kept, registers.data / LIVE / FILE)
        build(replace(registers.options(), live=True))
        self.over(registers.data, str(current_generation(registers.data)), ())
        with LedgerReader(registers.data / FOLDER) as reader:
            place = self.writer.begins_at(reader)
            assert place is not None and place.sequence == len(self.taken)
        self.writer.publish()
        return self.data, self.base_id

    def built_anew(self) -> tuple[Path, str]:
        """A base of the world as it is now, with the same key: data directory and generation."""
        self._rebuilds += 1
        registers = built_with_key(self.directory / f"base-{self._rebuilds}", self.world, self.data)
        return registers.data, str(current_generation(registers.data))

    # ---- both answers ----

    def view(self) -> Engine:
        """Over the base, as a worker opens it now."""
        found = self.levels.look()
        if found is not None:
            self._view = found
        return Engine(self._view)

    @staticmethod
    def engine_of(view: Generation) -> Engine:
        return Engine(view)

    def rebuilt(self) -> Engine:
        """The model: the changed world, built anew."""
        self._rebuilds += 1
        directory = self.directory / f"rebuild-{self._rebuilds}"
        world = copy.deepcopy(self.world)
        registers = world.write(directory)
        _same_as_of(registers.sources)
        registers.data.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.data / SUBJECT_KEY, registers.data / SUBJECT_KEY)
        build(registers.options())
        return Engine(Generation.open(registers.data / "generations" / str(current_generation(registers.data))))


def _same_as_of(sources: Path) -> None:
    for file in sources.iterdir():
        os.utime(file, (AS_OF_S, AS_OF_S))


def said(engine: Engine, request: Any, grant: Grant | None = None) -> str:
    """An answer as text, without what no two generations have alike; `grant`: None = of who may see everything."""
    grant = grant or Grant.everything()
    clock_ms, name = AS_OF_S * 1000 + 1000, type(request).__name__.removesuffix("Request")
    kind = getattr(checks, f"{name}Response", None) or clearance.ClearResponse
    try:
        if name == "Clear":
            content = request.SerializeToString()
            answer = kind.FromString(engine.clearance(content, grant, clock_ms).answer(content, clock_ms))
        else:
            answer = kind.FromString(engine.answer(METHODS[name], request.SerializeToString(), grant, clock_ms))
    except QuestionError as error:
        return f"error {error.reason} {error.field} {error.rule}"
    for message in (answer, getattr(answer, "answer", None)):
        if message is not None:
            for told in ("generation_id", "answer_id", "answered_at", "ledger_sequence"):
                if told in message.DESCRIPTOR.fields_by_name:
                    message.ClearField(told)
    for candidate in getattr(answer, "candidates", ()):
        candidate.ClearField("score")  # by the base's frequencies, which a rebuild counts anew
    return str(text_format.MessageToString(answer, as_utf8=True))


def questions(world: SmallWorld) -> Iterator[Any]:
    """Everything that the world's rows can be asked by."""
    cuis = {row["CUI"] for rows in world.rows.values() for row in rows if row.get("CUI")}
    names = {row["NOMBRE"] for rows in world.rows.values() for row in rows if row.get("NOMBRE")}
    plates = {row["PLACA"] for rows in world.rows.values() for row in rows if row.get("PLACA")}
    vins = {row["VIN"] for rows in world.rows.values() for row in rows if row.get("VIN")}
    born = sorted({row["NACIMIENTO"] for rows in world.rows.values() for row in rows if row.get("NACIMIENTO")})
    for cui in sorted(cuis):
        yield checks.CheckPersonRequest(cui=cui)
        yield checks.CheckRequest(query=cui)
    for name in sorted(names):
        yield checks.SearchPersonsRequest(names=name)
        yield checks.CheckRequest(query=name)
        for date in born[:2]:
            year, month, day = map(int, date.split("-"))
            request = checks.CheckPersonRequest()
            request.name.full = name
            request.birth_date.year, request.birth_date.month, request.birth_date.day = year, month, day
            yield request
    for plate in sorted(plates):
        yield checks.CheckVehicleRequest(plate=plate)
        yield checks.CheckRequest(query=plate)
        yield checks.SearchVehiclesRequest(plate_pattern=plate[:4] + "*")
    for vin in sorted(vins):
        yield checks.CheckVehicleRequest(vin=vin)
    yield from clearances(sorted(cuis), sorted(plates))


def clearances(cuis: Iterable[str], plates: Iterable[str]) -> Iterator[Any]:
    """The same in bulk."""
    for standard in ("WANTED", "CRIMINAL_RECORD"):
        for column, values in (("cuis", list(cuis)), ("plates", list(plates))):
            batch = clearance.ClearRequest(standard=f"CLEARANCE_STANDARD_{standard}")
            batch.row_ids.extend(range(len(values)))
            getattr(batch, column).extend(values)
            yield batch


def _in_any_order(answer: str) -> list[str]:
    """Returns what docs/live.md promises of an answer: no order of candidates, no count of alerts by name."""
    return sorted(line for line in answer.splitlines() if "ordinal:" not in line and "name_only_alerts:" not in line)


def differences(fed: FedWorld, asked: Iterable[Any] | None = None, *, ordered: bool = True) -> list[str]:
    """Returns where the view and the rebuild differ.

    ordered: whether the order counts in which candidates of one number are listed, and `name_only_alerts`, which
    both may differ until a rebuild (docs/live.md, "What is not there yet").

    Left out are those grey until a rebuild because the feed changed who they are (tests/live/test_who_they_are.py), and
    of how many others a name is then, and how many orders by name may mean them, which is counted at a build.
    """
    view, model = fed.view(), fed.rebuilt()
    grey = [subject_id.hex() for subject_id in fed.writer.restated]
    found = []
    for request in questions(fed.world) if asked is None else asked:
        mine, theirs = said(view, request), said(model, request)
        shown = mine if _CLEAR in mine else mine + theirs  # whom only the rebuild shows may not be clear
        if any(each in shown for each in grey) or (grey and isinstance(request, clearance.ClearRequest)):
            continue
        if grey and _CLEAR not in mine and ("ONLY_BEARER" in mine or "CROWDED" in mine):
            continue  # of whose name there are others since: less green than the rebuild until then
        if grey and _CLEAR not in mine and not Counter(theirs.splitlines()) - Counter(mine.splitlines()):
            continue  # nothing is missing: a record by name may mean more people while who one of them is is in doubt
        if grey:
            mine, theirs = _HOMONYMS.sub("", mine), _HOMONYMS.sub("", theirs)
        if mine != theirs and (ordered or _in_any_order(mine) != _in_any_order(theirs)):
            shown = text_format.MessageToString(request, as_one_line=True)
            found.append(f"{type(request).__name__} {shown}\n--- view\n{mine}\n--- rebuild\n{theirs}")
    return found
