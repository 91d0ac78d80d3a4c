"""The rows of a verdict: to compare a matcher with the list, supply two or three callables.

Questions, strangers and pairs are of one half: B for a verdict, A at work. The limit of F1 is chosen on half A. The
goals are those of the issue that asked for this list.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from rich.table import Table

from bench.foreign_list import files, scoring
from bench.foreign_list.short_forms import bare

FIRST = 20  # how many a search has to give


@dataclass(frozen=True)
class Asked:
    """One question. birth: `YYYY-MM-DD`, `YYYY-MM`, `YYYY` or empty; sex: M, F."""

    name: str
    birth: str
    sex: str


# Up to FIRST listed persons with the probability that each is meant, the likeliest first; all 5,000 are on the list.
Search = Callable[[Asked], Sequence[tuple[str, float]]]
# The probability that a pair's two names (name_1, name_2, sex_1, sex_2) are one person's.
Alike = Callable[[dict[str, Any]], float]


# Whom of the list the product itself alerts for, POSSIBLE or more, by whatever limit it has for so many words.
Alerted = Callable[[Asked], Collection[str]]


@dataclass(frozen=True)
class Row:
    """One figure with its interval; goal None = shown beside the bars."""

    name: str
    value: float
    low: float
    high: float
    of: int
    goal: float | None = None
    at_most: bool = False

    @property
    def met(self) -> bool | None:
        """Returns whether the value itself reaches the goal."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.at_most else self.value >= self.goal


@dataclass
class Verdict:
    """Rows in order; tenths of all that was scored."""

    rows: list[Row] = field(default_factory=list)
    tenths: list[scoring.Tenth] = field(default_factory=list)

    def add(self, name: str, found: scoring.Share, goal: float | None = None, *, at_most: bool = False) -> None:
        """A row of a share."""
        self.rows.append(Row(name, found.value, found.low, found.high, found.total, goal, at_most))

    def as_dict(self) -> dict[str, Any]:
        """For a report in JSON."""
        return {
            "rows": [asdict(row) | {"met": row.met} for row in self.rows],
            "tenths": [asdict(tenth) for tenth in self.tenths],
        }


def table_of(verdict: Verdict, title: str) -> Table:
    """The rows for a terminal: value, interval at 95 %, of how many, goal."""
    table = Table(title=title, title_justify="left")
    for heading in ("row", "value", "95 %", "of", "goal", "met"):
        table.add_column(heading, justify="left" if heading == "row" else "right")
    for row in verdict.rows:
        goal = "" if row.goal is None else f"{'<=' if row.at_most else '>='} {row.goal:g}"
        met = {None: "", True: "yes", False: "NO"}[row.met]
        table.add_row(row.name, f"{row.value:.3f}", f"{row.low:.3f} to {row.high:.3f}", f"{row.of:,}", goal, met)
    return table


class Asking:
    """Asks a matcher each thing once, and keeps what it said."""

    def __init__(self, search: Search) -> None:
        self.search = cache(search)

    def found(self, question: dict[str, Any], *, dated: bool) -> Sequence[tuple[str, float]]:
        """Returns the persons found for a row of questions, strangers, relatives or guatemalans, with its birth date or
        without."""
        return self.search(Asked(question["asked"], question["birth"] if dated else "", question["sex"]))

    def best(self, question: dict[str, Any], *, dated: bool) -> float:
        """The best score; 0 when nobody is found."""
        return max((score for _, score in self.found(question, dated=dated)), default=0.0)

    def of_truth(self, question: dict[str, Any], *, dated: bool) -> float:
        """The score of who is meant; 0 when that one is not found."""
        return max((s for who, s in self.found(question, dated=dated) if who == question["person"]), default=0.0)

    def recall(self, questions: Sequence[dict[str, Any]], first: int, *, dated: bool) -> scoring.Share:
        """Returns the share of the questions with their person among the first so many."""
        return scoring.recall_at(questions, lambda q: [who for who, _ in self.found(q, dated=dated)], first)


def on_questions(
    search: Search,
    alerted: Alerted | None = None,
    directory: Path = files.DEFAULT,
    half: str = "B",
    *,
    every: int = 1,
    checked: bool = True,
) -> Verdict:
    """Recall of the first, recall at rates of false alarms, strangers alerted, calibration.

    every: one of so many persons and strangers is asked, for slow matchers. Raises as files.read does.
    """

    def rows(name: str) -> list[dict[str, Any]]:
        read = files.read(directory, name, half, checked=checked)
        return [row for row in read if int(row.get("person", "")[1:] or row["id"][1:]) % every == 0]

    asking, verdict = Asking(search), Verdict()
    questions = rows("questions")
    words = _words_on_list(files.read(directory, "listed", "AB", checked=checked))
    _recalls(verdict, asking, questions, words)
    strangers, relatives = rows("strangers") + rows("guatemalans"), rows("relatives")
    dated = [q for q in questions if q["birth_kind"] == "exact" and q["birth_on_list"] == "full"]
    alone = [q for q in questions if q["birth_kind"] == "none"]
    _alarms(verdict, asking, "names only", alone, strangers, {0.01: 0.80, 0.001: 0.66})
    _alarms(verdict, asking, "exact birth date", dated, strangers, {0.01: 0.99, 0.001: 0.97})
    if alerted is not None:
        _alerts(verdict, alerted, "names only", alone, strangers, relatives, (0.76, 0.01))
        _alerts(verdict, alerted, "exact birth date", dated, strangers, relatives, (0.97, 0.001))
    _calibrate(verdict, asking, questions, strangers)
    return verdict


def _recalls(
    verdict: Verdict, asking: Asking, questions: list[dict[str, Any]], words: dict[str, frozenset[str]]
) -> None:
    full = [question for question in questions if question["birth_on_list"] == "full"]
    exact = [question for question in full if question["birth_kind"] == "exact"]
    noisy = [question for question in full if question["birth_kind"] not in ("none", "exact")]
    alone = [question for question in questions if question["birth_kind"] == "none"]
    verdict.add("exact birth date: r@1", asking.recall(exact, 1, dated=True), 0.99)
    verdict.add("exact birth date: r@5", asking.recall(exact, 5, dated=True), 0.998)
    verdict.add("noisy birth dates: r@1", asking.recall(noisy, 1, dated=True), 0.97)
    verdict.add("noisy birth dates: r@5", asking.recall(noisy, 5, dated=True), 0.99)
    for kind in sorted({question["birth_kind"] for question in noisy}):
        some = [question for question in noisy if question["birth_kind"] == kind]
        verdict.add(f"{kind}: r@1", asking.recall(some, 1, dated=True))
    shared = [question for question in alone if _bare_words(question["asked"]) & words[question["person"]]]
    verdict.add("names only, a word in common: r@20", asking.recall(shared, FIRST, dated=False), 0.97)
    verdict.add("names only, all: r@20", asking.recall(alone, FIRST, dated=False))
    for source in ("name", "alias", "unlisted"):
        some = [question for question in alone if question["source"] == source]
        verdict.add(f"names only, {source}: r@1", asking.recall(some, 1, dated=False))


def _alarms(
    verdict: Verdict,
    asking: Asking,
    name: str,
    questions: list[dict[str, Any]],
    strangers: list[dict[str, Any]],
    goals: dict[float, float],
) -> None:
    """Recall at rates of strangers; a date is given to strangers where the questions have one."""
    dated = name != "names only"
    truths = [asking.of_truth(row, dated=dated) for row in questions]
    others = [asking.best(row, dated=dated) for row in strangers]
    for rate, goal in goals.items():
        verdict.add(f"{name}: recall at {rate:.1%} of strangers", scoring.at_rate(truths, others, rate).recall, goal)


def _alerts(
    verdict: Verdict,
    alerted: Alerted,
    name: str,
    questions: list[dict[str, Any]],
    strangers: list[dict[str, Any]],
    relatives: list[dict[str, Any]],
    goals: tuple[float, float],
) -> None:
    """Adds the product's own alerts: of persons meant, of strangers, and of each kind of relative, for anybody at
    all."""

    def of(row: dict[str, Any]) -> Collection[str]:
        return alerted(Asked(row["asked"], row["birth"] if name != "names only" else "", row["sex"]))

    def anybody(rows: list[dict[str, Any]]) -> scoring.Share:
        return scoring.share(sum(bool(of(row)) for row in rows), len(rows))

    right = sum(row["person"] in of(row) for row in questions)
    verdict.add(f"{name}: recall of the product's alerts", scoring.share(right, len(questions)), goals[0])
    verdict.add(f"{name}: strangers alerted by the product", anybody(strangers), goals[1], at_most=True)
    for relation in sorted({row["relation"] for row in relatives}):
        verdict.add(
            f"{name}: {relation} alerted by the product", anybody([r for r in relatives if r["relation"] == relation])
        )


def _bare_words(text: str) -> frozenset[str]:
    return frozenset(word for word in bare(text).replace("-", " ").replace(",", " ").split() if len(word) > 1)


def _words_on_list(listed: list[dict[str, Any]]) -> dict[str, frozenset[str]]:
    return {
        row["id"]: _bare_words(" ".join([row["name"], *(alias["name"] for alias in row["aliases"])])) for row in listed
    }


def _calibrate(
    verdict: Verdict, asking: Asking, questions: list[dict[str, Any]], strangers: list[dict[str, Any]]
) -> None:
    """Over everybody who was found for anybody: in each tenth as many are true as the scores say."""
    scores: list[float] = []
    truths: list[bool] = []
    for row in questions + strangers:
        for who, score in asking.found(row, dated=True):
            scores.append(score)
            truths.append(who == row.get("person", ""))
    verdict.tenths = scoring.calibration(scores, truths)
    worst = max((tenth.off for tenth in verdict.tenths if tenth.pairs), default=0.0)
    verdict.rows.append(Row("calibration: worst tenth", worst, worst, worst, len(scores), 0.10, at_most=True))


def on_pairs(alike: Alike, directory: Path = files.DEFAULT, half: str = "B", *, checked: bool = True) -> Verdict:
    """F1 at the limit that is best on half A, AUC, and for each kind the share that is called right at that limit."""
    verdict = Verdict()
    tuning = files.read(directory, "pairs", "A", checked=checked)
    limit = scoring.best_limit([alike(row) for row in tuning], [row["same"] for row in tuning])
    pairs = files.read(directory, "pairs", half, checked=checked)
    scores, same = [alike(row) for row in pairs], [row["same"] for row in pairs]
    found = scoring.f1_at(scores, same, limit)
    verdict.rows.append(Row("pairs: F1", found.f1, found.f1, found.f1, len(pairs), 0.93))
    verdict.add("pairs: precision", found.precision)
    verdict.add("pairs: recall", found.recall)
    area = scoring.auc(scores, same)
    verdict.rows.append(Row("pairs: AUC", area, area, area, len(pairs), 0.96))
    called: dict[tuple[bool, str], list[bool]] = {}
    for score, row in zip(scores, pairs, strict=True):
        called.setdefault((row["same"], row["kind"]), []).append((score >= limit) == row["same"])
    for (truth, kind), right in sorted(called.items(), reverse=True):
        verdict.add(f"{'one person' if truth else 'two'}, {kind}: right", scoring.share(sum(right), len(right)))
    return verdict
