"""Splink: a Fellegi-Sunter model on name columns and the birth date, u from the population, m from the tuning half.

Its blocking rules find the candidates; the model scores them. A question without parts is cut by the usual rule of
thumb: the last two words are surnames.
"""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.internals.duckdb.database_api import DuckDBAPI

from bench.names.peers import exchange

_PARTICLES = {"DE", "DEL", "LA", "LAS", "LOS", "Y", "SAN", "SANTA"}
_COLUMNS = ("given1", "given2", "surname1", "surname2")


def _words(text: str) -> list[str]:
    """Words with their particles before them: DE LA CRUZ is one."""
    found: list[str] = []
    held: list[str] = []
    for word in text.split():
        held.append(word)
        if word not in _PARTICLES:
            found.append(" ".join(held))
            held = []
    return found + ([" ".join(held)] if held else [])


def _row(number: Any, given: str, surnames: str, text: str, birth: str | None, pair: Any = None) -> dict[str, Any]:
    if not given and not surnames:
        words = _words(text)
        cut = max(1, len(words) - 2)
        firsts, lasts = words[:cut], words[cut:]
    else:
        firsts, lasts = _words(given), _words(surnames)
    values = [*[*firsts, None, None][:2], *[*lasts, None, None][:2]]
    whole = birth if birth and len(birth) == 10 else None
    return {"unique_id": str(number), "pair_id": pair, "dob": whole} | dict(zip(_COLUMNS, values, strict=True))


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    text = pa.string()
    schema = pa.schema([("unique_id", text), ("pair_id", text), ("dob", text), *((name, text) for name in _COLUMNS)])
    return pa.Table.from_pylist(rows, schema=schema)


def _settings() -> SettingsCreator:
    def name(column: str) -> Any:
        return cl.NameComparison(column).configure(term_frequency_adjustments=True)

    return SettingsCreator(
        link_type="link_only",
        comparisons=[*(name(column) for column in _COLUMNS), cl.DateOfBirthComparison("dob", input_is_string=True)],
        blocking_rules_to_generate_predictions=[
            block_on("surname1", "surname2"),
            block_on("given1", "surname1"),
            block_on("given1", "surname2"),
            block_on("given2", "surname1"),
            block_on("given1", "given2", "substr(surname1, 1, 2)"),
        ],
        retain_matching_columns=False,
    )


def _pair_rows(pairs: list[Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    left, right = [], []
    for n, p in enumerate(pairs):
        left.append(
            _row(f"a{n}", p["asked_given"], p["asked_surnames"], p["asked"], exchange.iso(p["asked_birth"]), str(n))
        )
        right.append(_row(f"b{n}", p["given"], p["surnames"], "", exchange.iso(p["birth"]), str(n)))
    return left, right


class _Model:
    """A trained linker: questions on the left, a population on the right."""

    def __init__(self, folder: Path, population: list[dict[str, Any]]) -> None:
        self.api = DuckDBAPI()
        self._tables = 0
        tuning = exchange.lines(folder / "pairs-tuning.jsonl")
        left, right = _pair_rows([pair for pair in tuning if pair["same"]])
        # In training the pair's number is the label: both sides of a pair are one person.
        self.linker = Linker(
            [self.table(left, "asked"), self.table([*right, *population], "held")],
            _settings(), log_level=logging.ERROR,
        )  # fmt: skip
        for column in _COLUMNS:
            self.linker.table_management.compute_tf_table(column)
        self.linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
        self.linker.training.estimate_m_from_label_column("pair_id")

    def table(self, rows: list[dict[str, Any]], side: str) -> Any:
        """Rows as a table of one side; every table needs a name of its own."""
        self._tables += 1
        return self.api.register(_table(rows), dataset_display_name=side, table_name=f"{side}_{self._tables}")

    def scores(
        self, left: list[dict[str, Any]], right: Any, rules: Any = None
    ) -> tuple[list[tuple[str, str, float]], float]:
        """(left id, right id, probability), best first, of each left id the best; and seconds."""
        asked = self.table(left, "asked")
        started = time.perf_counter()
        out = self.linker.inference.predict_between(asked, right, blocking_rules_to_generate_predictions=rules)
        rows = self.api.duckdb_con.table(out.physical_name)
        best = "row_number() OVER (PARTITION BY unique_id_l ORDER BY match_probability DESC) AS place"
        ranked = rows.project(f"unique_id_l, unique_id_r, match_probability, {best}").filter(f"place <= {exchange.TOP}")
        found = ranked.order("match_probability desc").project("unique_id_l, unique_id_r, match_probability").fetchall()
        seconds = time.perf_counter() - started
        return found, seconds


def main() -> None:
    """Trains once, scores the pairs, and links the questions to the population."""
    folder = Path(sys.argv[1])
    population = [
        _row(n, given, surnames, "", born) for n, given, surnames, born in exchange.lines(folder / "population.jsonl")
    ]
    model = _Model(folder, population)
    report: dict[str, Any] = {"pairs": {}}
    for half in ("tuning", "held"):
        pairs = exchange.lines(folder / f"pairs-{half}.jsonl")
        left, right = _pair_rows(pairs)
        held = model.table(right, "held")
        rows, seconds = model.scores(left, held, [block_on("pair_id")])
        found = {a[1:]: score for a, b, score in rows if a[1:] == b[1:]}
        report["pairs"][half] = [found.get(str(n), 0.0) for n in range(len(pairs))]
        report["us_a_pair"] = seconds / len(pairs) * 1e6
    questions = exchange.lines(folder / "questions.jsonl")
    left = [_row(n, q["given"], q["surnames"], q["text"], q["birth"]) for n, q in enumerate(questions)]
    rows, seconds = model.scores(left, model.table(population, "held"))
    found_by: list[list[list[Any]]] = [[] for _ in questions]
    for a, b, score in rows:
        found_by[int(a)].append([int(b), score])
    report["population"] = {"found": found_by, "latency_us": [seconds / len(questions) * 1e6], "batch_seconds": seconds}
    exchange.write(folder, "splink", report)


if __name__ == "__main__":
    main()
