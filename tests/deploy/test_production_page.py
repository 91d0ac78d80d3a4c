"""docs/production.md is run as it stands: every block, in order, in a sandbox over this machine's files.

What a site brings is the test's: a nation's registers and free ports. `systemctl` is a stand-in that follows the
installed units (no systemd runs where tests do); systemd-analyze, systemd-sysusers and systemd-tmpfiles are real.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.sandbox import run_in_sandbox, why_not
from tests.kit.nation_kit import BuiltNation
from tests.kit.ports import free_port

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "production.md"
SITE = "<!-- a site brings its registers -->"
_PIECE = re.compile(rf"^```sh\n(.*?)^```$|^({re.escape(SITE)})$|^## ([^\n]+)$", re.MULTILINE | re.DOTALL)

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "can be run"),
    pytest.mark.skipif(
        any(shutil.which(name) is None for name in ("systemd-analyze", "systemd-sysusers", "systemd-tmpfiles")),
        reason="systemd's programs are not installed",
    ),
]


def script_of(page: str, site: str) -> tuple[str, list[str]]:
    """The page as one script that says each heading, without the build (done in the checkout); its blocks."""
    lines, blocks = [], []
    for piece in _PIECE.finditer(page):
        block, marked, heading = piece.groups()
        if heading:
            lines.append(f"echo {shlex.quote(f'=== {heading}')}")
        elif marked:
            lines.append(site)
        else:
            blocks.append(block)
            if block != "./run wheel\n":
                lines.append(block)
    return "\n".join(lines), blocks


def section(output: str, heading: str) -> str:
    """Returns what the commands under a heading printed."""
    return output.partition(f"=== {heading}\n")[2].partition("\n=== ")[0]


def bring_dist(directory: Path) -> None:
    """`./run wheel` in a copy of the checkout: other tests run from this one, and a build writes its stubs anew."""
    installed = ROOT / ".venv" / "installed-ronda"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    assert installed.read_text(encoding="ascii").strip() == wanted, (
        "pyproject.toml changed since .venv was installed, and the copy would install itself there: ./run build first"
    )
    copy = directory / "checkout"
    left = shutil.ignore_patterns(".*", "data", "dist", "image", "fuzz*", "hour*", "node_modules", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=left, symlinks=True)
    (copy / ".venv").symlink_to(ROOT / ".venv")
    made = subprocess.run(["./run", "wheel"], cwd=copy, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr[-4000:]
    (copy / "dist").rename(directory / "dist")
    shutil.rmtree(copy)


def test_the_page_runs_as_written(small_nation: BuiltNation, tmp_path: Path) -> None:
    bring_dist(tmp_path)
    dsns = "".join(f'{register} = "{dsn}"\n' for register, dsn in small_nation.dsns.items())
    site = f"""
cp -r {small_nation.registers}/. /var/lib/ronda-sources/
chgrp -R ronda /var/lib/ronda-sources
chmod -R u=rwX,g=rX,o= /var/lib/ronda-sources
printf '%s' '{dsns}' >> /etc/ronda/ronda.toml
"""
    script, blocks = script_of(PAGE.read_text(encoding="utf-8"), site)
    assert len(blocks) > 8
    assert SITE in PAGE.read_text(encoding="utf-8")
    script = "mkdir -p /run/units\ntrap 'tail -n 20 /run/units/*.log >&2' ERR\nset -E\n" + script
    for port in ("50051", "50052", "50443", "9464"):
        ours = str(free_port())
        script = script.replace(port, ours)
        for path in filter(Path.is_file, (tmp_path / "dist" / "deploy").rglob("*")):
            path.write_text(path.read_text(encoding="utf-8").replace(port, ours), encoding="utf-8")
    done = run_in_sandbox(script + CHECKS, tmp_path, seconds=1100)
    told = f"{done.stdout}\n{done.stderr}"
    assert done.returncode == 0, told[-6000:]
    assert "0 of" not in section(done.stdout, "5. Who may ask")
    assert section(done.stdout, "6. Settings, registers, units").endswith("active")
    assert "generación 2" in section(done.stdout, "7. The first check"), "an answer, which names its generation"
    facts = dict(line.split("=", 1) for line in done.stdout.partition("=== facts\n")[2].splitlines())
    assert facts["users"] == "ronda", "whatever serves is no root"
    assert re.fullmatch(r"/opt/ronda/lib/.*/site-packages/server/__init__\.py", facts["imported"]), "no checkout"
    assert facts["absent"] == "Cython grpc_tools bench"
    assert facts["data"] == "700 ronda"
    assert int(facts["witnessed"]) > 0
    assert int(facts["generations"]) == 2
    assert facts["older"] == "yes", "the roll-back went to the older one"


CHECKS = r"""
echo '=== facts'
echo "users=$(ps -eo user:20,args | awk '$2 ~ "^/opt/ronda" {print $1}' | sort -u | xargs)"
echo "imported=$(cd / && /opt/ronda/bin/python -c 'import server; print(server.__file__)')"
absent=""
for name in Cython grpc_tools bench; do
    (cd / && /opt/ronda/bin/python -c "import $name" 2>/dev/null) || absent="$absent $name"
done
echo "absent=${absent# }"
echo "data=$(stat -c '%a %U' /var/lib/ronda)"
echo "witnessed=$(grep -c '^signature' /var/lib/ronda-witness/* | tail -n 1 | sed 's/.*://')"
echo "generations=$(ls /var/lib/ronda/generations | wc -l)"
oldest="$(ls /var/lib/ronda/generations | sort | head -n 1)"
[ "$(cat /var/lib/ronda/CURRENT)" = "$oldest" ] && echo older=yes || echo older=no
for unit in ronda ronda-witness; do systemctl stop $unit.service; done
"""
