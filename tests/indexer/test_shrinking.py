"""Checks what may not vanish: registers that can be read, and hold less than yesterday (docs/manifests.md)."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.build.errors import BuildRefused, PublishingStopped
from indexer.generations.publishing import current_generation
from indexer.pipeline import build
from indexer.staging.shrinking import fell_too_far
from indexer.summary import BuildSummary
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.indexer.test_pipeline import fates, publish_log, register_of

OJ = """
[register]
id = "oj"
name = "Organismo Judicial"
owner = "Organismo Judicial"
contact = "tel. 2290-4444"
order = 20
roles = { person = ["alert"] }
stale_after = "30d"

[[source]]
name = "ordenes"
format = "xml"
path = "oj_ordenes.xml"
row_tag = "ORDEN"
as_of = { from = "mtime" }

[[source]]
name = "arraigos"
format = "xlsx"
sheet = "Arraigos"
path = "oj.xlsx"
as_of = { from = "mtime" }

[[source]]
name = "menores"
format = "jsonl"
path = "oj_menores.jsonl"
may_be_empty = true
as_of = { from = "mtime" }

[codes.state]
PENDIENTE = "PENDING"
CANCELADA = "CANCELLED"

[[record]]
source = "ordenes"
section = "warrant"
when = { column = "TIPO", in = ["OC"] }
record_id = "ID"
subject = { cui = "CUI" }
alert = { kind = "WARRANT", state = { column = "ESTADO", codes = "state" } }

[[record]]
source = "ordenes"
section = "prison"
when = { column = "TIPO", in = ["FUGA"] }
record_id = "ID"
subject = { cui = "CUI" }
alert = { kind = "ESCAPE", state = { column = "ESTADO", codes = "state" } }

[[record]]
source = "arraigos"
section = "travel_ban"
record_id = "ID"
subject = { cui = "CUI" }
alert = { kind = "TRAVEL_BAN", state = { column = "ESTADO", codes = "state" } }

[[record]]
source = "menores"
section = "missing_person"
record_id = "ID"
subject = { cui = "CUI" }
alert = { kind = "MISSING_CHILD", state = { column = "ESTADO", codes = "state" } }
"""

Rows = Sequence[tuple[str, int, str]]  # type, person, state


def pending(kind: str, count: int, first: int = 1) -> list[tuple[str, int, str]]:
    return [(kind, person, "PENDIENTE") for person in range(first, first + count)]


class Court(SmallRegisters):
    """OJ alone of the small registers, in three sources: 17 orders and 2 escapes in XML, 5 travel bans, 2 children."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        for name in ("renap", "sat"):
            (self.manifests / f"{name}.toml").unlink()
        (self.manifests / "oj.toml").write_text(OJ, encoding="utf-8")
        self.orders([*pending("OC", 17), *pending("FUGA", 2, 30)])
        self.bans(pending("", 5, 40))
        self.children(pending("", 2, 50))

    def orders(self, rows: Rows) -> None:
        elements = "".join(
            f"<ORDEN><ID>{n}</ID><TIPO>{kind}</TIPO><CUI>{cui_of(person)}</CUI><ESTADO>{state}</ESTADO></ORDEN>\n"
            for n, (kind, person, state) in enumerate(rows)
        )
        (self.sources / "oj_ordenes.xml").write_text(f"<ORDENES>\n{elements}</ORDENES>\n", encoding="utf-8")

    def bans(self, rows: Rows) -> None:
        with xlsxwriter.Workbook(self.sources / "oj.xlsx") as book:
            sheet = book.add_worksheet("Arraigos")
            sheet.write_row(0, 0, ["ID", "CUI", "ESTADO"])
            for n, (_, person, state) in enumerate(rows):
                sheet.write_row(n + 1, 0, [str(n), cui_of(person), state])

    def children(self, rows: Rows) -> None:
        lines = [
            json.dumps({"ID": n, "CUI": cui_of(person), "ESTADO": state}) for n, (_, person, state) in enumerate(rows)
        ]
        (self.sources / "oj_menores.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def stopped(self, *, match: str) -> None:
        """A build that must not publish, for this reason; what answered goes on answering."""
        before = current_generation(self.data)
        with pytest.raises(PublishingStopped, match=match):
            build(self.options())
        assert current_generation(self.data) == before

    def carried(self, *, match: str) -> None:
        """A build that must carry OJ forward, for this reason, with every alert that it had."""
        summary = build(self.options())
        (oj,) = summary.failed
        assert (oj.register_id, oj.fate) == ("oj", "carried")
        assert match in oj.reason
        assert register_of(self, summary, "oj")["carried_forward"]
        assert summary.to_json()["alerts"] == ALERTS


ALERTS = {"WARRANT": 17, "TRAVEL_BAN": 5, "MISSING_CHILD": 2, "ESCAPE": 2}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Court, BuildSummary]:
    court = Court(tmp_path_factory.mktemp("court"))
    return court, build(court.options())


@pytest.fixture
def court(published: tuple[Court, BuildSummary], tmp_path: Path) -> Iterator[Court]:
    found = published[0].copied(tmp_path / "court")
    assert isinstance(found, Court)
    yield found


def test_what_is_counted_is_told(published: tuple[Court, BuildSummary]) -> None:
    told = published[1].to_json()
    assert told["alerts"] == ALERTS
    (oj,) = (register for register in told["registers"] if register["id"] == "oj")
    assert oj["sources"] == {"ordenes": 19, "arraigos": 5, "menores": 2}
    assert oj["alerts"]["WARRANT"] == {"listed": 17, "pending": 17}


def test_a_well_formed_file_cut_to_two_of_its_orders(court: Court) -> None:
    court.orders(pending("OC", 2))
    court.stopped(match=r"oj/ordenes: 19 rows before, 2 now .*oj/WARRANT: 17 alerts before, 2 now")


def test_one_kind_cut_within_the_limit_of_its_source(court: Court) -> None:
    court.orders(pending("OC", 17))  # 2 of 19 rows are within 20 %, but they were every escape
    court.stopped(match=r"shrank: oj/ESCAPE: 2 alerts before, 0 now \(-100.0 %, limit 20 %\)\. .*ESCAPE$")


def test_one_of_several_files_is_gone(court: Court) -> None:
    (court.sources / "oj_menores.jsonl").unlink()
    court.carried(match="no file fits")


def test_a_sheet_is_empty(court: Court) -> None:
    court.bans([])
    court.carried(match="holds no rows")


def test_a_file_of_one_line_break_that_may_be_empty_and_was_not(court: Court) -> None:
    (court.sources / "oj_menores.jsonl").write_text("\n", encoding="utf-8")
    court.stopped(match=r"oj/menores: 2 rows before, 0 now")


def test_the_last_row_of_a_source_that_may_be_empty(court: Court) -> None:
    court.children(pending("", 1, 50))
    assert fates(build(court.options()))["oj"] == "fresh"  # one of two may go
    court.children([])
    court.stopped(match="oj/menores: 1 rows before, 0 now")
    assert fates(build(court.options(accept_shrink=["oj/menores", "oj/MISSING_CHILD"])))["oj"] == "fresh"
    assert fates(build(court.options()))["oj"] == "fresh"  # empty, and empty before


def test_a_code_that_changed_leaves_every_row_out(court: Court) -> None:
    court.orders([*pending("O.C.", 17), *pending("F", 2, 30)])
    court.carried(match="none of its 19 rows gives a whole record (19 left out by when: ordenes.TIPO)")


def test_a_code_of_one_kind_that_changed(court: Court) -> None:
    court.orders([*pending("OC", 17), *pending("EVASION", 2, 30)])
    court.stopped(match="oj/ESCAPE: 2 alerts before, 0 now")
    summary = build(court.options(accept_shrink=["oj/ESCAPE"]))
    assert register_of(court, summary, "oj")["left_out"] == {"ordenes.TIPO": 2}


def test_states_that_all_turn_cancelled_in_one_night(court: Court) -> None:
    court.orders([("OC", person, "CANCELADA") for person in range(1, 18)] + pending("FUGA", 2, 30))
    court.stopped(match="oj/WARRANT: 17 pending alerts before, 0 now")


def test_of_seventeen_orders_three_may_be_closed_and_four_may_not(court: Court) -> None:
    def closed(count: int) -> Rows:
        orders = [("OC", n, "CANCELADA" if n <= count else "PENDIENTE") for n in range(1, 18)]
        return [*orders, *pending("FUGA", 2, 30)]

    court.orders(closed(4))
    court.stopped(match="oj/WARRANT: 17 pending alerts before, 13 now")
    court.orders(closed(3))
    assert build(court.options()).to_json()["alerts"]["WARRANT"] == 14


def test_the_only_pending_alert_of_a_kind_may_be_closed(court: Court) -> None:
    court.children([("", 50, "CANCELADA"), ("", 51, "PENDIENTE")])
    assert fates(build(court.options()))["oj"] == "fresh"
    court.children([("", 50, "CANCELADA"), ("", 51, "CANCELADA")])
    assert fates(build(court.options()))["oj"] == "fresh"


def test_every_row_refused_is_a_source_that_failed(court: Court) -> None:
    court.orders([("OC", person, "VIGENTE") for person in range(1, 18)])
    court.carried(match="17 refused: warrant.alert.state.unknown_code")


def test_a_file_in_another_encoding_is_a_source_that_failed(registers: SmallRegisters) -> None:
    def written(encoding: str) -> None:
        lines = [f"W{n},{cui_of(n)},JOSÉ MUÑOZ,,PENDIENTE,2020-05-05" for n in range(1, 4)]
        text = "\n".join(["ORDEN,CUI,NOMBRE,NACIMIENTO,ESTADO,FECHA", *lines]) + "\n"
        (registers.sources / "oj.csv").write_bytes(text.encode(encoding))

    written("latin-1")
    summary = build(registers.options())
    assert fates(summary)["oj"] == "missing"
    assert "3 refused" in summary.failed[0].reason and "undecodable_bytes" in summary.failed[0].reason
    written("utf-8")
    assert build(registers.options()).to_json()["alerts"] == {"WARRANT": 3}
    written("latin-1")
    summary = build(registers.options())
    assert (fates(summary)["oj"], summary.to_json()["alerts"]) == ("carried", {"WARRANT": 3})


def test_refused_rows_count_as_lost(court: Court) -> None:
    court.orders([*pending("OC", 10), *[("OC", n, "?") for n in range(11, 18)], *pending("FUGA", 2, 30)])
    court.stopped(match="oj/ordenes: 19 rows before, 12 now")


def test_a_source_that_the_manifest_lost(court: Court) -> None:
    manifest = court.manifests / "oj.toml"
    text = manifest.read_text(encoding="utf-8")
    before, rest = text.split('[[source]]\nname = "menores"', 1)
    codes = rest[rest.index("[codes.state]") : rest.rindex("[[record]]")]
    manifest.write_text(before + codes, encoding="utf-8")
    court.stopped(match=r"oj/menores: 2 rows before, 0 now.*oj/MISSING_CHILD: 2 alerts before, 0 now")
    assert "MISSING_CHILD" not in build(court.options(accept_shrink=["oj/menores", "oj/MISSING_CHILD"])).alerts


def test_what_is_accepted_is_accepted_by_name_and_logged(court: Court) -> None:
    court.orders(pending("OC", 2))
    for name in ("oj/nadie", "oj/warrant", "nadie/ordenes"):
        with pytest.raises(BuildRefused, match=f"--accept-shrink {name}"):
            build(court.options(accept_shrink=[name]))
    with pytest.raises(PublishingStopped) as caught:
        build(court.options(accept_shrink=["oj/ordenes", "oj/ESCAPE"]))
    assert "oj/WARRANT" in str(caught.value) and "oj/ordenes" not in str(caught.value)
    summary = build(court.options(accept_shrink=["oj"]))
    names = [text.partition(":")[0] for text in publish_log(court)[-2]["accepted_shrinks"]]
    assert names == ["oj/ordenes", "oj/WARRANT", "oj/WARRANT", "oj/ESCAPE"]
    assert list(summary.accepted_shrinks) == publish_log(court)[-2]["accepted_shrinks"]


def test_limits_of_a_source_and_of_its_register(court: Court) -> None:
    manifest = court.manifests / "oj.toml"
    text = manifest.read_text(encoding="utf-8")
    own = text.replace('sheet = "Arraigos"', 'sheet = "Arraigos"\nshrink_limit_percent = 0')
    manifest.write_text(own, encoding="utf-8")
    court.bans(pending("", 4, 40))
    court.stopped(match=r"oj/arraigos: 5 rows before, 4 now \(-20.0 %, limit 0 %\)")
    manifest.write_text(own.replace("order = 20", "order = 20\nshrink_limit_percent = 100"), encoding="utf-8")
    court.orders(pending("OC", 1))
    court.bans(pending("", 5, 40))
    assert build(court.options()).to_json()["alerts"]["WARRANT"] == 1


@settings(deadline=None)
@given(before=st.integers(1, 10_000), now=st.integers(0, 10_000), limit=st.integers(0, 100), may_end=st.booleans())
def test_a_limit_is_a_share_rounded_down_and_at_least_one(before: int, now: int, limit: int, may_end: bool) -> None:
    lost = before - now
    if lost <= 0 or limit == 100:
        expected = False
    elif now == 0 and not may_end:
        expected = True
    elif lost == 1:
        expected = limit == 0
    else:
        expected = Fraction(lost, before) > Fraction(limit, 100)
    assert fell_too_far(before, now, limit, may_end=may_end) == expected


def test_rows_that_are_no_records_are_counted_by_reason(court: Court) -> None:
    dice = random.Random(1)
    rows = [*pending("OC", 17), *pending("FUGA", 2, 30), *pending("NOTA", 4), ("OC", 9, "?")]
    dice.shuffle(rows)
    court.orders(rows)
    with (court.sources / "oj_menores.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"ID": 9, "ESTADO": "PENDIENTE"}\n')
    summary = build(court.options())
    (told,) = (register for register in summary.to_json()["registers"] if register["id"] == "oj")
    assert told["left_out"] == {"ordenes.TIPO": 4}
    assert told["refused"] == {"missing_person.no_subject": 1, "warrant.alert.state.unknown_code": 1}
    entry = register_of(court, summary, "oj")
    assert (entry["left_out"], entry["refused"]) == (told["left_out"], told["refused"])
