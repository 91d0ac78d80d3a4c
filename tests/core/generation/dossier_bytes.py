"""A dossier's bytes (core/generation/dossier.pxd) as plain Python, written a second time so that a slip shows."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from ronda.v1 import alert_pb2, check_service_pb2, person_pb2, vehicle_pb2

# name:format of each field in order, formats as in module struct
HEADER = """
    magic:I length:I checksum:Q subject_id:16s entity:I kind:B flags:B sex:B department:B birth_year:H birth_month:B
    birth_mday:B death_day:i homonyms:i name_only_alerts:i n_alerts:H n_owners:H n_claims:H n_identifiers:H n_records:I
    summary_offset:I summary_length:I hides_from:i hides_to:i reserved:12s
"""
ALERT = """
    kind:B link_level:B section:B state:B sensitivity:B flags:B register:B authority:B valid_from:i valid_to:i
    state_date:I issued_day:I offset:I length:I from_span:H to_span:H closed_elsewhere:I
"""
RECORD = "section:B sensitivity:B register:B flags:B day_from:i day_to:i offset:I length:I reference_length:I"
OWNER = """
    entity:I link_level:B sensitivity:B register:B share:B valid_from:i valid_to:i offset:I length:I reserved:I
    from_span:H to_span:H
"""
CLAIM = """
    register:B sensitivity:B section:B identity:B birth_year:H birth_month:B birth_mday:B sex:B birth_department:B
    residence_department:B dead:B name_offset:I father_offset:I mother_offset:I name_length:H father_length:H
    mother_length:H name_text_length:H name_text_offset:I reserved:4s
"""
IDENTIFIER = """
    kind:B flags:B register:B section:B offset:I length:H sensitivity:B reserved:B valid_from:i valid_to:i reserved2:I
"""


def unpack(layout: str, data: bytes, at: int) -> tuple[Any, int]:
    """The fields of one structure, and where the next starts."""
    names, formats = zip(*(field.split(":") for field in layout.split()), strict=True)
    packed = struct.Struct("<" + "".join(formats))
    values = dict(zip(names, packed.unpack_from(data, at), strict=True))
    return SimpleNamespace(**values), at + packed.size


@dataclass
class Dossier:
    data: bytes
    header: Any
    alerts: list[Any]
    records: list[Any]
    owners: list[Any]
    claims: list[Any]
    identifiers: list[Any]

    def piece(self, offset: int, length: int) -> bytes:
        return self.data[offset : offset + length]

    def hits(self) -> list[alert_pb2.Hit]:
        return [alert_pb2.Hit.FromString(self.piece(alert.offset, alert.length)) for alert in self.alerts]

    def summary(self) -> check_service_pb2.Candidate:
        summary = self.piece(self.header.summary_offset, self.header.summary_length)
        return check_service_pb2.Candidate.FromString(summary)

    def sections(self) -> bytes:
        return b"".join(self.piece(entry.offset, entry.length) for entry in self.records)

    def person(self) -> person_pb2.Person:
        return person_pb2.Person.FromString(self.sections())

    def vehicle(self) -> vehicle_pb2.Vehicle:
        return vehicle_pb2.Vehicle.FromString(self.sections())


def read_dossier(data: bytes) -> Dossier:
    header, at = unpack(HEADER, data, 0)
    assert at == 96
    tables: list[list[Any]] = []
    for layout, count in (
        (ALERT, header.n_alerts),
        (RECORD, header.n_records),
        (OWNER, header.n_owners),
        (CLAIM, header.n_claims),
        (IDENTIFIER, header.n_identifiers),
    ):
        entries = []
        for _ in range(count):
            entry, at = unpack(layout, data, at)
            entries.append(entry)
        tables.append(entries)
    return Dossier(data, header, *tables)
