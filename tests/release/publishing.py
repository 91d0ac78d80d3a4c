"""`python -m tests.release.publishing VERSION [--check]`: the last steps of ./run release.

With --check: refuses what cannot be released, and makes nothing. Without: writes the source archive and SHA256SUMS into
dist/ and tags the commit. docs/promises.md lists the files.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_LINES = 60  # of one release in CHANGELOG.md: a page is read, a ledger is not
VENDORED = Path("clients/console/static/vendor")
RELEASED = ("*.whl", "*.tar.gz", "*.cdx.json", "*.lock")


class Unreleasable(Exception):
    """A tree that cannot be released under this version. The message says why and what to do."""


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unreleasable(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def entry(changelog: str, version: str) -> list[str]:
    """Returns the lines of a release in CHANGELOG.md, without its heading. Raises Unreleasable.

    Form: Keep a Changelog 1.1.0, "## [0.1.0] - 2026-12-07".
    """
    heading = re.compile(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d{{2}}-\d{{2}}$", re.MULTILINE)
    found = heading.search(changelog)
    if not found:
        raise Unreleasable(f'CHANGELOG.md has no heading "## [{version}] - YYYY-MM-DD"')
    lines = (
        re.split(r"^(?:## |\[[^\]]+\]: )", changelog[found.end() :], maxsplit=1, flags=re.MULTILINE)[0]
        .strip()
        .splitlines()
    )
    if not lines:
        raise Unreleasable(f"CHANGELOG.md says nothing of {version}")
    if len(lines) > MOST_LINES:
        raise Unreleasable(f"CHANGELOG.md has {len(lines)} lines of {version}; at most {MOST_LINES}")
    return lines


def check(root: Path, version: str) -> list[str]:
    """Returns the release's lines of CHANGELOG.md. Raises Unreleasable where the tree is not that release."""
    stated = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if stated != version:
        raise Unreleasable(f'pyproject.toml states version "{stated}", not "{version}"; change it there, nowhere else')
    if changed := _git(root, "status", "--porcelain"):
        raise Unreleasable(f"the tree is not clean; commit or remove:\n{changed}")
    lines = entry((root / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    tag = f"v{version}"
    if _git(root, "tag", "--list", tag) and _git(root, "rev-list", "-n1", tag) != _git(root, "rev-parse", "HEAD"):
        raise Unreleasable(f"{tag} is another commit; a release is not changed, raise the version")
    return lines


def source_archive(root: Path, version: str) -> Path:
    """Writes dist/ronda-<version>.tar.gz: the tagged tree, the wheel's metadata and the browser's scripts.

    PKG-INFO is the wheel's METADATA, as PEP 643 has it. The scripts come from npm and are not in git; without them a
    wheel that is built from the archive has no console.
    """
    wheels = list((root / "dist").glob(f"ronda-{version}-*.whl"))
    if len(wheels) != 1:
        raise Unreleasable(f"dist/ has {len(wheels)} wheels of ronda {version}, not one")
    metadata = root / "build" / "PKG-INFO"
    with zipfile.ZipFile(wheels[0]) as wheel:
        metadata.write_bytes(wheel.read(f"ronda-{version}.dist-info/METADATA"))
    top = f"ronda-{version}"
    added = [f"--prefix={top}/", f"--add-file={metadata}", f"--prefix={top}/{VENDORED}/"]
    added += [f"--add-file={script}" for script in sorted((root / VENDORED).glob("*.js"))]
    path = root / "dist" / f"{top}.tar.gz"
    _git(root, "archive", *added, f"--prefix={top}/", f"--output={path}", "HEAD")
    return path


def checksums(dist: Path) -> Path:
    """Writes SHA256SUMS of the released files, as `sha256sum -c` reads it.

    The packages of other projects in dist/ are not in it: their hashes are in the locks.
    """
    ours = [
        path for kind in RELEASED for path in dist.glob(kind) if path.suffix != ".whl" or path.name.startswith("ronda")
    ]
    path = dist / "SHA256SUMS"
    path.write_text(
        "".join(f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.name}\n" for each in sorted(ours)), "ascii"
    )
    return path


def tag(root: Path, version: str, lines: list[str]) -> None:
    """Tags the commit `v<version>`, once, with the release's lines of CHANGELOG.md."""
    name = f"v{version}"
    if not _git(root, "tag", "--list", name):
        _git(root, "tag", "--annotate", "--cleanup=verbatim", "-m", "\n".join([f"Ronda {version}", "", *lines]), name)


def main() -> int:
    """Returns the exit status: 0, or 1 where the tree cannot be released."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    try:
        lines = check(ROOT, given.version)
        if not given.check:
            source_archive(ROOT, given.version)
            sums = checksums(ROOT / "dist")
            tag(ROOT, given.version, lines)
            said = f"ronda {given.version}; the commit is tagged v{given.version}: git push origin v{given.version}"
            sys.stdout.write(f"{sums.read_text(encoding='ascii')}dist/ has {said}\n")
    except Unreleasable as error:
        sys.stderr.write(f"run: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
