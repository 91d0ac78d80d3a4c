"""The trust directory: its files as one snapshot, and the watch that replaces it when a file changes.

    institutions.toml     whose devices and officers (server/trust/institutions.py), with the files that it names
    policy.cedar          who may ask what (server/trust/policy.py)
    limits.toml           how much (server/trust/allowances.py)
    revoked.toml          who no longer (server/trust/revocations.py); may be missing
    cases.toml            what `ronda policy test` holds policy against; not read by the server

A snapshot that does not hold together is refused whole and the last good one stays in force, with an alarm in the log
and in the metrics: half a policy may neither open nor close a door.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.host.file_stamps import stamp_of
from server.logs import ERROR, WARNING, log
from server.metrics import counts as call_metrics
from server.settings import SettingsError
from server.trust.allowances import read_allowances
from server.trust.institutions import Institutions
from server.trust.policy import Policy
from server.trust.revocations import Revocations, read_revocations

# A change is in force on all workers within a second: this, and the time of reading it (tens of milliseconds).
POLL_S = 0.25
_RETRY_S = 2.0  # after a refusal


@dataclass(frozen=True)
class Trust:
    """One reading of the directory."""

    institutions: Institutions
    policy: Policy
    revocations: Revocations
    files: tuple[Path, ...]


def read_trust(directory: Path) -> Trust:
    """Reads and checks everything. Raises SettingsError with the file and the rule."""
    institutions = Institutions(directory / "institutions.toml")
    policy, limits, revoked = (directory / name for name in ("policy.cedar", "limits.toml", "revoked.toml"))
    return Trust(
        institutions=institutions,
        policy=Policy(policy, read_allowances(limits)),
        revocations=read_revocations(revoked),
        files=(*institutions.files, policy, limits, revoked),
    )


class TrustKeeper:
    """The snapshot in force. Lives in the event loop's thread; `on_change` is called there after each replacement."""

    def __init__(self, directory: Path) -> None:
        """Raises SettingsError: a server does not start with a directory that does not hold together."""
        self.on_change: Callable[[], None] = lambda: None
        self._directory = directory
        self.trust = read_trust(directory)
        _tell_of_strangers(self.trust)
        self._stamp = stamp_of(self.trust.files)
        self._refused = ""
        self._retry_at = 0.0

    async def watch(self) -> None:
        """Looks for changes for ever."""
        while True:
            await asyncio.sleep(POLL_S)
            try:
                await self.look()
            except Exception as error:  # a watcher that dies would keep a revoked officer in, silently
                log("trust_watch_failed", level=ERROR, error=error)

    async def look(self) -> None:
        """Replaces the snapshot if a file changed since the last look."""
        stamp = stamp_of(self.trust.files)
        now = asyncio.get_running_loop().time()
        if stamp == self._stamp and not (self._refused and now >= self._retry_at):
            return
        self._stamp = stamp
        try:
            trust = await asyncio.to_thread(read_trust, self._directory)
        except SettingsError as error:
            # It may lack a file that nothing in force names, so no change would be seen when that one comes.
            self._retry_at = now + _RETRY_S
            if str(error) != self._refused:
                self._refused = str(error)
                call_metrics.TRUST_REFUSED.inc()
                log("trust_refused", level=ERROR, why=self._refused)
            return
        self._refused = ""
        # With other files than before, read once more: one of them may have changed since.
        self._stamp = stamp if trust.files == self.trust.files else ()
        self.trust = trust
        log("trust_changed")
        _tell_of_strangers(trust)
        self.on_change()


def _tell_of_strangers(trust: Trust) -> None:
    """A revocation of whom nobody enrolled is in order (an institution left), or mistyped: its writer is to know."""
    strangers = trust.revocations.strangers(trust.institutions)
    if strangers:
        log("trust_revokes_strangers", level=WARNING, institutions=strangers)
