"""The file of objectives: what is read, and what is refused by table, field and rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from ronda.objectives.targets import TargetsError, read_questions, read_targets

WHOLE = """
[[target]]
name = "one"
questions = "q.txt"
rate = 10
seconds = 10
p99_ms = 50
"""


def read(tmp_path: Path, text: str) -> str:
    """Returns what is said of a file that is refused."""
    path = tmp_path / "targets.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TargetsError) as refused:
        read_targets(path)
    return str(refused.value).removeprefix(f"{path}: ")


def test_the_example_is_whole() -> None:
    path = Path(__file__).parents[2] / "examples" / "objectives.toml"
    targets = read_targets(path)
    assert [target.count for target in targets] == [200, 1000]
    assert all(len(read_questions(target, path.parent)) == 3 for target in targets)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("rate = 10", "rate = 0"), "target[1].rate: must be above 0"),
        (("rate = 10", "rate = 3000"), "target[1].rate: must be 2000 at most"),
        (("rate = 10\n", ""), "target[1].rate: is missing"),
        (("rate = 10", 'rate = "fast"'), "target[1].rate: must be a number"),
        (("p99_ms = 50", ""), "target[1]: no objective: give one of p50_ms, p95_ms, p99_ms, p999_ms"),
        (("p99_ms", "p999_ms"), "target[1]: p999_ms: needs 1000 questions, and rate x seconds are 100"),
        (("p99_ms", "p98_ms"), "target[1].p98_ms: no such setting"),
        (
            ('name = "one"', 'method = "Clear"\nname = "one"'),
            "target[1].method: must be 'Check', 'CheckPerson' or 'CheckVehicle'",
        ),
        (("[[target]]", "[target"), "Expected"),
        (("[[target]]", "[[targets]]"), "target: is missing"),
        (("[[target]]", "[target]"), "target: must be [[target]], one or several"),
        ((WHOLE, "target = []"), "target: needs at least one [[target]]"),
    ],
)
def test_what_is_wrong_is_said_by_field_and_rule(tmp_path: Path, changed: tuple[str, str], said: str) -> None:
    assert said in read(tmp_path, WHOLE.replace(*changed))


def test_no_file_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(TargetsError, match="No such file"):
        read_targets(tmp_path / "nowhere.toml")
    (tmp_path / "latin").write_bytes(b"# a\xf1o\n")
    with pytest.raises(TargetsError, match="latin"):
        read_targets(tmp_path / "latin")


def test_questions_are_lines_that_ask(tmp_path: Path) -> None:
    (tmp_path / "targets.toml").write_text(WHOLE, encoding="utf-8")
    (target,) = read_targets(tmp_path / "targets.toml")
    with pytest.raises(TargetsError, match=r"q\.txt: No such file"):
        read_questions(target, tmp_path)
    (tmp_path / "q.txt").write_text("# none\n\n", encoding="utf-8")
    with pytest.raises(TargetsError, match="holds no question"):
        read_questions(target, tmp_path)
    (tmp_path / "q.txt").write_text("# some\n P-123BCD \n\n8750313310502\n", encoding="utf-8")
    assert read_questions(target, tmp_path) == ["P-123BCD", "8750313310502"]
