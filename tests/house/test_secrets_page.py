"""docs/operations.md shows the table of core/kept_secrets.py, and check values tell keys apart."""

from __future__ import annotations

import os
from pathlib import Path

from core.kept_secrets import KEPT_SECRETS, check_value

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


def test_the_page_has_each_secret_and_what_becomes_of_it() -> None:
    lines = PAGE.read_text(encoding="utf-8").split("## Secrets\n")[1].split("## ")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    assert rows == [
        [f"`{secret.place}`", secret.made_with, secret.when_lost.value, secret.told_apart_by] for secret in KEPT_SECRETS
    ]


def test_a_check_value_is_of_one_key_and_one_use() -> None:
    one, other = os.urandom(32), os.urandom(32)
    values = {check_value("a", one), check_value("b", one), check_value("a", other)}
    assert len(values) == 3
    assert all(len(value) == 16 for value in values)
