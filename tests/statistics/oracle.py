"""The naive twin: facts as pandas has them, counted by docs/numbers.md and not by the server's SQL."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from core.mart.layout import FOLDER, Mart

RULES = {1: "event", 2: "offence", 3: "victim", 4: "suspect", 5: "step"}
BY: dict[str, Any] = {
    "year": lambda f: f["day"].dt.strftime("%Y"),
    "month": lambda f: f["day"].dt.strftime("%Y-%m"),
    "week": lambda f: [
        max((day - pd.Timedelta(days=day.weekday())).date(), date(day.year, 1, 1)).isoformat() for day in f["day"]
    ],
    "weekday": lambda f: (f["day"].dt.day_of_week + 1).astype(str),
    "hour": lambda f: f["hour"].map(lambda hour: "" if pd.isna(hour) else str(int(hour))),
    "department": lambda f: f["department"],
    "municipality": lambda f: f["municipality"],
    "offence": lambda f: f["iccs"].str[:4],
    "sex": lambda f: f["sex"].fillna(""),
    "age_band": lambda f: f["age_band"].fillna(""),
    "relation": lambda f: f["relation"].fillna(""),
    "mechanism": lambda f: f["mechanism"].fillna(""),
    "step": lambda f: f["step"].fillna(""),
}


def facts(data: Path, mart: Mart, source: str) -> pd.DataFrame:
    """All versions of a source's units."""
    names = [name for name in mart.files if name.startswith("fact_") and f".{source}." in name]
    table = pd.concat([pd.read_parquet(data / FOLDER / mart.id / name) for name in names], ignore_index=True)
    table["day"] = pd.to_datetime(table["occurred"])
    table["from"] = table["known_from"].map(lambda day: day.toordinal())
    table["until"] = table["known_until"].map(lambda day: day.toordinal())
    return table


def count(
    table: pd.DataFrame,
    rule: int,
    every_offence: bool,
    by: Sequence[str],
    years: tuple[int, int],
    vintage: date,
    offence: str = "",
    **fixed: str,
) -> dict[tuple[str, ...], int]:
    """Codes -> exact count."""
    day = vintage.toordinal()
    chosen = table[(table["from"] <= day) & (table["until"] > day)]
    chosen = chosen[chosen["day"].dt.year.between(*years) & chosen["iccs"].str.startswith(offence)]
    for name, value in fixed.items():
        chosen = chosen[BY[name](chosen) == value]
    keys = pd.DataFrame({name: BY[name](chosen) for name in by}, index=chosen.index)
    amount = chosen["suspects"].fillna(0) if RULES[rule] == "suspect" else chosen["n"]
    work = keys.assign(amount=amount, unit=chosen["day"].dt.year * 10**9 + chosen["unit_no"], whole="")
    if not every_offence:
        work = work[chosen["principal"]]
    elif RULES[rule] != "offence":
        work = work.drop_duplicates([*by, "unit"])
    if not by:
        return {(): int(work["amount"].sum())}
    return {
        key if isinstance(key, tuple) else (key,): int(value)
        for key, value in work.groupby(list(by))["amount"].sum().items()
        if value
    }


def shown(key: bytes, identity: str, value: int) -> int | None:
    """docs/numbers.md, "Disclosure", 1 to 3."""
    drawn = hashlib.blake2b(identity.encode(), key=key, digest_size=16).digest()
    threshold = 5 + int.from_bytes(drawn[:8], "big") % 5
    if value < threshold:
        return None
    below = value // 5 * 5
    up = int.from_bytes(drawn[8:], "big") / 2**64 < (value - below) / 5
    return below + 5 * up


def combinations(domains: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    return list(itertools.product(*domains))
