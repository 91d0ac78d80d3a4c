"""`./run release` refuses a tree that is not the release, and makes files that other programs read."""

from __future__ import annotations

import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.release.conftest import ROOT
from tests.release.publishing import MOST_LINES, VENDORED, Unreleasable, check, checksums, entry, source_archive, tag

CHANGES = """# Changelog

## [Unreleased]

- Not yet.

## [1.2.0] - 2026-12-07

### Added

- A thing.

## [1.1.0] - 2026-01-02

- An older thing.

[1.2.0]: page.md
"""


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "pyproject.toml").write_text('[project]\nname = "ronda"\nversion = "1.2.0"\n', "utf-8")
    (root / "CHANGELOG.md").write_text(CHANGES, "utf-8")
    (root / ".gitignore").write_text("dist/\nbuild/\nvendor/\n", "utf-8")
    git(root, "init", "-q")
    git(root, "config", "user.name", "A Maintainer")
    git(root, "config", "user.email", "maintainer@ronda.example")
    git(root, "add", ".")
    git(root, "commit", "-qm", "A release")
    return root


def test_a_release_has_its_own_lines_alone() -> None:
    assert entry(CHANGES, "1.2.0") == ["### Added", "", "- A thing."]
    assert entry(CHANGES, "1.1.0") == ["- An older thing."]
    for version in ("1.3.0", "1.2", "Unreleased", "1.2.0] - 2026-12-07\n\n### Added\n"):
        with pytest.raises(Unreleasable, match="no heading"):
            entry(CHANGES, version)


def test_too_long_or_empty_an_entry_is_refused() -> None:
    head = "## [1.0.0] - 2026-12-07\n\n"
    assert len(entry(head + "- x\n" * MOST_LINES, "1.0.0")) == MOST_LINES
    with pytest.raises(Unreleasable, match="at most"):
        entry(head + "- x\n" * (MOST_LINES + 1), "1.0.0")
    with pytest.raises(Unreleasable, match="says nothing"):
        entry(head + "## [0.9.0] - 2026-01-01\n- x\n", "1.0.0")


def test_a_tree_that_is_not_the_release_is_refused(tree: Path) -> None:
    assert check(tree, "1.2.0")
    with pytest.raises(Unreleasable, match=r"pyproject\.toml states"):
        check(tree, "1.3.0")
    (tree / "new.py").write_text("", "utf-8")
    with pytest.raises(Unreleasable, match=r"not clean.*\n.*new\.py"):
        check(tree, "1.2.0")


def test_a_tag_never_moves(tree: Path) -> None:
    tag(tree, "1.2.0", check(tree, "1.2.0"))
    assert git(tree, "cat-file", "-t", "v1.2.0") == "tag"
    assert git(tree, "tag", "--list", "--format=%(contents)").splitlines() == [
        "Ronda 1.2.0",
        "",
        "### Added",
        "",
        "- A thing.",
    ]
    tag(tree, "1.2.0", check(tree, "1.2.0"))  # once more, of the same commit
    git(tree, "commit", "-q", "--allow-empty", "-m", "After it")
    with pytest.raises(Unreleasable, match="another commit"):
        check(tree, "1.2.0")


def test_the_files_are_what_other_programs_read(tree: Path) -> None:
    (tree / "dist").mkdir()
    (tree / "build").mkdir()
    (tree / VENDORED).mkdir(parents=True)
    (tree / VENDORED / "a.js").write_text("1;", "utf-8")
    with pytest.raises(Unreleasable, match="0 wheels"):
        source_archive(tree, "1.2.0")
    with zipfile.ZipFile(tree / "dist" / "ronda-1.2.0-cp311-cp311-linux_x86_64.whl", "w") as wheel:
        wheel.writestr("ronda-1.2.0.dist-info/METADATA", "Metadata-Version: 2.4\nName: ronda\nVersion: 1.2.0\n")
    (tree / "dist" / "somebody-1.0-py3-none-any.whl").write_bytes(b"x")
    with tarfile.open(source_archive(tree, "1.2.0")) as archive:
        names = archive.getnames()
        assert {f"ronda-1.2.0/{name}" for name in ("pyproject.toml", "PKG-INFO", f"{VENDORED}/a.js")} <= set(names)
        assert all(name.split("/")[0] == "ronda-1.2.0" for name in names)
    sums = checksums(tree / "dist")
    assert (
        subprocess.run(["sha256sum", "-c", sums.name], cwd=tree / "dist", capture_output=True, check=False).returncode
        == 0
    )
    assert [line.split()[1] for line in sums.read_text("ascii").splitlines()] == [
        "ronda-1.2.0-cp311-cp311-linux_x86_64.whl",
        "ronda-1.2.0.tar.gz",
    ]


def test_this_tree_states_its_release() -> None:
    from tomllib import loads

    version = loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert entry((ROOT / "CHANGELOG.md").read_text("utf-8"), version)


def test_without_a_version_nothing_is_made() -> None:
    done = subprocess.run(["./run", "release"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "VERSION" in done.stderr
