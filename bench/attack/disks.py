"""Small disks that are filled under a server, in a mount namespace of its own (SECURITY.md: disks)."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

UNSHARE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
_PIECES = (1 << 20, 4096)  # bytes written at once: quickly, then to the last block


def may_mount() -> bool:
    """Returns whether a private mount namespace can be made: as root, or with a user namespace."""
    return subprocess.run([*UNSHARE, "true"], check=False, capture_output=True).returncode == 0


class Disk:
    """A small disk at a directory, in the mount namespace of one server. kind: "tmpfs", or "ext4" in a file."""

    def __init__(self, directory: Path, mib: int, kind: str) -> None:
        directory.mkdir()
        self.directory = directory
        self.mib = mib
        self.kind = kind
        self.pid = 0

    def around(self, before: str = "", stderr: Path | None = None) -> list[str]:
        """Returns the command that mounts it, does `before` and executes the words that follow."""
        where = shlex.quote(str(self.directory))
        mount = f"mount -t tmpfs -o size={self.mib}m,mode=1777 ronda {where}"
        if self.kind == "ext4":
            image = shlex.quote(str(self.directory.with_suffix(".ext4")))
            made = f"truncate -s {self.mib}M {image} && mkfs.ext4 -q -m 0 {image}"
            mount = f"{made} && mount -o loop,errors=remount-ro {image} {where} && chmod 1777 {where}"
        lines = f'{mount} && {before or ":"}; exec "$@"' + (f" 2>{shlex.quote(str(stderr))}" if stderr else "")
        return [*UNSHARE, "sh", "-c", lines, "sh"]

    def fill_first(self) -> str:
        """A shell's line that fills it."""
        return f"dd if=/dev/zero of={shlex.quote(str(self.directory / 'full'))} bs=4k 2>/dev/null"

    @property
    def seen(self) -> Path:
        """The directory as the server sees it."""
        return Path(f"/proc/{self.pid}/root{self.directory}")

    def fill(self) -> None:
        """Takes what is left."""
        with (self.seen / "full").open("ab", buffering=0) as file:
            for piece in _PIECES:
                try:
                    while file.write(bytes(piece)):
                        pass
                except OSError:
                    continue

    def free(self) -> None:
        """Gives it back."""
        (self.seen / "full").unlink()

    def turn_read_only(self) -> bool:
        """As the kernel does when an ext4 is damaged; returns False where nobody may say so to the kernel."""
        mounts = Path(f"/proc/{self.pid}/mounts").read_text(encoding="utf-8").splitlines()
        [device] = [line.split()[0] for line in mounts if line.split()[1] == str(self.directory)]
        try:
            Path(f"/sys/fs/ext4/{Path(device).name}/trigger_fs_error").write_text("1", encoding="ascii")
        except OSError:
            return False
        return True
