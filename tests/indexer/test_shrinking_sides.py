"""Protected sides and records of a clearance standard vanish as little as alerts do (docs/manifests.md)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.build.errors import BuildRefused, PublishingStopped
from indexer.pipeline import build
from tests.indexer.small_registers import MANIFESTS, SmallRegisters, cui_of

HEAD = MANIFESTS["oj"].partition("[[record]]")[0]
OJ = HEAD.replace('["alert"]', '["alert", "context"]').replace("stale_after", 'standards = ["renas"]\nstale_after')
WHO = 'subject = { cui = "CUI" }'
STATE = 'state = { column = "ESTADO", codes = "state" }'
for _kind, _section, _rest in (
    ("AGRESOR", "protection_order", f'alert = {{ kind = "PROTECTION_ORDER", {STATE} }}'),
    ("VICTIMA", "protection_order", f'sensitivity = "VICTIM"\nalert = {{ protected = true, {STATE} }}'),
    ("SEXUAL", "sentence", 'clearance = ["renas"]'),
):
    OJ += f"""
[[record]]
source = "ordenes"
section = "{_section}"
when = {{ column = "TIPO", in = ["{_kind}"] }}
record_id = "ORDEN"
{WHO}
{_rest}
"""
# 40 restrained, 4 protected and 3 sentences: of either of the small kinds all may go within 20 % of the rows
ROWS = {"AGRESOR": 40, "VICTIMA": 4, "SEXUAL": 3}


class Orders(SmallRegisters):
    """OJ's orders and sentences in one file."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        (self.manifests / "oj.toml").write_text(OJ, encoding="utf-8")
        self.orders()

    def orders(
        self, codes: dict[str, str] | None = None, cancelled: int = 0, left: dict[str, int] | None = None
    ) -> None:
        """`codes`: what stands for a kind now; `cancelled`: protected sides; `left`: rows of a kind that are left."""
        with (self.sources / "oj.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("ORDEN", "CUI", "TIPO", "ESTADO"))
            number = 0
            for kind, count in (ROWS | (left or {})).items():
                for place in range(count):
                    number += 1
                    state = "CANCELADA" if kind == "VICTIMA" and place < cancelled else "PENDIENTE"
                    writer.writerow((f"O{number}", cui_of(number), (codes or {}).get(kind, kind), state))


@pytest.fixture
def orders(tmp_path: Path) -> Iterator[Orders]:
    found = Orders(tmp_path)
    build(found.options())
    yield found


def stopped(orders: Orders, match: str) -> None:
    with pytest.raises(PublishingStopped, match=match):
        build(orders.options())


def test_the_code_of_the_protected_side_changed(orders: Orders) -> None:
    orders.orders({"VICTIMA": "AGRAVIADA"})
    stopped(orders, r"oj/PROTECTED: 4 records before, 0 now .*--accept-shrink oj/PROTECTED$")
    with pytest.raises(BuildRefused, match="no kind of alert of this name"):
        build(orders.options(accept_shrink=["oj/protected"]))
    build(orders.options(accept_shrink=["oj/PROTECTED"]))


def test_protected_sides_that_are_cut(orders: Orders) -> None:
    orders.orders(left={"VICTIMA": 2})
    stopped(orders, r"shrank: oj/PROTECTED: 4 records before, 2 now")
    orders.orders(left={"VICTIMA": 3})
    build(orders.options())


def test_protected_sides_that_are_revoked_in_one_night(orders: Orders) -> None:
    orders.orders(cancelled=2)
    stopped(orders, "oj/PROTECTED: 4 pending records before, 2 now")


def test_a_standard_whose_code_changed(orders: Orders) -> None:
    orders.orders({"SEXUAL": "DELITO SEXUAL"})
    stopped(orders, "oj/STANDARD_RENAS: 3 records before, 0 now")


def test_refused_ones_do_not_count(orders: Orders) -> None:
    text = (orders.sources / "oj.csv").read_text(encoding="utf-8")
    (orders.sources / "oj.csv").write_text(text.replace("VICTIMA,PENDIENTE", "VICTIMA,VIGENTE"), encoding="utf-8")
    stopped(orders, "oj/PROTECTED: 4 records before, 0 now")
