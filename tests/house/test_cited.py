"""Pages cite verbs of ./run, modules and tests that are there; CONTRIBUTING.md cites no commit and no branch."""

from __future__ import annotations

import importlib.util
import re
import subprocess

from tests.house.imports import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
_VERB = re.compile(r"\./run ([a-z][a-z-]*)")
_MODULE = re.compile(r"python -m ((?:bench|tests|nation|ronda)\.[a-z_.]*[a-z_])")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_COMMIT = re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b|\bcommit [0-9a-f]{6,}|\bbranch `")


def test_each_verb_that_a_page_names_is_one_of_run() -> None:
    script = (ROOT / "run").read_text(encoding="utf-8")
    cases = {
        verb for line in re.findall(r"^([a-z][a-z -|]*)\)$", script, re.MULTILINE) for verb in re.split(r"[ |]+", line)
    }
    benches = subprocess.run([ROOT / "run"], capture_output=True, text=True, check=True).stdout
    assert "bench-NAME" in benches
    cited = {(page.name, verb) for page in PAGES for verb in _VERB.findall(page.read_text(encoding="utf-8"))}
    assert len(cited) > 50
    lost = [(page, verb) for page, verb in sorted(cited) if verb not in cases and not verb.startswith("bench")]
    assert lost == []


def test_each_module_that_a_page_runs_is_there() -> None:
    cited = {(page.name, name) for page in PAGES for name in _MODULE.findall(page.read_text(encoding="utf-8"))}
    assert len(cited) > 10
    assert [(page, name) for page, name in sorted(cited) if importlib.util.find_spec(name) is None] == []


def test_each_test_that_a_page_cites_is_there() -> None:
    cited = {(page.name, *found) for page in PAGES for found in _TEST.findall(page.read_text(encoding="utf-8"))}
    assert len(cited) > 50
    lost = [
        (page, file, name)
        for page, file, name in sorted(cited)
        if not (ROOT / file).is_file() or not re.search(rf"\bdef {name}\(", (ROOT / file).read_text(encoding="utf-8"))
    ]
    assert lost == []


def test_contributing_cites_no_commit_and_no_branch() -> None:
    """A clone has no history that a citation could lead to, and a commit tells no reason that the text cannot."""
    found = _COMMIT.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert _COMMIT.search("commit 66cc962, branch `trial`")
    assert found == []
