"""This machine's files through a layer that is thrown away: a page's commands may install, make users, write to /etc.

A mount namespace of its own (unshare), with overlays over /etc, /root, /usr and /var, an empty /opt and /run, and a
process namespace, so that whatever was started ends with it. Needs root.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

OVERLAYS = ("etc", "root", "usr", "var")
STAND_IN = Path(__file__).with_name("systemctl_stand_in.py")
_UNSHARE = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def why_not() -> str:
    """Why no sandbox can be made here; "" = it can."""
    if os.geteuid() != 0:
        return "only root can install a server, and make the sandbox for it"
    tried = subprocess.run([*_UNSHARE, "true"], capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else f"no mount and process namespaces here: {tried.stderr.strip()}"


def run_in_sandbox(script: str, directory: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    """Runs a bash script in `directory` in the sandbox; `python3` there is this Python, `systemctl` the stand-in."""
    python = Path(sys.executable).resolve()
    for name in ("layers", "opt"):
        (directory / name).mkdir(exist_ok=True)
    layers = shlex.quote(str(directory / "layers"))
    prepare = ["set -eu", f"mount -t tmpfs tmpfs {layers}"]
    for name in OVERLAYS:
        own = f"{layers}/{name}"
        prepare += [
            f"mkdir -p {own}/upper {own}/work",
            f"mount -t overlay overlay -o lowerdir=/{name},upperdir={own}/upper,workdir={own}/work /{name}",
        ]
    prepare += [
        f"mount --bind {shlex.quote(str(directory / 'opt'))} /opt",
        "chmod 755 /opt /root",  # a Python below /root is for everybody here
        "mount -t tmpfs -o mode=755 tmpfs /run",
        # Called by its own path, by which it finds its library.
        f"printf '#!/bin/sh\\nexec {python} \"$@\"\\n' > /usr/local/bin/python3",
        f"printf '#!/bin/sh\\nexec {python} {STAND_IN} \"$@\"\\n' > /usr/local/bin/systemctl",
        "chmod 755 /usr/local/bin/python3 /usr/local/bin/systemctl",
        "exec bash -eu page.sh",
    ]
    (directory / "page.sh").write_text(script, encoding="utf-8")
    environment = {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
    return subprocess.run(
        [*_UNSHARE, "bash", "-c", "\n".join(prepare)],
        cwd=directory,
        env=environment | {"LANG": "C.UTF-8", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
