"""The trust directory: its files as one snapshot, and the watch that replaces it when a file changes.

    institutions.toml     devices and officers of each (server/trust/institutions.py), with the files that it names
    policy.cedar          the permitted questions (server/trust/policy.py)
    limits.toml           their number (server/trust/allowances.py)
    revoked.toml          the revoked (server/trust/revocations.py); may be missing
    cases.toml            cases that `ronda policy test` checks policy with; not read by the server

Each part (server/trust/faults.py) fails alone. If its files do not fit together, the part stays as it was in force,
with an alarm in the log and in the metrics, and the others apply. So one institution's damaged file stops that
institution's changes, and blocks no revocation of others. The last state in force is on disk
(server/trust/last_good.py).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from core.files.regular_file import read_file
from server.host.file_stamps import Stamp, stamp_of
from server.logs import ERROR, WARNING, log
from server.metrics import counts as call_metrics
from server.metrics.series import begin
from server.settings import file_fault
from server.trust.allowances import allowances_of
from server.trust.faults import LIST, POLICY, REVOCATIONS, Fault, Faults
from server.trust.institutions import Institutions
from server.trust.last_good import keep_trust, kept_trust
from server.trust.policy import Policy
from server.trust.revocations import read_revocations, revocations_in_force
from server.trust.snapshot import Trust

# A change is in force on all workers within a second: this, and the time of reading it (tens of milliseconds).
POLL_S = 0.25
_RETRY_S = 2.0  # after a refusal
_TOLD_AGAIN_S = 300.0  # that a part is refused yet


def read_trust(directory: Path, last: Trust | None = None) -> Trust:
    """Reads and checks everything. Raises SettingsError with the file and the rule.

    last: what was in force. With it no part raises: `faults` of the snapshot names those that stay as they were.
    """
    faults = Faults(strict=last is None)
    before = {each.id: each for each in last.institutions.all} if last is not None else None
    institutions = Institutions(directory / "institutions.toml", before, faults)
    policy, limits, revoked = (directory / name for name in ("policy.cedar", "limits.toml", "revoked.toml"))
    read = faults.tried(POLICY, lambda: _policy(policy, limits))
    if last is None:
        assert read is not None
        revocations = read_revocations(revoked)
    else:
        read = read or (last.policy, last.limits)
        revocations = revocations_in_force(revoked, last.revocations, faults)
    return Trust(
        institutions=institutions,
        policy=read[0],
        limits=read[1],
        revocations=revocations,
        files=(*institutions.files, policy, limits, revoked),
        faults=tuple(faults.found),
    )


def _policy(policy: Path, limits: Path) -> tuple[Policy, str]:
    try:
        text = read_file(limits)
    except OSError as error:
        raise file_fault(limits, error) from None
    return Policy(policy, allowances_of(text, limits)), text.decode()


class TrustKeeper:
    """The snapshot in force. Lives in the event loop's thread; `on_change` is called there after each replacement."""

    def __init__(self, directory: Path, kept: Path | None = None) -> None:
        """kept: the file in which the last good state is. Raises SettingsError where there is none and a part fails."""
        self.on_change: Callable[[], None] = lambda: None
        self._directory = directory
        self._kept = kept
        self._stamp: Stamp = ()
        self._faults: tuple[Fault, ...] = ()
        self._retry_at, self._told_at = 0.0, time.monotonic()
        last = kept_trust(kept, directory) if kept is not None else None
        self.trust = read_trust(directory, last)
        self._stamp = stamp_of(self.trust.files)
        institutions = (f"institution/{each.id}" for each in self.trust.institutions.all)
        self._parts = {LIST, POLICY, REVOCATIONS, *institutions}  # that the metrics name
        begin(call_metrics.TRUST_REFUSED, self._parts)
        self._tell(last)

    async def watch(self) -> None:
        """Looks for changes for ever."""
        while True:
            await asyncio.sleep(POLL_S)
            await self.look()

    async def look(self) -> None:
        """Replaces the snapshot if a file changed since the last look."""
        stamp = stamp_of(self.trust.files)
        now = time.monotonic()
        if stamp == self._stamp and not (self._faults and now >= self._retry_at):
            return
        self._stamp = ()  # what fails unforeseen is tried again
        last = self.trust
        trust = await asyncio.to_thread(read_trust, self._directory, last)
        # With other files than before, read once more: one of them may have changed since.
        self._stamp = stamp if trust.files == last.files else ()
        self._retry_at = now + _RETRY_S
        self.trust = trust
        is_other = not trust.equals(last)
        if not is_other and trust.faults == self._faults and now < self._told_at + _TOLD_AGAIN_S:
            return
        self._told_at = now
        if is_other or not trust.faults:
            log("trust_changed")
            self.on_change()
        await asyncio.to_thread(self._tell, last)

    def _tell(self, last: Trust | None) -> None:
        """Says what is at fault, and keeps what is in force."""
        trust = self.trust
        self._faults = trust.faults
        at_fault = {fault.part for fault in trust.faults}
        self._parts |= at_fault
        for part in self._parts:
            call_metrics.TRUST_AT_FAULT.labels(part).set(part in at_fault)
        for fault in trust.faults:
            call_metrics.TRUST_REFUSED.labels(fault.part).inc()
            log("trust_refused", level=ERROR, part=fault.part, why=fault.why)
        if last is not None and (withdrawn := last.revocations.withdrawn(trust.revocations)):
            log("revocations_withdrawn", level=WARNING, entries=withdrawn)
        # A revocation of nobody enrolled is in order (an institution left), or mistyped: its writer is to know.
        if strangers := trust.revocations.strangers(trust.institutions):
            log("trust_revokes_strangers", level=WARNING, institutions=strangers)
        if self._kept is not None:
            try:
                keep_trust(self._kept, self._directory, trust)
            except OSError as error:
                log("trust_not_kept", level=ERROR, why=error.strerror or "")
