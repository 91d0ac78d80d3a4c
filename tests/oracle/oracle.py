"""The oracle itself: a nation read and linked, and the questions that it answers."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from ronda.v1 import level_pb2, register_service_pb2
from tests.oracle import clearing, one_box, person_answer, searching, vehicle_answer, vehicle_searching
from tests.oracle.asked import Identifier
from tests.oracle.closings import closings
from tests.oracle.linking import Linking
from tests.oracle.naming import NamesOnFile
from tests.oracle.reading import Extract, read_register
from tests.oracle.record import PERSON, Subject
from tests.oracle.registers import Masks, Register, register_of
from tests.oracle.view import View


class Oracle:
    """Answers from registers' files. Build it with `load`."""

    def __init__(self, registers: list[Register], linking: Linking, generation: Mapping[str, Any]) -> None:
        self.registers = registers
        self.subjects = linking.subjects
        self.by_id = {s.subject_id: s for s in self.subjects}
        self.generation_id = str(generation["generation_id"])
        self._by_identifier: dict[str, dict[str, list[Subject]]] = defaultdict(partial(defaultdict, list))
        for subject in self.subjects:
            self._index(subject)

    @staticmethod
    def load(
        data_directory: Path,
        manifests: Path,
        dsns: Mapping[str, str],
        generation: Mapping[str, Any],
        subject_key: bytes,
        elsewhere: Mapping[str, Path] | None = None,
    ) -> Oracle:
        """Reads every register's files in `data_directory` (or `elsewhere` by register id, for those carried forward).

        `generation`: MANIFEST.json, for the ids, states and as-of times that files cannot tell. `dsns` by register id.
        """
        parsed = [tomllib.loads(p.read_text(encoding="utf-8")) for p in sorted(manifests.glob("*.toml"))]
        parsed.sort(key=lambda m: (m["register"].get("order", 100), m["register"]["id"]))
        told = {r["id"]: r for r in generation["registers"]}
        registers, records = [], []
        for ordinal, manifest in enumerate(parsed):
            register = register_of(manifest, ordinal)
            state = told[register.id]
            register.loaded = state["state"] == "loaded"
            register.as_of_ms = state["as_of_ms"] or 0
            register.carried_forward = state["carried_forward"]
            register.carried_reason = state["carried_reason"] or ""
            extract = Extract()
            if register.loaded:
                directory = (elsewhere or {}).get(register.id, data_directory)
                extract = read_register(manifest, ordinal, directory, dsns.get(register.id, ""))
            elif state.get("closings_kept"):
                whole = read_register(manifest, ordinal, data_directory, dsns.get(register.id, ""))
                extract.records = closings(whole.records, register)
            register.rows_read, register.rows_refused = extract.rows_read, extract.rows_refused
            registers.append(register)
            records += extract.records
        return Oracle(registers, Linking(records, registers, subject_key), generation)

    # indexes, so that a question does not read everybody

    def _index(self, subject: Subject) -> None:
        for link in subject.links:
            record = link.record
            if subject.about == PERSON:
                country, number = record.document
                values = {
                    "cui": [record.cui],
                    "nit": [record.nit, record.cui],
                    "cedula": [record.cedula],
                    "document": [f"{country}:{number}"] if country and number else [],
                    "document_number": [number],
                    "licence": [record.licence],
                    "telephone": [record.telephone],
                }
            else:
                tails = [n[-k:] for n in (record.vin, record.chassis) if n for k in (6, 7, 8)]
                engines = [record.engine, *(record.engine[-k:] for k in (6, 7, 8))] if record.engine else []
                values = {
                    "vin": [record.vin, record.chassis],
                    "chassis_tail": tails,
                    "engine": engines,
                    "plate": [record.plate],
                }
            for kind, found in values.items():
                for value in found:
                    if value:
                        self._add(self._by_identifier[kind][value], subject)

    @staticmethod
    def _add(where: list[Subject], subject: Subject) -> None:
        if not where or where[-1] is not subject:
            where.append(subject)

    def persons_carrying(self, asked: Identifier) -> list[Subject]:
        return self._by_identifier[asked.kind].get(asked.value, [])

    def vehicles_carrying(self, asked: Identifier) -> list[Subject]:
        value = asked.value[1] if asked.kind == "plate" else asked.value
        return self._by_identifier[asked.kind].get(value, [])

    @cached_property
    def names_on_file(self) -> NamesOnFile:
        return NamesOnFile(self)

    # questions; `offset` stands for the page token

    def check(self, request: Any, masks: Masks, clock_ms: int) -> Any:
        return one_box.check(View(self, masks, clock_ms, request.context.purpose), request)

    def check_person(self, request: Any, masks: Masks, clock_ms: int) -> Any:
        return person_answer.check_person(View(self, masks, clock_ms, request.context.purpose), request)

    def check_vehicle(self, request: Any, masks: Masks, clock_ms: int) -> Any:
        return vehicle_answer.check_vehicle(View(self, masks, clock_ms, request.context.purpose), request)

    def search_persons(self, request: Any, masks: Masks, clock_ms: int, offset: int = 0) -> tuple[Any, int | None]:
        return searching.search_persons(View(self, masks, clock_ms, request.context.purpose), request, offset)

    def search_vehicles(self, request: Any, masks: Masks, clock_ms: int, offset: int = 0) -> tuple[Any, int | None]:
        return vehicle_searching.search_vehicles(View(self, masks, clock_ms, request.context.purpose), request, offset)

    def list_records(self, request: Any, masks: Masks, clock_ms: int, offset: int = 0) -> tuple[Any, int | None]:
        return searching.list_records(View(self, masks, clock_ms, request.context.purpose), request, offset)

    @staticmethod
    def of_an_older_generation(page: Any) -> Any:
        """The same page once another generation serves: nothing that it says has a level."""
        page.answer.level = level_pb2.LEVEL_UNSPECIFIED
        for candidate in getattr(page, "candidates", ()):
            candidate.level = level_pb2.LEVEL_UNSPECIFIED
        if hasattr(page, "vehicle"):
            for owner in page.vehicle.owners:
                owner.level = level_pb2.LEVEL_UNSPECIFIED
        return page

    def clear(self, standard: int, batch: Any, masks: Masks, clock_ms: int) -> Any:
        return clearing.clear(View(self, masks, clock_ms), standard, batch)

    def list_registers(self, masks: Masks, clock_ms: int) -> register_service_pb2.ListRegistersResponse:
        response = register_service_pb2.ListRegistersResponse(generation_id=self.generation_id)
        for register in self.registers:
            response.registers.add(
                status=register.status(masks, clock_ms, persons_only=False),
                owner=register.owner,
                sections=sorted(register.sections),
                stale_after_seconds=register.stale_after_ms // 1000,
                rows_read=register.rows_read,
                carried_reason=register.carried_reason,
            )
        return response
