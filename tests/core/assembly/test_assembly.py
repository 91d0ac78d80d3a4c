"""Assembly by docs/answers.md sections 4, 6 and 10, read back through the dossier's own bytes."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.assembly.assembler import Ordered, assemble
from core.errors import AssemblyError
from core.generation.check import verify
from core.generation.store import Generation
from core.names.keys import name_key
from indexer.standard import ENTITY_SCHEMA, LINKED_SCHEMA
from ronda.v1 import vehicle_pb2
from tests.core.generation.dossier_bytes import Dossier, read_dossier
from tests.core.generation.generation_kit import REGISTERS, batches, build, entity, record

RENAP, SAT, OJ, PNC = range(4)
IDENTITY, WARRANT, PROTECTION, DETENTION, CROSSING, REGISTRATION, ASSIGNMENT, OWNER, VEHICLE_ALERT = (
    1,
    5,
    7,
    12,
    17,
    32,
    33,
    34,
    35,
)
BY_CUI, BY_CEDULA, BY_NAMES, BY_VIN = 1, 5, 6, 13
POSSIBLE, HIT = 4, 5
PENDING, CANCELLED = 1, 3
HEADER_SIZE = 64
CUI = "1234567890101"
NAMES, PARENTS, BIRTH_DATE, SEX = 6, 7, 8, 9
NO_DAY = -(2**31)


def person(tmp_path: Path, *records: dict[str, Any], **fields: Any) -> Dossier:
    build(tmp_path / "one", [entity(0, **fields)], records)
    return read_dossier(Generation.open(tmp_path / "one").dossier(0))


def identity(name: str = "JUAN PEREZ LOPEZ", **fields: Any) -> dict[str, Any]:
    fields = {
        "link_criterion": BY_CUI,
        "cui": CUI,
        "birth_year": 1990,
        "birth_month": 1,
        "birth_mday": 2,
        "sex": 2,
        **fields,
    }
    return record(0, fields.pop("record_id", "i1"), name=name, **fields)


def warrant(record_id: str, **fields: Any) -> dict[str, Any]:
    defaults = {
        "register": OJ,
        "section": WARRANT,
        "alert_kind": 1,
        "alert_state": PENDING,
        "cui": CUI,
        "link_criterion": BY_CUI,
    }
    return record(0, record_id, **{**defaults, **fields})


@pytest.mark.parametrize(
    ("fields", "level", "agrees", "disagrees"),
    [
        ({}, HIT, [BY_CUI], []),
        ({"name": "PEREZ LOPEZ JUAN"}, HIT, [BY_CUI, NAMES], []),
        ({"name": "PEDRO GOMEZ"}, POSSIBLE, [BY_CUI], [NAMES]),
        (
            {"name": "PEDRO GOMEZ", "birth_year": 1990, "birth_month": 1, "birth_mday": 2},
            POSSIBLE,
            [BY_CUI, BIRTH_DATE],
            [NAMES],
        ),
        (
            {"name": "JUAN GOMEZ", "birth_year": 1990, "birth_month": 1, "birth_mday": 2},
            POSSIBLE,
            [BY_CUI, BIRTH_DATE],
            [NAMES],
        ),
        ({"name": "PEDRO GOMEZ", "birth_year": 1990, "birth_month": 2, "birth_mday": 1}, POSSIBLE, [BY_CUI], [NAMES]),
        ({"name": "PEDRO GOMEZ", "mother": "ANA CAAL"}, POSSIBLE, [BY_CUI, PARENTS], [NAMES]),
        ({"name": "PEDRO GOMEZ", "father": "LUIS CHOC"}, POSSIBLE, [BY_CUI], [NAMES, PARENTS]),
        ({"name": "JUAN PEREZ CAAL"}, POSSIBLE, [BY_CUI], []),
        ({"name": "JUAN PEREZ CAAL", "mother": "ANA CAAL"}, HIT, [BY_CUI, PARENTS], []),
        ({"name": "JUAN PEREZ", "birth_year": 1971}, POSSIBLE, [BY_CUI, NAMES], [BIRTH_DATE]),
        ({"name": "JUAN PEREZ LOPEZ", "birth_year": 1971}, HIT, [BY_CUI, NAMES], [BIRTH_DATE]),
        (
            {"name": "JUAN PEREZ", "birth_year": 1971, "mother": "ANA CAAL"},
            POSSIBLE,
            [BY_CUI, NAMES, PARENTS],
            [BIRTH_DATE],
        ),
        (
            {"name": "JUAN PEREZ LOPEZ", "birth_year": 1971, "father": "LUIS CHOC"},
            POSSIBLE,
            [BY_CUI, NAMES],
            [PARENTS, BIRTH_DATE],
        ),
        ({"sex": 1}, HIT, [BY_CUI], [SEX]),
        ({"link_criterion": BY_CEDULA}, POSSIBLE, [BY_CEDULA], []),
        ({"link_criterion": BY_CEDULA, "name": "JUAN PEREZ LOPEZ"}, HIT, [BY_CEDULA, NAMES], []),
        (
            {
                "link_criterion": BY_NAMES,
                "link_level": POSSIBLE,
                "link_agrees": bytes([NAMES]),
                "link_disagrees": bytes([SEX]),
            },
            POSSIBLE,
            [NAMES],
            [SEX],
        ),
        ({"link_criterion": 0}, HIT, [], []),
    ],
)
def test_level_of_a_link(
    tmp_path: Path, fields: dict[str, Any], level: int, agrees: list[int], disagrees: list[int]
) -> None:
    parents = {"father": "LUIS PEREZ", "mother": "ANA CAAL"}
    dossier = person(tmp_path, identity(**parents), warrant("w1", **fields))
    (alert,), (hit,) = dossier.alerts, dossier.hits()
    assert (alert.link_level, list(hit.agrees), list(hit.disagrees)) == (level, agrees, disagrees)
    assert hit.record.possible is (level == POSSIBLE)
    assert dossier.person().warrants[0].record == hit.record
    assert bool(dossier.records[1].flags & 1) is (level == POSSIBLE)
    assert bool(alert.flags & 16) is bool(dossier.records[1].flags & 2) is (fields.get("link_criterion", 1) == BY_CUI)


def test_without_identity_claims_nothing_is_different(tmp_path: Path) -> None:
    dossier = person(
        tmp_path, warrant("w1", name="PEDRO GOMEZ"), warrant("w2", name="JUAN PEREZ", link_criterion=BY_CEDULA)
    )
    assert [alert.link_level for alert in dossier.alerts] == [HIT, POSSIBLE]


def test_an_identity_record_compares_with_other_registers_only(tmp_path: Path) -> None:
    dossier = person(tmp_path, identity(), identity("PEDRO GOMEZ", record_id="i2", birth_year=1950))
    assert [entry.flags & 1 for entry in dossier.records] == [0, 0]
    dossier = person(tmp_path / "b", identity(), identity("PEDRO GOMEZ", register=SAT, birth_year=1950))
    assert [entry.flags & 1 for entry in dossier.records] == [1, 1]
    assert dossier.header.flags & 1  # CONFLICT


def test_one_warrant_seen_by_several_registers_is_one_alert(tmp_path: Path) -> None:
    dossier = person(
        tmp_path,
        identity(),
        warrant("p1", register=PNC, merge_key="c1", issued_day=10, message={"court": "x"}),
        warrant(
            "o1",
            alert_state=CANCELLED,
            merge_key="c1",
            state_date=20260201,
            state_date_parts=b"\x08\xea\x0f",
            alert_flags=2,
        ),
        warrant("p2", register=PNC, merge_key="c2", issued_day=20),
        warrant("p3", register=PNC, merge_key="c2", alert_state=CANCELLED, row=2),
        warrant("p4", register=PNC, issued_day=30),
        warrant("p5", register=PNC, issued_day=30),
    )
    first, second, third, fourth = dossier.hits()
    assert [alert.state for alert in dossier.alerts] == [PENDING, PENDING, PENDING, CANCELLED]
    assert [hit.record.record_id for hit in (first, second, third, fourth)] == ["p4", "p5", "p2", "o1"]
    assert [source.record.record_id for source in fourth.sources] == ["o1", "p1"]
    assert [source.record.record_id for source in third.sources] == ["p2", "p3"]
    assert (fourth.sources[0].state, fourth.sources[0].state_date.year, fourth.sources[1].state) == (
        CANCELLED,
        2026,
        PENDING,
    )
    assert fourth.action.code == "ARREST"
    assert [alert.authority for alert in dossier.alerts] == [OJ] * 4
    assert [bool(alert.flags & 4) for alert in dossier.alerts] == [False, False, False, True]
    assert dossier.alerts[3].flags & 2
    assert (dossier.alerts[3].state_date, dossier.alerts[3].issued_day, dossier.alerts[0].issued_day) == (
        20260201,
        0,
        2**31 + 30,
    )


def test_an_alerts_link_is_the_strongest_of_its_records(tmp_path: Path) -> None:
    for number, order in enumerate((("p", "o"), ("o", "p"))):
        names = dict(zip(order, ("PEDRO GOMEZ", "JUAN PEREZ LOPEZ"), strict=True))
        dossier = person(
            tmp_path / str(number),
            identity(),
            warrant("o", merge_key="c", name=names["o"]),
            warrant("p", register=PNC, merge_key="c", name=names["p"]),
        )
        assert [alert.link_level for alert in dossier.alerts] == [HIT]
        assert dossier.alerts[0].flags & 16, "by the number that the strongest states"


def test_an_open_warrant_and_a_minors_are_two_alerts(tmp_path: Path) -> None:
    dossier = person(tmp_path, warrant("a", merge_key="c"), warrant("b", merge_key="c", sensitivity=3))
    assert [(alert.kind, alert.sensitivity) for alert in dossier.alerts] == [(1, 1), (1, 3)]


def test_the_authoritys_pending_record_stands_before_its_cancelled_one(tmp_path: Path) -> None:
    dossier = person(tmp_path, warrant("a", alert_state=CANCELLED, merge_key="c"), warrant("b", merge_key="c"))
    assert [alert.state for alert in dossier.alerts] == [PENDING]
    assert dossier.hits()[0].record.record_id == "b"


def test_sensitivities_are_alerts_apart_and_a_protected_side_is_none(tmp_path: Path) -> None:
    dossier = person(
        tmp_path,
        warrant("a", merge_key="c"),
        warrant("b", merge_key="c", sensitivity=2),
        record(
            0,
            "v",
            register=OJ,
            section=PROTECTION,
            sensitivity=4,
            alert_kind=3,
            alert_state=PENDING,
            alert_flags=64,
            alert_from=5,
            alert_to=9,
        ),
        record(
            0, "w", register=OJ, section=PROTECTION, sensitivity=4, alert_kind=3, alert_state=CANCELLED, alert_flags=64
        ),
    )
    assert [(alert.kind, alert.sensitivity) for alert in dossier.alerts] == [(1, 1), (1, 2)]
    protected = [entry for entry in dossier.records if entry.section == PROTECTION]
    assert [(entry.flags & 64, entry.day_from, entry.day_to) for entry in protected] == [
        (64, 5, 9),
        (0, NO_DAY, NO_DAY),
    ]


def test_records_come_whole_newest_first_with_their_clearance(tmp_path: Path) -> None:
    dossier = person(
        tmp_path,
        identity(message={"profession": "agricultor"}),
        record(0, "d1", register=PNC, section=DETENTION, sort_day=100, clearance=4 | 8, message={"station": "uno"}),
        record(0, "d2", register=PNC, section=DETENTION, sort_day=200, message={"station": "dos"}),
        record(0, "d3", register=PNC, section=DETENTION, message={"station": "tres"}),
    )
    whole = dossier.person()
    assert whole.identity_claims[0].profession == "agricultor"
    assert [detention.station for detention in whole.detentions] == ["dos", "uno", "tres"]
    assert [entry.flags for entry in dossier.records[1:]] == [0, 4 | 8, 0]
    for entry, message in zip(dossier.records[1:], whole.detentions, strict=True):
        field = dossier.piece(entry.offset, entry.length)
        reference = message.record.SerializeToString(deterministic=True)
        assert entry.reference_length == len(reference)
        assert field.index(reference) == 4  # tag and length of the field, then of the reference


def test_claims_header_and_summary(tmp_path: Path) -> None:
    dossier = person(
        tmp_path,
        identity(
            "MARIA CAAL", register=SAT, record_id="s", cui=None, nit="77K", birth_year=None, sex=0, link_criterion=3
        ),
        identity("MARIA CAAL DE TOT", record_id="r", cui=CUI, birth_department=16, death_day=0, cui_valid=False),
        record(0, "c1", register=PNC, section=CROSSING, name="MARIA CAAL", sort_day=3),
        record(0, "c2", register=PNC, section=CROSSING, name="MARIA CAAL", sort_day=2),
        record(0, "c3", register=PNC, section=CROSSING, name="MARIA CHOC", sort_day=1),
        homonyms=4,
    )
    header = dossier.header
    assert [(claim.register, claim.identity, claim.section) for claim in dossier.claims] == [
        (RENAP, 1, IDENTITY),
        (SAT, 1, IDENTITY),
        (PNC, 0, CROSSING),
        (PNC, 0, CROSSING),
    ]
    keys = [dossier.piece(claim.name_offset, claim.name_length).decode() for claim in dossier.claims]
    assert keys == [name_key(name) for name in ("MARIA CAAL DE TOT", "MARIA CAAL", "MARIA CAAL", "MARIA CHOC")]
    assert (header.birth_year, header.sex, header.department, header.death_day) == (1990, 2, 16, 0)
    assert (header.homonyms, header.name_only_alerts, header.flags) == (4, -1, 2)
    summary = dossier.summary()
    assert (summary.name, summary.cui, summary.birth_date.year, summary.department) == (
        "MARIA CAAL DE TOT",
        CUI,
        1990,
        16,
    )
    assert (summary.register_id, summary.plate, summary.subject_id) == ("renap", "", "")


def test_identifiers_by_section_and_sensitivity(tmp_path: Path) -> None:
    dossier = person(
        tmp_path,
        identity(register=SAT, record_id="s", nit="77K"),
        identity(document_country="SLV", document_number="A123456", cedula="A-1 123"),
        warrant("w", sensitivity=2),
        warrant("w2", sensitivity=2),
    )
    found = {
        (entry.kind, dossier.piece(entry.offset, entry.length).decode(), entry.section, entry.sensitivity): (
            entry.flags,
            entry.register,
        )
        for entry in dossier.identifiers
    }
    assert found == {
        (1, CUI, IDENTITY, 1): (1, RENAP),
        (1, CUI, WARRANT, 2): (0, OJ),
        (2, "77K", IDENTITY, 1): (1, SAT),
        (3, "A-1 123", IDENTITY, 1): (1, RENAP),
        (4, "SLV:A123456", IDENTITY, 1): (0, RENAP),  # RENAP identifies documents of Guatemala only
    }
    generation = Generation.open(tmp_path / "one")
    assert generation.lookup(4, "SLV:A123456") == generation.lookup(5, "A123456") == [0]


def test_vehicles_owners_and_plates(tmp_path: Path) -> None:
    vin: dict[str, Any] = {
        "entity": 1,
        "register": SAT,
        "subject": 2,
        "vin": "1HGCM82633A004352",
        "link_criterion": BY_VIN,
    }
    build(
        tmp_path / "v",
        [entity(0, 2), entity(1, 4), entity(2, 4), entity(3, 5)],
        [
            record(
                record_id="a",
                section=REGISTRATION,
                make="TOYOTA",
                line="HILUX",
                colour="BLANCO",
                model_year=2015,
                **vin,
            ),
            record(
                record_id="a",
                section=ASSIGNMENT,
                plate="123BCD",
                plate_type="P",
                plate_country="GTM",
                valid_from=10,
                valid_to=20,
                **vin,
            ),
            record(
                record_id="b",
                section=ASSIGNMENT,
                plate="456FGH",
                plate_type="P",
                plate_country="GTM",
                valid_from=21,
                **vin,
            ),
            record(
                record_id="c", section=OWNER, owner_entity=0, owner_level=HIT, share=60, message={"name": "ACME"}, **vin
            ),
            record(record_id="d", section=OWNER, owner_level=0, valid_from=30, message={"name": "NADIE"}, **vin),
            record(record_id="e", section=OWNER, owner_entity=0, owner_level=POSSIBLE, valid_from=40, **vin),
            record(
                record_id="f",
                section=VEHICLE_ALERT,
                plate="999XYZ",
                plate_type="P",
                alert_kind=7,
                alert_state=1,
                **{**vin, "register": PNC},
            ),
            record(
                2,
                "g",
                register=PNC,
                section=VEHICLE_ALERT,
                subject=2,
                plate="777KLM",
                alert_kind=7,
                alert_state=1,
                link_criterion=15,
                link_level=POSSIBLE,
            ),
            record(
                3,
                "h",
                register=PNC,
                section=VEHICLE_ALERT,
                subject=3,
                plate="123BCD",
                plate_type="P",
                plate_country="GTM",
                alert_kind=8,
                alert_state=1,
                link_criterion=11,
            ),
        ],
    )
    generation = Generation.open(tmp_path / "v")
    dossier = read_dossier(generation.dossier(1))
    assert [(owner.entity, owner.link_level, owner.valid_from) for owner in dossier.owners] == [
        (0, POSSIBLE, 40),
        (2**32 - 1, 0, 30),
        (0, HIT, NO_DAY),
    ]
    last = vehicle_pb2.Owner.FromString(dossier.piece(dossier.owners[2].offset, dossier.owners[2].length))
    assert (last.record.record_id, last.name, dossier.owners[2].share) == ("c", "ACME", 60)
    assert not dossier.vehicle().owners  # they have entries of their own
    assert dossier.summary().description == "TOYOTA HILUX, BLANCO, 2015"
    bearings = [entry for entry in dossier.identifiers if entry.kind == 8]
    assert [(dossier.piece(b.offset, b.length), b.section, b.valid_from, b.valid_to) for b in bearings] == [
        (b"P-123BCD|GTM", ASSIGNMENT, 10, 20),
        (b"P-456FGH|GTM", ASSIGNMENT, 21, NO_DAY),
        (b"P-999XYZ|GTM", VEHICLE_ALERT, NO_DAY, NO_DAY),
    ]
    assert generation.lookup(8, "GTM:123BCD") == [1, 3]
    assert generation.plates("*") == [("P-123BCD|GTM", 1), ("P-456FGH|GTM", 1), ("?-777KLM|GTM", 2)]
    assert generation.plates("*", make="MAZDA") == [("?-777KLM|GTM", 2)]  # its make is not on file
    by_engine = read_dossier(generation.dossier(2))
    assert (by_engine.alerts[0].link_level, list(by_engine.hits()[0].agrees)) == (POSSIBLE, [15])
    plate = read_dossier(generation.dossier(3))
    assert (plate.alerts[0].flags & 8, list(plate.hits()[0].agrees)) == (8, [11])
    verify(generation, deep=True)


def test_the_same_dossiers_whatever_the_batches(tmp_path: Path) -> None:
    records = [identity(), *(warrant(f"w{i}", issued_day=i, merge_key=f"c{i % 7}") for i in range(30))]
    dossiers = []
    for size in (1, 3, 100):
        build(tmp_path / str(size), [entity(0), entity(1), entity(2)], records, batch_rows=size)
        generation = Generation.open(tmp_path / str(size))
        dossiers.append([generation.dossier(number) for number in range(3)])
    assert dossiers[0] == dossiers[1] == dossiers[2]
    empty = read_dossier(dossiers[0][2])
    assert (empty.header.n_records, empty.header.n_identifiers, empty.header.death_day) == (0, 0, NO_DAY)


def test_records_of_several_batches_in_an_order_of_their_own(tmp_path: Path) -> None:
    records = [identity(), *(warrant(f"w{i:02d}", merge_key=f"c{i % 7}") for i in range(30))]
    records += [record(1, f"i{i:02d}", name="ANA CAAL", cui=CUI, link_criterion=BY_CUI) for i in range(5)]
    build(tmp_path / "sorted", [entity(0), entity(1), entity(2)], records)
    backwards = tuple(batches(records[::-1], LINKED_SCHEMA, 4))
    places = [(n << 32) + row for n, batch in enumerate(backwards) for row in range(batch.num_rows)][::-1]
    linked = [Ordered(backwards, array("q", part)) for part in (places[:20], places[20:])]
    directory = tmp_path / "ordered"
    directory.mkdir()
    entities = [entity(0), entity(1), entity(2)]
    heard: list[int] = []
    made = assemble(directory, batches(entities, ENTITY_SCHEMA, 1), linked, REGISTERS, on_progress=heard.append)
    assert (made.records, heard) == (36, [20, 36])
    after = HEADER_SIZE  # which holds a random number
    for name in ("dossiers.bin", "entities.bin"):
        assert (directory / name).read_bytes()[after:] == (tmp_path / "sorted" / name).read_bytes()[after:]


@pytest.mark.parametrize("place", [-1, 4, 1 << 32, 1 << 62])
def test_a_place_that_no_batch_has_is_refused(tmp_path: Path, place: int) -> None:
    rows = tuple(batches([identity()] * 4, LINKED_SCHEMA, 9))
    with pytest.raises(AssemblyError, match="a row that its batches have not"):
        assemble(tmp_path, batches([entity(0)], ENTITY_SCHEMA, 1), [Ordered(rows, array("q", [place, 0]))], REGISTERS)


def run(directory: Path, entities: list[dict[str, Any]], records: list[dict[str, Any]]) -> None:
    directory.mkdir()
    assemble(directory, batches(entities, ENTITY_SCHEMA, 5), batches(records, LINKED_SCHEMA, 5), REGISTERS)


def test_what_is_not_as_agreed_is_refused(tmp_path: Path) -> None:
    people = [entity(0), entity(1)]
    cases: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
        "not in order of entity": (people, [identity() | {"entity": 1}, identity()]),
        "not in the agreed order": (people, [warrant("a"), identity()]),
        "came before the entity": (people, [identity() | {"entity": 2}]),
        "register is not in the list": (people, [identity() | {"register": 9}]),
        "does not start with its record reference": (people, [identity() | {"payload": b"\x12\x01a"}]),
        "out of order": ([entity(1)], []),
        "a person after vehicles": ([entity(0, 4), entity(1, 1)], []),
        "kind 9": ([entity(0, 9)], []),
    }
    for number, (why, (entities, records)) in enumerate(cases.items()):
        with pytest.raises(AssemblyError, match=why):
            run(tmp_path / str(number), entities, records)
    with pytest.raises(AssemblyError, match="column cui has Arrow format"):
        (tmp_path / "types").mkdir()
        large = LINKED_SCHEMA.set(
            LINKED_SCHEMA.get_field_index("cui"), LINKED_SCHEMA.field("cui").with_type(pa.large_string())
        )
        assemble(tmp_path / "types", batches(people, ENTITY_SCHEMA, 5), batches([identity()], large, 5), REGISTERS)


def test_a_full_disk_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        assemble(tmp_path / "absent", [], [], REGISTERS)
