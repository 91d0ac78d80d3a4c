"""Linking of persons by docs/answers.md sections 4 and 5, a case a rule: records in, links out."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.calendar import day_of
from indexer.standard import ALERT_PROTECTED, CLEARANCE_CERTIFICATE, CLEARANCE_POLICE, LEVEL_DOUBTED, SUBJECT_PLATE
from tests.indexer.linking_result import (
    BIRTH_DATE,
    BORN,
    BY_RULE,
    CEDULA,
    CUI,
    DOCUMENT,
    HIT,
    LICENCE,
    NAMES,
    NIT,
    ORGANISATION,
    PARENTS,
    PERSON,
    POSSIBLE,
    SEX,
    UNIDENTIFIED,
    Result,
    borne,
    by_plate,
    citizen,
    identified,
    rows_of,
    warrant,
)
from tests.indexer.staged_records import (
    DETENTION,
    DISCREET,
    EXPUNGED,
    FINE,
    IDENTITY,
    MIGRACION,
    MINOR,
    OJ,
    OPEN,
    OWNED_VEHICLE,
    OWNER,
    PNC,
    REGISTRATION,
    RENAP,
    SAT,
    SENTENCE,
    TAX,
    TRANSITO,
    VEHICLE_ALERT,
    WARRANT,
    cui,
    link_records,
    record,
)


def test_a_cui_makes_its_subject_even_with_a_wrong_check_digit(run: Any) -> None:
    result = run(record(TRANSITO, FINE, "f", cui=cui(7), cui_valid=False))
    assert result.links("f") == {(result.entity(f"cui:{cui(7)}"), CUI, BY_RULE)}
    assert result.kind(f"cui:{cui(7)}") == PERSON


@pytest.mark.parametrize(
    ("register", "fields", "criterion"),
    [
        (RENAP, {"document_country": "GTM", "document_number": "P1"}, DOCUMENT),
        (MIGRACION, {"document_country": "SLV", "document_number": "P1"}, DOCUMENT),
        (SAT, {"nit": "123K"}, NIT),
        (TRANSITO, {"licence": "L9"}, LICENCE),
        (RENAP, {"cedula": "A-1 55"}, CEDULA),
    ],
)
def test_the_crosswalk_maps_an_identifier_to_the_one_person(
    run: Any, register: int, fields: dict[str, str], criterion: int
) -> None:
    result = run(citizen(1), identified(register, 1, **fields), warrant(**fields))
    assert result.links("w") == {(result.entity(f"cui:{cui(1)}"), criterion, BY_RULE)}


@pytest.mark.parametrize(
    ("register", "fields", "subject", "criterion"),
    [
        (PNC, {"document_country": "GTM", "document_number": "P1"}, "document:GTM:P1", DOCUMENT),
        (MIGRACION, {"document_country": "GTM", "document_number": "P1"}, "document:GTM:P1", DOCUMENT),
        (RENAP, {"document_country": "SLV", "document_number": "P1"}, "document:SLV:P1", DOCUMENT),
        (RENAP, {"nit": "123K"}, "nit:123K", NIT),
        (SAT, {"licence": "L9"}, "licence:L9", LICENCE),
        (SAT, {"cedula": "A-1 55"}, "cedula:A-1 55", CEDULA),
    ],
)
def test_a_register_that_does_not_identify_a_kind_feeds_no_crosswalk(
    run: Any, register: int, fields: dict[str, str], subject: str, criterion: int
) -> None:
    result = run(citizen(1), identified(register, 1, **fields), warrant(**fields))
    theirs = {(result.entity(key), criterion, LEVEL_DOUBTED) for key in (subject, f"cui:{cui(1)}")}
    assert result.links("w") == theirs, "who is tied to the number by another row is meant too, nobody for certain"


def test_a_number_that_no_register_vouches_for_is_not_whose_name_differs(run: Any) -> None:
    crossing = identified(MIGRACION, 1, document_country="GTM", document_number="P1")
    order = warrant(document_country="GTM", document_number="P1", name="LEONARDO POP TZUL")
    result = run(citizen(1), crossing, order)
    assert result.links("w") == {(result.entity("document:GTM:P1"), DOCUMENT, BY_RULE)}


def test_an_identifier_of_two_persons_maps_to_neither(run: Any) -> None:
    result = run(identified(SAT, 1, nit="9"), identified(SAT, 2, nit="9"), warrant(nit="9"))
    assert result.links("w") == {(result.entity("nit:9"), NIT, BY_RULE)}


def test_a_slip_that_nobody_bears_takes_no_number_from_who_is_on_file(run: Any) -> None:
    """One CUI with a wrong digit beside a NIT, and every other record with that NIT was nobody's."""
    for slip in (record(SAT, OWNER, "o", vin="V1", cui=cui(2), nit="9"), identified(SAT, 2, nit="9")):
        result = run(citizen(1), identified(SAT, 1, nit="9"), slip, warrant(nit="9"))
        assert result.links("w") == {(result.entity(f"cui:{cui(1)}"), NIT, BY_RULE)}


def test_an_owner_s_row_takes_no_number_from_whom_his_own_record_gives_it(run: Any) -> None:
    """His NIT beside another's CUI, in the row of one car, made the cars that state his NIT alone GREEN."""
    own, other = identified(SAT, 1, nit="9"), record(SAT, OWNER, "o", vin="V1", cui=cui(2), nit="9")
    listed = record(SAT, OWNED_VEHICLE, "o", cui=cui(2), nit="9")  # the same row, as what she owns
    result = run(citizen(1), citizen(2), own, other, listed, warrant(nit="9"))
    assert result.links("w") == {(result.entity(f"cui:{cui(1)}"), NIT, BY_RULE)}
    result = run(citizen(1), citizen(2), own, identified(SAT, 2, nit="9"), warrant(nit="9"))
    both = {(result.entity(key), NIT, LEVEL_DOUBTED) for key in ("nit:9", f"cui:{cui(1)}", f"cui:{cui(2)}")}
    assert result.links("w") == both, "two own records: either may be meant"
    owners = [record(SAT, OWNER, f"o{n}", vin=f"V{n}", cui=cui(n), nit="9") for n in (1, 2)]
    result = run(citizen(1), citizen(2), *owners, warrant(nit="9"))
    both = {(result.entity(key), NIT, LEVEL_DOUBTED) for key in ("nit:9", f"cui:{cui(1)}", f"cui:{cui(2)}")}
    assert result.links("w") == both, "two owners: either may be meant"


def test_every_identifier_is_tried_before_a_subject_of_its_own_is_made(run: Any) -> None:
    result = run(
        identified(SAT, 1, nit="9"),
        warrant("w1", document_country="SLV", document_number="X", nit="9"),
        warrant("w2", nit="8"),
    )
    assert result.links("w1") == {(result.entity(f"cui:{cui(1)}"), NIT, BY_RULE)}
    assert result.entity("document:SLV:X") is None
    assert result.links("w2") == {(result.entity("nit:8"), NIT, BY_RULE)}


def test_a_nit_is_an_organisation_when_a_record_says_so(run: Any) -> None:
    result = run(
        record(SAT, TAX, "t", nit="9", organisation=True),
        record(SAT, OWNED_VEHICLE, "o", nit="9"),
        record(SAT, TAX, "p", nit="8"),
    )
    assert (result.kind("nit:9"), result.kind("nit:8")) == (ORGANISATION, PERSON)


def test_without_identifier_context_stays_its_own_subject(run: Any) -> None:
    result = run(citizen(1), record(TRANSITO, FINE, "f", name="ANA LUCIA CAAL CHOC", birth=(1980, 1, 2)))
    assert result.links("f") == {(result.entity("record:transito:f"), 0, BY_RULE)}
    assert result.kind("record:transito:f") == UNIDENTIFIED


# --- names (section 5) ---


def test_one_living_person_with_name_and_birth_date_is_a_hit(run: Any) -> None:
    result = run(citizen(1, birth=BORN, sex=1), warrant(name="CAAL CHOC ANA LUCIA", birth=BORN, sex=1))
    subject = result.entity(f"cui:{cui(1)}")
    assert result.links("w") == {(subject, NAMES, HIT)}
    assert result.entity("record:oj:w") is None
    row = result.row("w")
    assert (row["link_agrees"], row["link_disagrees"]) == (bytes([NAMES, BIRTH_DATE, SEX]), b"")


def test_parents_replace_the_birth_date(run: Any) -> None:
    result = run(
        citizen(1, father="JUAN CAAL", mother="ROSA CHOC"),
        citizen(2, father="PEDRO TZUL", mother="ELENA SOTO"),
        warrant(name="ANA LUCIA CAAL CHOC", father="JUAN CAAL"),
    )
    assert result.links("w") == {(result.entity(f"cui:{cui(1)}"), NAMES, HIT)}
    assert result.row("w")["link_agrees"] == bytes([NAMES, PARENTS])


def test_parents_that_disagree_outweigh_the_birth_date(run: Any) -> None:
    result = run(
        citizen(1, birth=BORN, mother="ROSA CHOC"), warrant(name="ANA LUCIA CAAL CHOC", birth=BORN, mother="ELENA SOTO")
    )
    subject = result.entity(f"cui:{cui(1)}")
    assert result.links("w") == {(subject, NAMES, POSSIBLE), (result.entity("record:oj:w"), 0, BY_RULE)}
    row = result.row("w", subject)
    assert (row["link_agrees"], row["link_disagrees"]) == (bytes([NAMES, BIRTH_DATE]), bytes([PARENTS]))


def test_two_who_fit_are_possible_both_and_the_record_stays_a_subject(run: Any) -> None:
    result = run(citizen(1, birth=BORN), citizen(2, birth=BORN), warrant(name="ANA LUCIA CAAL CHOC", birth=BORN))
    both = {(result.entity(f"cui:{cui(n)}"), NAMES, POSSIBLE) for n in (1, 2)}
    assert result.links("w") == both | {(result.entity("record:oj:w"), 0, BY_RULE)}


def test_the_living_come_before_the_dead(run: Any) -> None:
    result = run(
        citizen(1, birth=BORN, death_day=15000), citizen(2, birth=BORN), warrant(name="ANA LUCIA CAAL CHOC", birth=BORN)
    )
    assert result.links("w") == {(result.entity(f"cui:{cui(2)}"), NAMES, HIT)}


def test_only_a_dead_person_is_at_most_possible_and_counts_nothing(run: Any) -> None:
    result = run(citizen(1, birth=BORN, death_day=0), warrant(name="ANA LUCIA CAAL CHOC", birth=BORN))
    subject = result.entity(f"cui:{cui(1)}")
    assert (subject, NAMES, POSSIBLE) in result.links("w")
    assert result.entities[subject]["name_only_alerts"] == 0


# Where nobody else is on file no word of a name tells anything.
OTHERS = ("PEDRO XOL TUC", "ELSA RUIZ PAZ", "OTTO BAC MO", "IRMA YAT QUIB", "RAUL POP ICH")


@pytest.mark.parametrize(
    ("fields", "linked"),
    [
        ({"birth": (1984, 0, 0)}, True),  # age band
        ({"birth": (1986, 0, 0)}, False),  # disagrees: no candidate
        ({"about_year": 1985}, True),
        ({"about_year": 1986}, False),
        ({"residence_department": 16}, True),
        ({"residence_department": 17}, False),
        ({"birth": (1980, 2, 1)}, True),  # day and month swapped: unknown, and the age band holds
        ({"birth": (1980, 3, 3)}, False),
        ({"birth": BORN, "sex": 2}, True),  # by its score: a sex is soon mistyped
        ({}, False),
    ],
)
def test_name_alone_links_only_with_age_band_or_department(run: Any, fields: dict[str, Any], linked: bool) -> None:
    fields.setdefault("sex", 1)
    result = run(
        citizen(1, birth=(1980, 1, 2), sex=1, birth_department=16)
        if "birth" not in fields or fields["birth"] != (1984, 0, 0)
        else citizen(1, birth=(1983, 0, 0), sex=1),
        *(citizen(2 + n, name=name) for n, name in enumerate(OTHERS)),
        warrant(name="ANA LUCIA CAAL CHOC", **fields),
    )
    subject = result.entity(f"cui:{cui(1)}")
    assert ((subject, NAMES, POSSIBLE) in result.links("w")) is linked
    assert (result.entity("record:oj:w"), 0, BY_RULE) in result.links("w")


def test_fifty_link_and_fifty_one_only_count(run: Any, tmp_path: Path) -> None:
    crowd = [citizen(n, birth=(1980, 1, 2)) for n in range(1, 51)]
    sought = warrant(name="ANA LUCIA CAAL CHOC", about_year=1980)
    few = Result(tmp_path / "few", [*crowd, sought])
    assert sum(link[1:] == (NAMES, POSSIBLE) for link in few.links("w")) == 50
    many = Result(tmp_path / "many", [*crowd, citizen(51, birth=(1980, 1, 2)), sought])
    assert many.links("w") == {(many.entity("record:oj:w"), 0, BY_RULE)}
    assert {row["name_only_alerts"] for row in many.entities.values() if row["kind"] == PERSON} == {1}


def test_name_only_alerts_count_pending_open_alerts_without_a_link(run: Any) -> None:
    name = {"name": "ANA LUCIA CAAL CHOC"}
    result = run(
        citizen(1, birth=BORN),
        citizen(2, birth=BORN, death_day=9),
        record(SAT, TAX, "unclaimed", cui=cui(3), name="ANA LUCIA CAAL CHOC"),
        warrant("counts", **name),
        warrant("too", **name),
        record(OJ, WARRANT, "cancelled", alert_kind=1, alert_state=3, **name),
        warrant("discreet", sensitivity=DISCREET, **name),
        record(OJ, WARRANT, "protected", alert_state=1, alert_flags=ALERT_PROTECTED, **name),
        record(PNC, DETENTION, "sentence", clearance=CLEARANCE_POLICE, **name),
        warrant("linked", birth=BORN, **name),
    )
    counts = {n: result.entities[result.entity(f"cui:{cui(n)}")]["name_only_alerts"] for n in (1, 2, 3)}
    assert counts == {1: 2, 2: 0, 3: 0}


def test_what_counts_for_a_clearance_is_linked_by_name_and_a_certificate_flag_alone_is_not(run: Any) -> None:
    who = {"name": "ANA LUCIA CAAL CHOC", "birth": BORN}
    result = run(
        citizen(1, birth=BORN),
        record(PNC, DETENTION, "police", clearance=CLEARANCE_CERTIFICATE | CLEARANCE_POLICE, **who),
        record(PNC, DETENTION, "plain", clearance=CLEARANCE_CERTIFICATE, **dict(who)),
    )
    assert result.links("police") == {(result.entity(f"cui:{cui(1)}"), NAMES, HIT)}
    assert result.links("plain") == {(result.entity("record:pnc:plain"), 0, BY_RULE)}


def test_only_identity_claims_make_candidates(run: Any) -> None:
    result = run(
        record(SAT, IDENTITY, "alias", cui=cui(1), name="ANA LUCIA CAAL CHOC", birth=BORN),
        warrant(name="ANA LUCIA CAAL CHOC", birth=BORN),
    )
    assert result.links("w") == {(result.entity("record:oj:w"), 0, BY_RULE)}


def test_the_best_claim_counts_and_one_that_states_nothing_takes_no_part(run: Any) -> None:
    name = "ANA LUCIA CAAL CHOC"
    result = run(
        citizen(1, birth=(1950, 5, 5)),
        record(MIGRACION, IDENTITY, "m1", cui=cui(1), name=name, birth=BORN),
        citizen(2, birth=(1950, 5, 5)),
        record(MIGRACION, IDENTITY, "m2", cui=cui(2), name=name),
        warrant(name=name, birth=BORN),
    )
    assert result.links("w") == {(result.entity(f"cui:{cui(1)}"), NAMES, HIT)}


def test_homonyms_count_other_living_claimed_persons(run: Any) -> None:
    result = run(
        citizen(1),
        citizen(2, "CHOC CAAL LUCIA ANA"),
        citizen(3, death_day=4),
        citizen(4, "OTRA PERSONA"),
        record(SAT, TAX, "t", cui=cui(5), name="ANA LUCIA CAAL CHOC"),
        warrant("w", name="ANA LUCIA CAAL CHOC"),
    )
    found = {n: result.entities[result.entity(f"cui:{cui(n)}")]["homonyms"] for n in range(1, 6)}
    assert found == {1: 1, 2: 1, 3: 2, 4: 0, 5: 0}
    own = result.entities[result.entity("record:oj:w")]
    assert (own["homonyms"], own["name_only_alerts"]) == (None, None)


def test_the_first_claim_of_a_register_is_by_record_id_not_by_row(run: Any) -> None:
    result = run(
        record(RENAP, IDENTITY, "b", cui=cui(1), name="LATER CLAIM", birth=(1990, 1, 1)),
        record(RENAP, IDENTITY, "a", cui=cui(1), name="OTRA PERSONA", birth=(1970, 1, 1)),
        citizen(2, "OTRA PERSONA", birth=(1980, 1, 1)),
    )
    assert result.entities[result.entity(f"cui:{cui(1)}")]["homonyms"] == 1
    assert result.entity(f"cui:{cui(1)}") < result.entity(f"cui:{cui(2)}")


# --- order, minors ---


def test_entities_are_numbered_by_birth_date_unknown_first_then_vehicles(run: Any) -> None:
    result = run(
        citizen(1, birth=(1990, 1, 1)),
        citizen(2, birth=(1980, 5, 0)),
        citizen(3, birth=(1980, 5, 1)),
        citizen(4),
        record(SAT, TAX, "t", cui=cui(5), birth=(1970, 1, 1)),
        record(SAT, REGISTRATION, "v", vin="V1"),
        record(SAT, VEHICLE_ALERT, "p", plate="123BCD", plate_type="P", subject=SUBJECT_PLATE),
    )
    order = [result.entity(f"cui:{cui(n)}") for n in (4, 5, 2, 3, 1)]
    assert order == [0, 1, 2, 3, 4]
    assert {result.entity("vin:V1"), result.entity("plate:P-123BCD|GTM")} == {5, 6}


@pytest.mark.parametrize(
    ("birth", "dated", "sensitivity", "expected"),
    [
        ((2000, 2, 29), day_of(2018, 2, 28), OPEN, MINOR),
        ((2000, 2, 29), day_of(2018, 3, 1), OPEN, OPEN),
        ((2000, 6, 15), day_of(2018, 6, 14), OPEN, MINOR),
        ((2000, 6, 15), day_of(2018, 6, 15), OPEN, OPEN),
        ((2000, 0, 0), day_of(2017, 12, 31), OPEN, MINOR),
        ((2000, 0, 0), day_of(2018, 1, 1), OPEN, OPEN),
        ((2000, 6, 15), None, OPEN, OPEN),
        ((2000, 6, 15), day_of(2016, 1, 1), EXPUNGED, EXPUNGED),
    ],
)
def test_an_act_before_the_18th_birthday_is_hidden(
    run: Any, birth: tuple[int, int, int], dated: int | None, sensitivity: int, expected: int
) -> None:
    result = run(
        citizen(1, birth=birth), record(PNC, SENTENCE, "s", cui=cui(1), sort_day=dated, sensitivity=sensitivity)
    )
    assert result.row("s")["sensitivity"] == expected


@pytest.mark.parametrize("year", [2026, 6710, 6711, 8389, 9999])
def test_a_birth_after_the_act_hides_nothing(run: Any, year: int) -> None:
    """A filler of a far year too: 2^26 is the number of a day in 6710, and above it a day was once read as another."""
    result = run(citizen(1, birth=(year, 12, 31)), record(PNC, SENTENCE, "s", cui=cui(1), sort_day=day_of(2018, 1, 1)))
    assert result.row("s")["sensitivity"] == OPEN


def test_other_sections_are_not_hidden_for_minors(run: Any) -> None:
    result = run(citizen(1, birth=(2000, 1, 1)), record(TRANSITO, FINE, "f", cui=cui(1), sort_day=day_of(2016, 1, 1)))
    assert result.row("f")["sensitivity"] == OPEN


def test_records_come_in_the_order_of_dossiers(run: Any) -> None:
    days = [3, None, 7, 3, 3, None]
    fines = [record(TRANSITO, FINE, f"f{n}", cui=cui(1), sort_day=day) for n, day in enumerate(days)]
    fines += [record(TRANSITO, FINE, "same", cui=cui(1), sort_day=3, version=version) for version in (2, 1)]
    result = run(*reversed(fines), record(SAT, FINE, "sat", cui=cui(1), sort_day=3), citizen(1))
    order = [(row["section"], row["record_id"], row["version"]) for row in result.rows]
    assert order == [
        (IDENTITY, "renap-1", 0), (FINE, "f2", 0), (FINE, "sat", 0), (FINE, "f0", 0), (FINE, "f3", 0), (FINE, "f4", 0),
        (FINE, "same", 1), (FINE, "same", 2), (FINE, "f1", 0), (FINE, "f5", 0),
    ]  # fmt: skip


# --- the same bytes ---


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    records = [citizen(n, birth=(1900 + n % 90, 1 + n % 12, 1 + n % 28)) for n in range(1, 400)]
    records += [warrant(f"w{n}", name="ANA LUCIA CAAL CHOC", birth=(1900 + n, 1, 1)) for n in range(60)]
    records += [borne(f"a{n}", f"V{n % 50}", f"{n:03d}BCD", valid_from=n) for n in range(200)]
    records += [by_plate(f"f{n}", n, plate=f"{n % 200:03d}BCD") for n in range(300)]
    digests = set()
    for attempt in range(3):
        linked = link_records(tmp_path / str(attempt), records)
        digest = hashlib.sha256()
        for rows in [*(batch.to_pylist() for batch in linked.entities()), rows_of(linked)]:
            digest.update(str(rows).encode())
        digests.add(digest.hexdigest())
    assert len(digests) == 1


def test_another_key_gives_other_subject_ids(tmp_path: Path) -> None:
    ids = []
    for attempt in range(2):
        linked = link_records(tmp_path / str(attempt), [citizen(1)], key=bytes([attempt]) * 32)
        ids.append(pa.Table.from_batches(linked.entities()).column("subject_id").to_pylist())
    assert ids[0] != ids[1]


def test_nothing_staged_links_nothing(tmp_path: Path) -> None:
    linked = link_records(tmp_path, [])
    assert (linked.persons, linked.vehicles, linked.records) == (0, 0, 0)
    assert list(linked.linked()) == []
